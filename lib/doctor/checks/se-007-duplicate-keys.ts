import type { Check } from "../check.ts";
import { driftReport } from "../views.ts";

const kinds = ["duplicate-json-key"] as const;

export const duplicateKeys: Check = {
  id: "AO-SE-007",
  section: "sessions",
  title: "session files with a key twice",
  cost: "scan",
  kinds,
  explain: {
    what: "JSON objects with one key more than once.",
    why: "Readers disagree on which one counts, and no edit can mean both, so such files are never changed.",
    found: "Keys are counted while parsing.",
    mended: "Remove one of the two by hand.",
    source: "RFC 8259 leaves it open.",
  },
  run: (facts) =>
    driftReport(facts, kinds, {
      level: "warn",
      healthy: "none",
      remedy: "remove one of the two by hand",
    }),
};
