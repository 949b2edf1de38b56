/** Calls of the sessions script as a process, at a place on a disk of the tests. */

import { expect } from "bun:test";
import * as v from "valibot";
import { listSessions } from "../../../lib/tmux.ts";
import { runScript } from "../../process.ts";
import type { Home } from "./site.ts";

export const script = "scripts/sessions.ts";

export function call(home: Home, cwd: string, ...args: string[]) {
  return runScript(script, args, { env: home.env, cwd, timeoutMs: 30_000 });
}

/** The document that a call prints with `--json`. */
export async function callJson<T>(
  schema: v.GenericSchema<unknown, T>,
  home: Home,
  cwd: string,
  ...args: string[]
): Promise<T> {
  const result = await call(home, cwd, ...args, "--json");
  expect(result).toMatchObject({ code: 0 });
  return v.parse(schema, JSON.parse(result.stdout));
}

/** Names of the tmux sessions that run. */
export const names = (home: Home) => listSessions(home.env)?.map(({ name }) => name) ?? [];
