/**
 * What every kind of action provides: a line that says what it does, and one observation.
 */
import type { ActionKind, ActionOf } from "../schema.ts";
import type { Value } from "../values.ts";
import type { World } from "../world.ts";

/** What an action knows while it runs. */
export interface Moment {
  world: World;
  /** Milliseconds this attempt may take. */
  timeout: number;
  /** Size of the daemon's log when the step began, so that only new lines are looked at. */
  logStart: number;
}

export interface ActionType<K extends ActionKind> {
  /** The action as a line for people, as close to a command they could type as it gets. */
  title(action: ActionOf<K>): string;
  /** Looks or acts once; what AO does wrong is part of the observation, never an exception. */
  observe(action: ActionOf<K>, moment: Moment): Promise<Value>;
}
