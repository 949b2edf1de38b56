import type { Check, Finding } from "../check.ts";
import { staleLocks } from "../locks.ts";

export const locks: Check = {
  id: "AO-RT-002",
  section: "runtime",
  title: "forgotten locks",
  cost: "files",
  kinds: ["stale-lock"],
  explain: {
    what: "Lock files of the base directory that are old and whose holder, if one is named, is dead or is not AO.",
    why: "Starting AO or registering a project waits for them, or gives up.",
    found:
      "Older than a minute, after which AO itself takes a lock over; a pid in it must live and be AO's.",
    mended: "They go to the trash of the repair.",
    source: "AO's file locks.",
  },
  fix: {
    name: "locks",
    title: "Move lock files that nobody holds to the trash",
    safe: true,
    quiet: false,
  },
  run(facts) {
    const stale = staleLocks(facts);
    const findings = stale.map(
      ({ path, reason }): Finding => ({
        level: "warn",
        message: `${path.slice(path.lastIndexOf("/") + 1)} ${reason}`,
        ref: path,
      }),
    );
    return {
      summary: "none",
      findings,
      mend: stale.map(({ path }) => ({ op: "trash", path })),
    };
  },
};
