import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const bareNames: Check = {
  id: "AO-ST-003",
  section: "storage",
  title: "project directories not named by id",
  cost: "scan",
  kinds: ["v1-bare-basename"],
  explain: {
    what: "`projects/{name}` without the hash of an id.",
    why: "Two repositories of one name share such a directory, and their sessions mix.",
    found: "The V3 plan for this step. A directory whose project is not certain is not in it.",
    mended:
      "Directory and registry key take the id; metadata, worktrees and agents' history follow.",
    source: "AO's V3 design.",
  },
  fix: {
    name: "bare-names",
    title: "Name project directories and registry keys by their id",
    safe: false,
    quiet: true,
  },
  run: (facts) => stepReport(facts, "rekey-v1-entries", { level: "info", healthy: "none" }),
};
