/** V1 → V3 in one pass: `{h12}-{project}` and bare `{h12}` directories become `projects/{id}`. */

import type { StepBuilder } from "../builder.ts";
import type { StateDir } from "../inventory.ts";
import { bringIn } from "../merge.ts";
import { lastPart } from "../project.ts";
import type { ProjectTarget, Source } from "../shape.ts";
import { keepIdentity } from "./write-identity-json.ts";

export const title = "Import V1 hash directories";
export const description =
  "Move every {hash}-{project} directory that has a proven owner to projects/{id}/ and turn its key=value sessions into JSON.";

export function build(builder: StepBuilder): void {
  for (const target of builder.context.target.projects) {
    for (const source of target.sources) {
      if (source.step !== "import-v1-hash-dirs") continue;
      bringIn(builder, target, source, target.standing);
      builder.detail(
        () => `${lastPart(source.dir.path)} → projects/${target.id}${contents(source)}`,
      );
    }
    if (imports(target)) keepIdentity(builder, target, target.standing);
    if (target.standing === target.dir) settleSources(builder, target);
  }
}

/** Whether this step brings the project something. */
export function imports({ sources }: ProjectTarget): boolean {
  return sources.some(({ step }) => step === "import-v1-hash-dirs");
}

/** Links and history of worktrees that this step brought to their final place. */
export function settleSources(builder: StepBuilder, target: ProjectTarget): void {
  const dirs = new Set<StateDir | null>(
    target.sources
      .filter((source) => source.step === "import-v1-hash-dirs")
      .map((source) => source.dir),
  );
  for (const move of builder.context.target.worktrees) {
    if (dirs.has(move.carrier)) builder.settleWorktree(move);
  }
}

function contents({ dir, whole }: Source): string {
  const parts = [
    [dir.sessions.length, "session"],
    [dir.archives.length, "archive"],
    [dir.worktrees.length, "worktree"],
  ] as const;
  const told = parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}${n === 1 ? "" : "s"}`);
  const how = whole || dir.layout === "v0" ? [] : ["merged"];
  const all = [...how, ...told];
  return all.length === 0 ? "" : ` (${all.join(", ")})`;
}
