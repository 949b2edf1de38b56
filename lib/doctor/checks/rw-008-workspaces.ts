import { type Check, type Finding, pass } from "../check.ts";
import { withStore } from "../store-report.ts";

export const storeWorkspaces: Check = {
  id: "AO-RW-008",
  section: "rewrite",
  title: "live sessions of ao.db without a directory",
  cost: "store",
  explain: {
    what: "Sessions that have not ended and whose working directory is empty or gone.",
    why: "They cannot be attached to, killed or cleaned up: some builds answer 500.",
    found: "The rows of sessions, and whether each path is there.",
    mended: "`ao session kill ID`; builds that refuse need the row marked as terminated by hand.",
    source: "Known faults of the rewrite's first builds.",
  },
  run: (facts) =>
    withStore(facts, ({ homeless }) => {
      if (homeless.length === 0) return pass("none");
      const findings = homeless.map(({ id, workspace }): Finding => {
        const state = workspace === "" ? "has none" : `works in ${workspace}, which is gone`;
        return {
          level: "warn",
          message: `Session ${id} ${state}`,
          ref: id,
          remedy: `ao session kill ${id}`,
        };
      });
      return { summary: "none", findings };
    }),
};
