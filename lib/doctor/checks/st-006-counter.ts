import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const counter: Check = {
  id: "AO-ST-006",
  section: "storage",
  title: "session counters",
  cost: "scan",
  kinds: ["missing-counter"],
  explain: {
    what: "Projects without .next-session-id.json, or with a number that was given out already.",
    why: "A session could get the id of one in the archive, and with it that one's branch and history.",
    found:
      "The highest number of live sessions, archives and worktrees is compared with the counter.",
    mended: "The counter is written or raised, never lowered.",
    source: "AO's V3 design.",
  },
  fix: { name: "counter", title: "Write or raise the session counters", safe: false, quiet: true },
  run: (facts) =>
    stepReport(facts, "reconcile-counter", { level: "info", healthy: "all are high enough" }),
};
