import type { Check } from "../check.ts";
import { programReport } from "../programs.ts";

export const codex: Check = {
  id: "AO-TL-008",
  section: "tools",
  title: "codex",
  cost: "program",
  explain: {
    what: "Whether `codex` is installed, and which version.",
    why: "AO starts it for sessions of the agent codex.",
    found: "`codex --version`, with a time limit.",
    mended: "Install it, if you use it.",
    source: "AO's agent plugins.",
  },
  run: (facts) =>
    programReport(facts, {
      program: "codex",
      version: ["--version"],
      level: "info",
      use: "sessions of the agent codex need it",
      remedy: "npm install -g @openai/codex",
    }),
};
