import type { Check } from "../check.ts";
import { driftReport } from "../views.ts";

const kinds = ["session-id-mismatch"] as const;

export const ids: Check = {
  id: "AO-SE-005",
  section: "sessions",
  title: "session ids that do not fit their file",
  cost: "scan",
  kinds,
  explain: {
    what: "Metadata that says it is another session than its file name says.",
    why: "AO goes by the file name, other tools by the field: they act on different sessions.",
    found: "The field sessionId is compared with the file's name.",
    mended: "By hand, once you know which of the two is right.",
    source: "Seen on users' disks after copying sessions.",
  },
  run: (facts) =>
    driftReport(facts, kinds, {
      level: "warn",
      healthy: "none",
      remedy: "correct the file's name or its sessionId, whichever is wrong",
    }),
};
