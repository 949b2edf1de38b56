import type { Check } from "../check.ts";
import { programReport } from "../programs.ts";

export const gh: Check = {
  id: "AO-TL-005",
  section: "tools",
  title: "gh",
  cost: "program",
  explain: {
    what: "Whether gh is installed and answers.",
    why: "AO follows pull requests with it, and takes its token when none is in the environment.",
    found: "`gh --version`, with a time limit.",
    mended: "Install gh and log in.",
    source: "AO's scm plugin, and the rewrite's credentials.",
  },
  run: (facts) =>
    programReport(facts, {
      program: "gh",
      version: ["--version"],
      level: "warn",
      use: "AO follows pull requests with it",
      remedy: "install gh (https://cli.github.com), then: gh auth login",
    }),
};
