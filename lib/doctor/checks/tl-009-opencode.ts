import type { Check } from "../check.ts";
import { programReport } from "../programs.ts";

export const opencode: Check = {
  id: "AO-TL-009",
  section: "tools",
  title: "opencode",
  cost: "program",
  explain: {
    what: "Whether `opencode` is installed, and which version.",
    why: "AO starts it for sessions of the agent opencode.",
    found: "`opencode --version`, with a time limit.",
    mended: "Install it, if you use it.",
    source: "AO's agent plugins.",
  },
  run: (facts) =>
    programReport(facts, {
      program: "opencode",
      version: ["--version"],
      level: "info",
      use: "sessions of the agent opencode need it",
      remedy: "npm install -g opencode-ai",
    }),
};
