import type { Check } from "../check.ts";
import { isSessionJson } from "../session-fixes.ts";
import { quoted } from "../shell.ts";
import { driftReport, fileOf } from "../views.ts";

const kinds = ["unsafe-name", "corrupt"] as const;

export const names: Check = {
  id: "AO-SE-008",
  section: "sessions",
  title: "names and files that AO cannot use",
  cost: "scan",
  kinds,
  explain: {
    what: "Names that are no ids (blanks, dots, line breaks), and other files of AO's that cannot be parsed.",
    why: "AO passes over them; a tool that builds a command from such a name does something else.",
    found: "Names are compared with AO's rule, files parsed strictly.",
    mended: "Rename or remove them by hand.",
    source: "AO's rule for session ids.",
  },
  run: (facts) =>
    driftReport(facts, kinds, {
      level: "warn",
      healthy: "none",
      where: (issue) => issue.kind === "unsafe-name" || !isSessionJson(issue),
      remedy: (issue) => `ls -ldb ${quoted(fileOf(issue))}`,
    }),
};
