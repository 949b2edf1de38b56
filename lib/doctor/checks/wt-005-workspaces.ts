import { isGone } from "../../presence.ts";
import type { Check, Finding } from "../check.ts";
import { hasEnded, workspacesOf } from "../ended-sessions.ts";

export const workspaces: Check = {
  id: "AO-WT-005",
  section: "worktrees",
  title: "sessions whose directory is gone",
  cost: "files",
  explain: {
    what: "Sessions that have not ended and whose worktree is not where their metadata says.",
    why: "AO shows them as working, and fails on attach, send and restore.",
    found: "Every directory that metadata names is looked up.",
    mended: "Bring the worktree back to its place, or let AO kill the session.",
    source: "Reported by AO's users.",
  },
  run({ inventory }) {
    const findings: Finding[] = [];
    for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
      const single = dir.orchestrator === undefined ? [] : [dir.orchestrator];
      for (const file of [...dir.sessions, ...single]) {
        const gone = workspacesOf(file).find((path) => path.startsWith("/") && isGone(path));
        if (gone === undefined || hasEnded(file)) continue;
        const message = `Session ${file.sessionId} works in ${gone}, which is gone`;
        findings.push({ level: "warn", message, ref: file.path });
      }
    }
    return { summary: "none", findings };
  },
};
