import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const strandedWorktrees: Check = {
  id: "AO-ST-010",
  section: "storage",
  title: "worktrees outside their project",
  cost: "scan",
  kinds: ["stranded-worktree"],
  explain: {
    what: "Worktrees below `~/.worktrees` and the places of still older AOs whose owner is certain.",
    why: "AO of today makes and looks for worktrees in the project's directory only.",
    found: "The V3 plan for this step: one session names it, or one project's repository owns it.",
    mended: "They move with everything in them; git's links and agents' chat history follow.",
    source: "AO's V3 design.",
  },
  fix: {
    name: "stranded-worktrees",
    title: "Move worktrees into their project's directory",
    safe: false,
    quiet: true,
  },
  run: (facts) => stepReport(facts, "adopt-stranded-worktrees", { level: "info", healthy: "none" }),
};
