import type { Check } from "../check.ts";
import { driftReport } from "../views.ts";

const kinds = ["prefix-clash"] as const;

export const prefixes: Check = {
  id: "AO-CF-004",
  section: "config",
  title: "session prefixes",
  cost: "scan",
  kinds,
  explain: {
    what: "Projects that derive or name the same session prefix.",
    why: "Their sessions get the same ids, so tmux sessions, worktrees and `ao send` meet the wrong one.",
    found: "AO's rule for prefixes is applied to every registered project.",
    mended: "Give all but one a `sessionPrefix` of their own in the registry.",
    source: "AO's rule; reported by its users.",
  },
  run: (facts) =>
    driftReport(facts, kinds, {
      level: "warn",
      healthy: "none is used twice",
      remedy: "set sessionPrefix for all but one of them in the registry",
    }),
};
