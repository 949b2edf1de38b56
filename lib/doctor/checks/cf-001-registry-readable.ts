import type { Check } from "../check.ts";
import { driftReport } from "../views.ts";

const kinds = ["registry-unreadable"] as const;

export const registryReadable: Check = {
  id: "AO-CF-001",
  section: "config",
  title: "registry",
  cost: "scan",
  kinds,
  explain: {
    what: "Whether config.yaml parses: no torn quotes, no key twice, no bomb of aliases.",
    why: "AO does not start with a registry that it cannot read, and nothing can be migrated.",
    found: "The file is parsed strictly; the place of the first fault is told.",
    mended: "By hand, at the place named. No tool can know what was meant.",
    source: "AO's config loader; YAML 1.2.",
  },
  run: (facts) => {
    const { registry, registryFault } = facts.inventory;
    if (registry === null && registryFault === null) return { skip: "there is no registry" };
    return driftReport(facts, kinds, {
      level: "fail",
      healthy: `${registry?.projects.length ?? 0} projects registered`,
      remedy: "mend the file at that place by hand; a copy of before helps to see what changed",
    });
  },
};
