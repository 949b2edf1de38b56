import type { Check, Finding } from "../check.ts";
import { brokenLinks } from "../worktree-links.ts";

export const links: Check = {
  id: "AO-WT-001",
  section: "worktrees",
  title: "broken links of worktrees",
  cost: "files",
  kinds: ["worktree-link-stale", "worktree-not-linked"],
  explain: {
    what: "Worktrees that were moved while git's link still names the old place, and worktrees whose .git file is gone, damaged, or names where the repository was.",
    why: "Git calls them prunable; the next `git worktree prune` or `gc` destroys the link and with it the index.",
    found:
      "The `.git` file of each worktree and the `gitdir` file that it leads to must name each other.",
    mended:
      "The files are pointed at each other where both stand today, submodules and inner worktrees included. `git worktree repair` without paths mends nothing and exits 0.",
    source: "AO's own migrations; git help worktree.",
  },
  fix: {
    name: "worktree-links",
    title: "Point git's links at where worktrees stand",
    safe: true,
    quiet: false,
  },
  run(facts) {
    const { mendable } = brokenLinks(facts);
    const findings = mendable.map(
      ({ leaf, message }): Finding => ({ level: "fail", message, ref: leaf.path }),
    );
    return {
      summary: `none of ${facts.inventory.worktrees.length}`,
      findings,
      mend: mendable.map(({ operation }) => operation),
    };
  },
};
