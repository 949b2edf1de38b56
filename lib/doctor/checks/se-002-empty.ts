import type { Check, Finding } from "../check.ts";

export const empty: Check = {
  id: "AO-SE-002",
  section: "sessions",
  title: "empty session files",
  cost: "scan",
  kinds: ["empty-session-file"],
  explain: {
    what: "Session files of zero bytes.",
    why: "AO reserves an id with an empty file; one that stays empty blocks the id for nothing.",
    found: "The scan sees their size.",
    mended: "They go to the trash of the repair.",
    source: "AO's session store; seen after a full disk.",
  },
  fix: {
    name: "empty-sessions",
    title: "Move empty session files to the trash",
    safe: false,
    quiet: true,
  },
  run(facts) {
    const issues = facts.issues(["empty-session-file"]);
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
