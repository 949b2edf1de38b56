/** Live tmux sessions take the name their metadata now says: the session id. */

import type { StepBuilder } from "../builder.ts";

export const title = "Rename live tmux sessions";
export const description =
  "Rename running sessions to their session id. Panes and processes go on undisturbed; a rename that fails is a warning.";

export function build(builder: StepBuilder): void {
  for (const { from, to } of builder.context.edits.tmux.renames) {
    builder.add({ op: "renameTmux", from, to });
    builder.detail(() => `${from} → ${to}`);
  }
}
