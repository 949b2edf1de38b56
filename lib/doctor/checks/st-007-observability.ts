import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const observability: Check = {
  id: "AO-ST-007",
  section: "storage",
  title: "observability directories at the root",
  cost: "scan",
  kinds: ["observability-leak"],
  explain: {
    what: "`{hash}-observability` directories in the base directory.",
    why: "AO leaves one behind for every config path that it was ever started with; one disk had 153.",
    found: "The V3 plan for this step, which reads which project the records name.",
    mended:
      "They move to their project's `observability/`, those of nobody to `observability/orphan/`.",
    source: "AO's V3 design.",
  },
  fix: {
    name: "observability",
    title: "Move observability directories to their projects",
    safe: false,
    quiet: true,
  },
  run: (facts) => stepReport(facts, "collapse-observability", { level: "info", healthy: "none" }),
};
