import type { Check } from "../check.ts";
import { quoted } from "../shell.ts";
import { driftReport } from "../views.ts";

const kinds = ["unreadable", "too-large", "not-a-file", "symlink"] as const;

export const readable: Check = {
  id: "AO-ST-001",
  section: "storage",
  title: "files that cannot be used",
  cost: "scan",
  kinds,
  explain: {
    what: "Files that cannot be read, that are far too large, that are no files, and links that lead elsewhere.",
    why: "Nothing is known of what they hold, so neither AO nor this toolkit touches it.",
    found: "The scan notes whatever it could not use; it follows no link and opens no pipe.",
    mended: "Give back the permission, or move the thing out of AO's directory.",
    source: "This toolkit's scan.",
  },
  run: (facts) =>
    driftReport(facts, kinds, {
      level: ({ kind, ref }) =>
        kind === "unreadable" || ref === facts.places.baseDir ? "fail" : "warn",
      healthy: "none",
      // tmux is no file; the runtime's checks speak of it.
      where: ({ ref }) => ref !== "tmux",
      remedy: ({ kind, ref }) =>
        kind === "unreadable" ? `ls -ld ${quoted(ref ?? "")}` : undefined,
    }),
};
