/** Facts for a script: of the disk that its command line and environment mean. */

import { commandMaker, type DiskFlags } from "../invocation.ts";
import { resolvePlaces } from "../paths.ts";
import type { Env } from "../process.ts";
import { Facts } from "./facts.ts";

/**
 * @returns a function that makes new facts, of the moment in which it is called
 * @throws ToolkitError `usage` when there is no home
 */
export function factsMaker(context: {
  args: DiskFlags;
  env: Env;
  invocation: string;
}): () => Facts {
  const { args, env, invocation } = context;
  const places = resolvePlaces({ ...args, env });
  const command = commandMaker(invocation, args);
  return () => new Facts({ places, env, now: new Date(), command });
}
