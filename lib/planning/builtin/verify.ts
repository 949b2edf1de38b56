/** The definition of done of a built-in phase: a new look at the disk does not plan it again. */

import type { Phase } from "../manifest.ts";
import type { PlanningState } from "../state.ts";
import { answersIn, type BuiltinSource } from "./source.ts";

/** What a phase left undone, or null. */
export async function unfinished(
  source: BuiltinSource,
  state: PlanningState,
  phase: Phase,
): Promise<string | null> {
  const answers = answersIn(state.feedback);
  const { phases } = await source.plan({ now: new Date(state.startedAt), answers });
  const left = phases.find(({ name }) => name === phase.name);
  if (left === undefined) return null;
  const [first = "it would be planned again"] = left.details;
  const more = left.details.length - 1;
  return more > 0 ? `${first} and ${more} more` : first;
}
