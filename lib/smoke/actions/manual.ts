/** What only a person can do; the engine asks one where there is one, see `engine.ts`. */
import type { ActionType } from "./action.ts";

export const manual: ActionType<"manual"> = {
  title: ({ manual: instruction }) => instruction,
  async observe() {
    return { failure: "only a person can do this" };
  },
};
