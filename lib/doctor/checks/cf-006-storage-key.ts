import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const storageKey: Check = {
  id: "AO-CF-006",
  section: "config",
  title: "storageKey and schemaVersion",
  cost: "scan",
  kinds: ["storageKey-field-present", "schema-version"],
  explain: {
    what: "Registry entries with the storageKey of an AO of long ago, and a registry that does not name its schema.",
    why: "The key leads to directories by hash; as long as it is there, two places claim to be the project's state.",
    found: "The V3 plan for this step. Keys that are the only proof of a directory's owner stay.",
    mended:
      "State is brought in first where it still hangs on the key, then the field is cut out; comments and order stay.",
    source: "AO's V3 design.",
  },
  fix: {
    name: "storage-key",
    title: "Bring in what hangs on storageKey and strip it from the registry",
    safe: false,
    quiet: true,
  },
  run: (facts) =>
    stepReport(facts, "strip-storage-key", { level: "info", healthy: "as they should be" }),
};
