import type { Check } from "../check.ts";
import { programReport } from "../programs.ts";

export const tmux: Check = {
  id: "AO-TL-003",
  section: "tools",
  title: "tmux",
  cost: "program",
  explain: {
    what: "Whether tmux is installed and answers.",
    why: "AO runs its agents in tmux sessions; without it nothing can be spawned or attached to.",
    found: "`tmux -V`, with a time limit.",
    mended: "Install tmux from your system's packages.",
    source: "AO's runtime of today; the first builds of the rewrite used zellij.",
  },
  run: (facts) =>
    programReport(facts, {
      program: "tmux",
      version: ["-V"],
      level: "warn",
      use: "AO runs its sessions in it",
      remedy: "install tmux from your system's packages",
    }),
};
