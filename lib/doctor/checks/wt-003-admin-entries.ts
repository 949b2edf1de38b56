import { staleEntries } from "../admin-entries.ts";
import type { Check, Finding } from "../check.ts";

export const adminEntries: Check = {
  id: "AO-WT-003",
  section: "worktrees",
  title: "entries of worktrees that are gone",
  cost: "program",
  kinds: ["worktree-admin-stale"],
  explain: {
    what: "Entries in `.git/worktrees` whose worktree is gone and which hold nothing else.",
    why: "The branch counts as checked out, so AO cannot use it for a session again.",
    found:
      "The worktree is gone and its parent is there; no lock, no staged work, no detached HEAD, no unfinished rebase, no submodules.",
    mended: "The entry goes to the trash of the repair. The branch stays.",
    source: "git help worktree; reported by AO's users.",
  },
  fix: {
    name: "worktree-entries",
    title: "Move git's entries of worktrees that are gone to the trash",
    safe: false,
    quiet: false,
  },
  async run(facts) {
    const { spent } = await staleEntries(facts);
    const findings = spent.map(
      ({ adminDir, message }): Finding => ({ level: "warn", message, ref: adminDir }),
    );
    return {
      summary: "none",
      findings,
      mend: spent.map(({ adminDir }) => ({ op: "trash", path: adminDir })),
    };
  },
};
