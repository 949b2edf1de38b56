/** One orchestrator a project: `{prefix}-orchestrator`; the others are archived. */

import type { StepBuilder } from "../builder.ts";

export const title = "Normalize orchestrators";
export const description =
  "Keep the live (else the canonical, else the newest) orchestrator as {prefix}-orchestrator and archive the numbered ones.";

export function build(builder: StepBuilder): void {
  for (const target of builder.context.target.projects) {
    for (const move of target.orchestrators) {
      builder.move(move.from, move.to);
      if (move.becomes !== null && move.file.fields.sessionId === move.sessionId) {
        const edits = [{ pointer: "/sessionId", before: move.sessionId, after: move.becomes }];
        if (move.becomes !== move.sessionId) builder.add({ op: "patchJson", path: move.to, edits });
      }
      builder.detail(() => `${builder.show(move.from)} → ${builder.show(move.to)}`);
    }
  }
}
