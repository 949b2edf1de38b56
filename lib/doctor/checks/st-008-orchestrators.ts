import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const orchestrators: Check = {
  id: "AO-ST-008",
  section: "storage",
  title: "orchestrators with a number",
  cost: "scan",
  kinds: ["numbered-orchestrator"],
  explain: {
    what: "Sessions called `{prefix}-orchestrator-{n}`.",
    why: "Each start of an earlier AO made another one; which of them is in charge, only their dates tell.",
    found: "The V3 plan for this step.",
    mended:
      "The one in use, else the newest, becomes `{prefix}-orchestrator`; the others are archived.",
    source: "AO's V3 design.",
  },
  fix: {
    name: "orchestrators",
    title: "Keep one orchestrator a project and archive the others",
    safe: false,
    quiet: true,
  },
  run: (facts) => stepReport(facts, "normalize-orchestrators", { level: "info", healthy: "none" }),
};
