import type { Check } from "../check.ts";
import { driftReport } from "../views.ts";

const kinds = ["project-path-gone"] as const;

export const projectPaths: Check = {
  id: "AO-CF-003",
  section: "config",
  title: "paths of registered projects",
  cost: "scan",
  kinds,
  explain: {
    what: "Registered paths that do not exist.",
    why: "AO lists such a project and fails on everything else; its id cannot be proved any more.",
    found: "Each path of the registry is looked up, `~` expanded.",
    mended: "Restore the repository there, correct the path, or remove the entry.",
    source: "Reported by AO's users.",
  },
  run: (facts) => {
    if (facts.inventory.registry === null) return { skip: "there is no registry to read" };
    return driftReport(facts, kinds, {
      level: "fail",
      healthy: "all exist",
      remedy: "restore the repository, correct the path, or remove the entry by hand",
    });
  },
};
