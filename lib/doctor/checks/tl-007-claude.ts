import type { Check } from "../check.ts";
import { programReport } from "../programs.ts";

export const claude: Check = {
  id: "AO-TL-007",
  section: "tools",
  title: "claude",
  cost: "program",
  explain: {
    what: "Whether `claude` is installed, and which version.",
    why: "AO starts it for sessions of the agent claude-code, its default.",
    found: "`claude --version`, with a time limit.",
    mended: "Install it, if you use it.",
    source: "AO's agent plugins.",
  },
  run: (facts) =>
    programReport(facts, {
      program: "claude",
      version: ["--version"],
      level: "info",
      use: "sessions of the agent claude-code need it",
      remedy: "npm install -g @anthropic-ai/claude-code",
    }),
};
