/** The table of action kinds; a new kind is a schema, a file here, and a line in this table. */
import type { Action, ActionKind } from "../schema.ts";
import type { Value } from "../values.ts";
import type { ActionType, Moment } from "./action.ts";
import { daemon, pause } from "./daemon.ts";
import { file, log, sql, write } from "./data.ts";
import { events, subscribe, websocket } from "./events.ts";
import { github, requests } from "./github.ts";
import { http } from "./http.ts";
import { manual } from "./manual.ts";
import { run } from "./run.ts";
import { kill_session, pane, process, sessions, worktrees } from "./system.ts";

const types: { [K in ActionKind]: ActionType<K> } = {
  run,
  http,
  sql,
  subscribe,
  events,
  websocket,
  file,
  write,
  log,
  process,
  worktrees,
  sessions,
  pane,
  kill_session,
  daemon,
  github,
  requests,
  pause,
  manual,
};

/** The line that says what an action does. */
export function titleOf(kind: ActionKind, action: Action): string {
  return (types[kind] as ActionType<ActionKind>).title(action as never);
}

/** One observation of an action whose references are filled in. */
export function observe(kind: ActionKind, action: Action, moment: Moment): Promise<Value> {
  return (types[kind] as ActionType<ActionKind>).observe(action as never, moment);
}
