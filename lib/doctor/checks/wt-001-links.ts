import type { Check, Finding } from "../check.ts";
import { staleLinks } from "../worktree-links.ts";

export const links: Check = {
  id: "AO-WT-001",
  section: "worktrees",
  title: "stale links to worktrees",
  cost: "files",
  kinds: ["worktree-link-stale"],
  explain: {
    what: "Worktrees that were moved while git's link still names the old place.",
    why: "Git calls them prunable; the next `git worktree prune` or `gc` destroys the link and with it the index.",
    found:
      "The `.git` file of each worktree and the `gitdir` file that it leads to must name each other.",
    mended:
      "Both files are pointed at where the worktree stands, submodules and inner worktrees included. `git worktree repair` without paths mends nothing and exits 0.",
    source: "AO's own migrations; git help worktree.",
  },
  fix: {
    name: "worktree-links",
    title: "Point git's links at where worktrees stand",
    safe: true,
    quiet: false,
  },
  run(facts) {
    const { repairable } = staleLinks(facts);
    const findings = repairable.map(
      ({ leaf }): Finding => ({
        level: "fail",
        message: `git's link to ${leaf.path} names ${leaf.linkedPath}; a prune would lose it`,
        ref: leaf.path,
      }),
    );
    return {
      summary: `none of ${facts.inventory.worktrees.length}`,
      findings,
      mend: repairable.map(({ leaf, commonDir, files }) => ({
        op: "relinkWorktree",
        repo: commonDir,
        worktree: leaf.path,
        files,
      })),
    };
  },
};
