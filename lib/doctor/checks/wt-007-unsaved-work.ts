import { type Check, type Finding, pass } from "../check.ts";
import { endedWorktrees } from "../ended-sessions.ts";
import { quoted } from "../shell.ts";
import { type Work, workIn } from "../worktree-work.ts";

export const unsavedWork: Check = {
  id: "AO-WT-007",
  section: "worktrees",
  title: "unsaved work of ended sessions",
  cost: "program",
  explain: {
    what: "Worktrees of ended sessions with uncommitted changes, or with commits that no remote has.",
    why: "That work is nowhere else, and AO's cleanup once deleted such worktrees.",
    found:
      "`git status` and `git rev-list --not --remotes` in each; neither writes, not even the index.",
    mended: "Commit and push it, or decide that it may go. No fix of this toolkit removes it.",
    source: "Reported by AO's users.",
  },
  async run(facts) {
    const ended = endedWorktrees(facts);
    if (ended.length === 0) return pass("no ended session has a worktree");
    const work = await workIn(
      ended.map(({ leaf }) => leaf.path),
      facts,
    );
    const findings: Finding[] = [];
    for (const { sessionId, leaf } of ended) {
      const clause = clauseOf(work.get(leaf.path) ?? { state: "none" });
      if (clause === null) continue;
      findings.push({
        level: "warn",
        message: `Session ${sessionId} ended; ${clause} in ${leaf.path}`,
        ref: leaf.path,
        remedy: `git -C ${quoted(leaf.path)} status`,
      });
    }
    return { summary: `${ended.length} worktrees of ended sessions, all saved`, findings };
  },
};

function clauseOf(work: Work): string | null {
  if (work.state === "none") return null;
  if (work.state === "unpushed") return "commits that no remote has are";
  if (work.state === "unknown") return `nobody knows what is (${work.reason})`;
  return `${work.changes} uncommitted ${work.changes === 1 ? "change is" : "changes are"}`;
}
