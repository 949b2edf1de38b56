import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const tmuxNames: Check = {
  id: "AO-RT-005",
  section: "runtime",
  title: "tmux sessions under an older name",
  cost: "scan",
  explain: {
    what: "Live tmux sessions under a name of an earlier AO: with a hash in front, or the prefix twice.",
    why: "AO of today looks for them under the session's id and takes them for dead.",
    found:
      "The V3 plan for this step. Only names that an earlier AO would have given this very session.",
    mended:
      "The session is renamed, its panes go on undisturbed, and its metadata follows. It runs, so `--force` is needed.",
    source: "AO's V3 design.",
  },
  fix: {
    name: "tmux-names",
    title: "Rename live tmux sessions to their session's id",
    safe: false,
    quiet: true,
  },
  run: (facts) => {
    if (facts.inventory.tmux === null) return { skip: "tmux is not there or does not answer" };
    return stepReport(facts, "rename-tmux-sessions", { level: "warn", healthy: "none" });
  },
};
