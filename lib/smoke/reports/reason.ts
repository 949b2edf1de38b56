/** Why a step came out as it did, with the notes of whoever walked it. */
import type { StepResult } from "../results.ts";

/** One text; empty when there is nothing to say. */
export function reasonOf({ reason, notes }: Pick<StepResult, "reason" | "notes">): string {
  return [reason ?? "", ...notes.map(({ text }) => text)].filter((text) => text !== "").join("; ");
}
