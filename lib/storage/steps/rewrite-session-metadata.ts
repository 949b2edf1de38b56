/** Session files say what is true in V3: project id, worktree place, tmux name; text becomes JSON. */

import type { Operation } from "../../change/operation.ts";
import type { Edit } from "../../edits.ts";
import type { StepBuilder } from "../builder.ts";
import { settleInPlace } from "../merge.ts";
import { metadataEdits, needsEdits } from "../metadata-edits.ts";
import { lastPart } from "../project.ts";
import type { ProjectTarget, SessionTarget } from "../shape.ts";

export const title = "Rewrite session metadata";
export const description =
  "Point project, worktree and tmux fields at their V3 names, turn key=value text into JSON, set empty files aside. Every other byte stays.";

export function build(builder: StepBuilder): void {
  for (const target of builder.context.target.projects) {
    for (const session of target.sessions) rewrite(builder, target, session);
    if (target.single !== null) rewrite(builder, target, target.single);
  }
}

function rewrite(builder: StepBuilder, target: ProjectTarget, session: SessionTarget): void {
  const inHome = session.dir === target.project.home;
  if (inHome && (session.fate === "convert" || session.fate === "set-aside")) {
    settleInPlace(builder, target, session, target.dir);
    const verb = session.fate === "convert" ? "key=value → JSON" : "empty, set aside";
    builder.detail(() => `${builder.show(session.path)}: ${verb}`);
    return;
  }
  if (session.fate !== "stay" && session.fate !== "move") return;
  if (inHome && lastPart(session.file.path) !== session.fileName) {
    settleInPlace(builder, target, session, target.dir);
    builder.detail(() => `${builder.show(session.path)}: was ${lastPart(session.file.path)}`);
  }
  if (session.file.format !== "json") return;
  if (!needsEdits(session, target, builder.context.edits)) return;
  if (session.file.duplicateKeys === true) {
    builder.context.warnings.push(`${session.file.path} has duplicate keys; left alone.`);
    return;
  }
  let edits: Edit[] | undefined;
  const patch: Extract<Operation, { op: "patchJson" }> = {
    op: "patchJson",
    path: session.path,
    // A dry run shows how many files are edited and a few of them, and there may be very many.
    get edits() {
      edits ??= metadataEdits(session, target, builder.context.edits);
      return edits;
    },
  };
  builder.add(patch);
  builder.detail(
    () => `${builder.show(session.path)}: ${patch.edits.map(({ pointer }) => pointer).join(" ")}`,
  );
}
