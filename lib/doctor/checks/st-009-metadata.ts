import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const metadata: Check = {
  id: "AO-ST-009",
  section: "storage",
  title: "session metadata of an earlier AO",
  cost: "scan",
  kinds: ["kv-session", "legacy-workspace-path", "doubled-prefix-tmux", "legacy-tmux-in-metadata"],
  explain: {
    what: "Metadata in key=value form, with tmux names or worktree places of an earlier AO.",
    why: "AO of today does not find the tmux session or worktree that such a file means.",
    found:
      "The V3 plan for this step. Names are changed only where an earlier AO would have given exactly them.",
    mended:
      "The fields are replaced in place and key=value text becomes JSON; every other byte stays.",
    source: "AO's V3 design.",
  },
  fix: {
    name: "session-metadata",
    title: "Point session metadata at today's names",
    safe: false,
    quiet: true,
  },
  run: (facts) => stepReport(facts, "rewrite-session-metadata", { level: "info", healthy: "none" }),
};
