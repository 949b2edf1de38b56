import type { Check, Finding } from "../check.ts";
import { quoted } from "../shell.ts";
import { brokenLinks } from "../worktree-links.ts";

export const lostLinks: Check = {
  id: "AO-WT-002",
  section: "worktrees",
  title: "worktrees without a link of their own",
  cost: "files",
  kinds: ["worktree-link-stale"],
  explain: {
    what: "Worktrees whose admin directory is gone, and copies that claim another worktree's link.",
    why: "Git does not work in them; what is uncommitted there is in no repository.",
    found: "As the check of stale links, for those that nothing can be proved of.",
    mended:
      "By hand: save what differs, then add the branch as a new worktree beside it. A guess could take the link from the wrong one.",
    source: "git help worktree; copies made with cp.",
  },
  run(facts) {
    const { lost } = brokenLinks(facts);
    const findings = lost.map(
      ({ leaf, reason }): Finding => ({
        level: "fail",
        message: `${leaf.path} has no link of its own: ${reason}`,
        ref: leaf.path,
        remedy: `ls -la ${quoted(leaf.path)}   # save what is not in the repository first`,
      }),
    );
    return { summary: "none", findings };
  },
};
