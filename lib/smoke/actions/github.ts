/** Sets the fake GitHub, and looks at what AO asked it. */
import { describeError } from "../../errors.ts";
import type { ActionType } from "./action.ts";

export const github: ActionType<"github"> = {
  title: ({ github: fields }) => `on the fake GitHub: ${JSON.stringify(fields)}`,
  async observe({ github: fields }, { world }) {
    if (world.github === undefined) return { failure: "this world has no fake GitHub" };
    try {
      world.github.set(fields);
      return { set: true };
    } catch (error) {
      return { failure: describeError(error) };
    }
  },
};

export const requests: ActionType<"requests"> = {
  title: ({ requests: pattern }) => `requests to the fake GitHub that match ${pattern}`,
  async observe({ requests: pattern }, { world }) {
    if (world.github === undefined) return { failure: "this world has no fake GitHub" };
    const wanted = new RegExp(pattern, "m");
    const lines = world.github.requests.filter((line) => wanted.test(line));
    return { count: lines.length, lines: lines.slice(-50) };
  },
};
