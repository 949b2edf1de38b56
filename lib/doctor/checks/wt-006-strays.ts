import type { Check, Finding } from "../check.ts";
import { workspacesOf } from "../ended-sessions.ts";
import { removalOf } from "../removal.ts";
import { quoted } from "../shell.ts";
import { brokenLinks } from "../worktree-links.ts";

export const strays: Check = {
  id: "AO-WT-006",
  section: "worktrees",
  title: "worktrees that no session names",
  cost: "scan",
  kinds: ["worktree-not-linked"],
  explain: {
    what: "Directories where worktrees belong that are none, and worktrees that no session names.",
    why: "Nobody will ever clean them up; what they hold may be forgotten work.",
    found:
      "All places of worktrees are listed and compared with what sessions, archives included, name or are called.",
    mended:
      "Look at them and remove them by hand. `git worktree remove` refuses where something would be lost.",
    source: "AO's cleanup leaves them.",
  },
  run(facts) {
    const { inventory } = facts;
    const unread = inventory.faults.find(
      ({ kind, place }) => kind === "unreadable" && /\/(projects|sessions)$/.test(place.file),
    );
    // Whatever they name would seem to be nobody's.
    if (unread !== undefined) return { skip: `${unread.place.file} cannot be read` };
    const named = new Map<string, string>();
    for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
      const single = dir.orchestrator === undefined ? [] : [dir.orchestrator];
      for (const file of [...dir.sessions, ...dir.archives, ...single]) {
        for (const path of workspacesOf(file)) named.set(path, file.sessionId);
        named.set(`${dir.path}/worktrees/${file.sessionId}`, file.sessionId);
      }
    }
    const mendable = new Set(brokenLinks(facts).mendable.map(({ leaf }) => leaf));
    const findings: Finding[] = [];
    for (const leaf of inventory.worktrees) {
      const { path, adminDir } = leaf;
      if (mendable.has(leaf)) continue;
      const sessionId = named.get(path);
      if (adminDir === undefined && sessionId !== undefined) {
        // Some agents are given a clone; what they do there is nowhere else.
        const message = `Session ${sessionId} names ${path}, which is not a linked git worktree`;
        const remedy = `git -C ${quoted(path)} status`;
        findings.push({ level: "info", message, ref: path, remedy });
      } else if (adminDir === undefined) {
        const message = `${path} stands where worktrees belong and is not a linked git worktree`;
        findings.push({ level: "info", message, ref: path });
      } else if (sessionId === undefined) {
        const remedy = removalOf(leaf);
        findings.push({
          level: "info",
          message: `No session names the worktree ${path}`,
          ref: path,
          ...(remedy !== undefined && { remedy }),
        });
      }
    }
    return { summary: "none", findings };
  },
};
