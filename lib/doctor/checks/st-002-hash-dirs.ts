import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const hashDirs: Check = {
  id: "AO-ST-002",
  section: "storage",
  title: "state in directories by hash",
  cost: "scan",
  kinds: ["v1-hash-dir"],
  explain: {
    what: "Sessions, archives, reports and worktrees in `{hash}-{project}` and `{hash}` directories.",
    why: "AO of today does not look there: these sessions are invisible to it.",
    found: "The V3 plan for this step. Directories whose owner is not certain are not in it.",
    mended: "Their content moves into `projects/{id}`, file by file where that exists already.",
    source: "AO's layouts V1 and V1.5; its own migrator left such directories behind.",
  },
  fix: {
    name: "hash-dirs",
    title: "Bring state from directories by hash into projects",
    safe: false,
    quiet: true,
  },
  run: (facts) => stepReport(facts, "import-v1-hash-dirs", { level: "warn", healthy: "none" }),
};
