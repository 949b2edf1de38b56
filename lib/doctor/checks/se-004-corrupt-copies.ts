import type { Check } from "../check.ts";
import { driftReport } from "../views.ts";

const kinds = ["corrupt-session-copy"] as const;

export const corruptCopies: Check = {
  id: "AO-SE-004",
  section: "sessions",
  title: "sessions that AO set aside",
  cost: "scan",
  kinds,
  explain: {
    what: "Files named `{session}.json.corrupt-{time}`.",
    why: "Each is a session that AO lost; branch, prompt and pull request may still be read from it.",
    found: "By their names in sessions/.",
    mended: "Read what can be saved, then remove the file by hand. Nothing here throws it away.",
    source: "AO's session store.",
  },
  run: (facts) => driftReport(facts, kinds, { level: "info", healthy: "none" }),
};
