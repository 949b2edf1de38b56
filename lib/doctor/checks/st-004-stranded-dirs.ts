import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const strandedDirs: Check = {
  id: "AO-ST-004",
  section: "storage",
  title: "emptied directories by hash",
  cost: "scan",
  kinds: ["stranded-legacy-hash-dir"],
  explain: {
    what: "Directories by hash with not one file in them, and those whose content stands elsewhere already.",
    why: "They cost nothing but attention: every look at the disk has to rule them out.",
    found:
      "Empty means not one file at any depth. A directory that differs from its copy is no such thing.",
    mended: "They go to the trash of the repair, which `rollback --prune` empties.",
    source: "AO's V3 design; AO itself once took archives for nothing.",
  },
  fix: {
    name: "stranded-dirs",
    title: "Move emptied directories by hash to the trash",
    safe: false,
    quiet: true,
  },
  run: (facts) => stepReport(facts, "gc-stranded-dirs", { level: "info", healthy: "none" }),
};
