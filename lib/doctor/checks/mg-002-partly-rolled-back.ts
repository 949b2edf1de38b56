import { plural } from "../../text.ts";
import type { Check, Finding } from "../check.ts";

export const partlyRolledBack: Check = {
  id: "AO-MG-002",
  section: "migrations",
  title: "rollbacks that kept something",
  cost: "files",
  explain: {
    what: "Migrations that were taken back except for things that had changed since.",
    why: "The disk is a mixture of before and after until somebody decides about the rest.",
    found: "The journal of each migration lists what was kept and why.",
    mended:
      "Settle what stands in the way, then roll back again: it tries what was kept once more.",
    source: "This toolkit's change engine.",
  },
  async run(facts) {
    const { migrations } = await facts.migrations;
    const findings = migrations
      .filter(({ state }) => state === "partly-rolled-back")
      .map(
        ({ id, title, kept, dir }): Finding => ({
          level: "warn",
          message: `${id} (${title}) was taken back except for ${plural(kept, "thing")}`,
          ref: dir,
          remedy: facts.command("rollback", id),
        }),
      );
    return { summary: "none", findings };
  },
};
