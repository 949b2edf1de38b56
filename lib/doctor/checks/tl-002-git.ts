import type { Check } from "../check.ts";
import { programReport } from "../programs.ts";

export const git: Check = {
  id: "AO-TL-002",
  section: "tools",
  title: "git",
  cost: "program",
  explain: {
    what: "Whether git is installed, answers, and is new enough.",
    why: "Every session of AO works in a git worktree; AO refuses to work with an older git.",
    found: "`git --version`, with a time limit; the whole process group is killed after it.",
    mended: "Install git from your system's packages.",
    source: "AO's own doctor.",
  },
  run: (facts) =>
    programReport(facts, {
      program: "git",
      version: ["--version"],
      level: "fail",
      use: "AO works with it",
      minimum: "2.25.0",
      remedy: "install git from your system's packages, or add its directory to PATH",
    }),
};
