import { formatBytes, plural } from "../../text.ts";
import { type Check, type Finding, pass } from "../check.ts";
import { endedWorktrees } from "../ended-sessions.ts";
import { removalOf } from "../removal.ts";

/** Longer lists of paths could be too long for one command line. */
const batch = 500;

export const diskUsed: Check = {
  id: "AO-WT-008",
  section: "worktrees",
  title: "disk used by worktrees",
  cost: "walk",
  explain: {
    what: "How much the worktrees hold, and how much of it belongs to sessions that have ended.",
    why: "Ended sessions were seen to hold gigabytes of installed packages.",
    found: "`du` over all worktrees, stopped when it takes longer than a program may.",
    mended:
      "`git worktree remove` for each; it refuses where something uncommitted would be lost, the branch stays, and commits on no branch get one first.",
    source: "Reported by AO's users.",
  },
  async run(facts) {
    const paths = facts.inventory.worktrees.map(({ path }) => path);
    if (paths.length === 0) return pass("there are no worktrees");
    const bytes = new Map<string, number>();
    for (let at = 0; at < paths.length; at += batch) {
      const answer = await facts.ask("du", "-sk", ...paths.slice(at, at + batch));
      if (answer.state !== "ended") return { skip: "du gave no answer in time" };
      for (const line of answer.stdout.split("\n")) {
        const [, kilobytes, path] = /^(\d+)\s+(.+)$/.exec(line) ?? [];
        if (path !== undefined) bytes.set(path, Number(kilobytes) * 1024);
      }
    }
    const total = [...bytes.values()].reduce((sum, size) => sum + size, 0);
    const findings = endedWorktrees(facts).map(({ sessionId, leaf }): Finding => {
      const size = formatBytes(bytes.get(leaf.path) ?? 0);
      const remedy = removalOf(leaf);
      return {
        level: "info",
        message: `Session ${sessionId} ended; its worktree holds ${size}`,
        ref: leaf.path,
        ...(remedy !== undefined && { remedy }),
      };
    });
    return { summary: `${plural(paths.length, "worktree")}, ${formatBytes(total)}`, findings };
  },
};
