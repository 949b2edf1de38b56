import { staleEntries } from "../admin-entries.ts";
import type { Check, Finding } from "../check.ts";
import { quoted } from "../shell.ts";

export const keptEntries: Check = {
  id: "AO-WT-004",
  section: "worktrees",
  title: "entries of missing worktrees that hold something",
  cost: "program",
  kinds: ["worktree-admin-stale"],
  explain: {
    what: "Entries in `.git/worktrees` whose worktree is gone, but which are locked or still hold something.",
    why: "`git worktree prune` would take staged work, commits of a detached HEAD or a submodule's repository with it.",
    found: "As the check of spent entries, for all the others.",
    mended: "By hand: bring the worktree back, or save what the entry holds, then prune.",
    source: "git help worktree.",
  },
  async run(facts) {
    const { kept } = await staleEntries(facts);
    const findings = kept.map(
      ({ adminDir, message, reason }): Finding => ({
        level: "warn",
        message: `${message} Its entry is kept: ${reason}`,
        ref: adminDir,
        remedy: `git --git-dir=${quoted(adminDir)} log --oneline -5   # what it stands on`,
      }),
    );
    return { summary: "none", findings };
  },
};
