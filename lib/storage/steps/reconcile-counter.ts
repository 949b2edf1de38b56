/** The session counter: `.next-session-id.json` holds one more than any number ever seen. */

import { parseSessionId } from "../../paths.ts";
import type { StepBuilder } from "../builder.ts";
import { lastPart } from "../project.ts";
import type { ProjectTarget } from "../shape.ts";

export const title = "Write .next-session-id.json per project";
export const description =
  "Take the highest session number seen in sessions, archives and worktrees, and record the next one. A counter is never lowered.";

export function build(builder: StepBuilder): void {
  for (const target of builder.context.target.projects) {
    const merged = target.sources.map(({ dir }) => dir.nextSessionId ?? 0);
    const next = Math.max(highestNumber(builder, target) + 1, ...merged);
    const path = `${target.dir}/.next-session-id.json`;
    const known = target.project.home?.nextSessionId;
    if (known !== undefined && known >= next) continue;
    if (known !== undefined) {
      const edits = [{ pointer: "/next", before: known, after: next }];
      builder.add({ op: "patchJson", path, edits });
    } else if (hasCounter(target)) {
      builder.context.warnings.push(`${builder.show(path)} cannot be read; left alone.`);
      continue;
    } else {
      builder.add({ op: "create", path, content: `${JSON.stringify({ next }, null, 2)}\n` });
    }
    builder.detail(() => `projects/${target.id}/.next-session-id.json: ${next}`);
  }
}

/** Highest number in use under the project's prefix; 0 when there is none. */
function highestNumber(builder: StepBuilder, target: ProjectTarget): number {
  let highest = 0;
  const see = (id: string) => {
    const parsed = parseSessionId(id);
    if (parsed === null || parsed.orchestrator || parsed.prefix !== target.project.prefix) return;
    highest = Math.max(highest, parsed.number ?? 0);
  };
  for (const { formerId } of target.sessions) see(formerId);
  for (const name of target.project.home?.worktrees ?? []) see(name);
  for (const { dir } of target.sources) for (const name of dir.worktrees) see(name);
  for (const move of builder.context.target.worktrees) {
    if (move.target === target) see(lastPart(move.to));
  }
  return highest;
}

function hasCounter(target: ProjectTarget): boolean {
  const names = target.project.home?.others ?? [];
  return names.some((entry) => entry.name === ".next-session-id.json");
}
