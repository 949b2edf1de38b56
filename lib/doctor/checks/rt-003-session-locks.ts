import type { Check, Finding } from "../check.ts";

export const sessionLocks: Check = {
  id: "AO-RT-003",
  section: "runtime",
  title: "forgotten session locks",
  cost: "scan",
  kinds: ["stale-session-lock"],
  explain: {
    what: "Lock files beside session metadata that are older than AO lets them grow.",
    why: "Each write to the session waits for the lock before it takes it over.",
    found: "Older than 30 seconds.",
    mended: "They go to the trash of the repair.",
    source: "AO's file locks.",
  },
  fix: {
    name: "session-locks",
    title: "Move session locks that nobody holds to the trash",
    safe: true,
    quiet: false,
  },
  run(facts) {
    const issues = facts.issues(["stale-session-lock"]);
    const findings = issues.map(
      ({ detail, ref = "" }): Finding => ({ level: "warn", message: detail, ref }),
    );
    return {
      summary: "none",
      findings,
      mend: issues.map(({ ref = "" }) => ({ op: "trash", path: ref })),
    };
  },
};
