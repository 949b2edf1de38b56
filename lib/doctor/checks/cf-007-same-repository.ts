import type { Check } from "../check.ts";
import { driftReport } from "../views.ts";

const kinds = ["duplicate-repo"] as const;

export const sameRepository: Check = {
  id: "AO-CF-007",
  section: "config",
  title: "repositories registered twice",
  cost: "scan",
  kinds,
  explain: {
    what: "Projects whose repositories have the same origin.",
    why: "Often one of them is left over from an earlier AO. Two checkouts of one repository are fine, too.",
    found: "Origins are compared in their normal form, without user, scheme and `.git`.",
    mended: "A decision: keep both, or merge one into the other while migrating.",
    source: "AO's V3 design.",
  },
  run: (facts) =>
    driftReport(facts, kinds, {
      level: "info",
      healthy: "none",
      remedy: facts.command("migrate", "--only", "same-repo-merge"),
    }),
};
