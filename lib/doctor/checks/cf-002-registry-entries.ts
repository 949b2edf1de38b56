import type { Check } from "../check.ts";
import { driftReport } from "../views.ts";

const kinds = ["registry-entry-invalid"] as const;

export const registryEntries: Check = {
  id: "AO-CF-002",
  section: "config",
  title: "registry entries",
  cost: "scan",
  kinds,
  explain: {
    what: "Keys that are no safe ids, entries without a path, fields of the wrong type.",
    why: "AO skips such an entry or refuses the whole file; a key with `..` could climb out of its directory.",
    found: "Each entry is compared with AO's schema; line and column are told.",
    mended: "By hand, at the place named.",
    source: "AO's config schema.",
  },
  run: (facts) => {
    if (facts.inventory.registry === null) return { skip: "there is no registry to read" };
    return driftReport(facts, kinds, {
      level: "fail",
      healthy: "all fit",
      remedy: "mend the entry by hand at that place",
    });
  },
};
