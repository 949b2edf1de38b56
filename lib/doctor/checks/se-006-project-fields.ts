import type { Check } from "../check.ts";
import { driftReport } from "../views.ts";

const kinds = ["unsafe-project-field"] as const;

export const projectFields: Check = {
  id: "AO-SE-006",
  section: "sessions",
  title: "project fields that climb out",
  cost: "scan",
  kinds,
  explain: {
    what: "The fields project and projectId with `..` in them or with an absolute path.",
    why: "Whoever joins them to a path reads or writes outside AO's directory.",
    found: "The fields of every live session.",
    mended: "By hand; find out who wrote it.",
    source: "AO's rule for project ids.",
  },
  run: (facts) => driftReport(facts, kinds, { level: "fail", healthy: "none" }),
};
