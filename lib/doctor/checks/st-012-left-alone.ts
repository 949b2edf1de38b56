import type { Check, Finding } from "../check.ts";
import { whyObscured } from "../views.ts";

export const leftAlone: Check = {
  id: "AO-ST-012",
  section: "storage",
  title: "what a migration would leave alone",
  cost: "scan",
  explain: {
    what: "What the V3 plan would leave alone, each with the reason.",
    why: "It stays as it is after a migration, so better know it before.",
    found: "The warnings of the whole V3 plan with every decision at its default.",
    mended: "Remove the reason that is told, or answer the decision it is about.",
    source: "This toolkit's planner.",
  },
  run(facts) {
    const obscured = whyObscured(facts);
    if (obscured !== null) return obscured;
    const { warnings } = facts.wholePlan;
    const findings = warnings.map((message): Finding => ({ level: "info", message }));
    return { summary: "nothing", findings };
  },
};
