import type { Check } from "../check.ts";
import { programReport } from "../programs.ts";

export const zellij: Check = {
  id: "AO-TL-004",
  section: "tools",
  title: "zellij",
  cost: "program",
  explain: {
    what: "Whether zellij is installed, and new enough if it is.",
    why: "The first builds of AO's rewrite run agents in it; later ones and TypeScript AO use tmux.",
    found: "`zellij --version`, with a time limit.",
    mended: "Install zellij if you run one of those builds.",
    source: "AO's own doctor of those builds.",
  },
  run: (facts) =>
    programReport(facts, {
      program: "zellij",
      version: ["--version"],
      level: "info",
      use: "only the first builds of the rewrite use it",
      minimum: "0.44.3",
      remedy: "needed only by the first builds of the rewrite: https://zellij.dev",
    }),
};
