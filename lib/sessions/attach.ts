/** Going into a session. */

import { ToolkitError } from "../errors.ts";
import { type Env, findProgram } from "../process.ts";
import { hasSession } from "../tmux.ts";
import type { Session } from "./read.ts";

/**
 * The command that shows a session in this terminal; inside tmux it switches the client instead.
 *
 * @returns program and arguments; its exit code is the answer
 * @throws ToolkitError `refused` when nothing runs the session, or nothing that can be shown here
 */
export function attachCommand(session: Session, env: Env): string[] {
  refuseWindows(session, "attach to");
  const name = session.tmuxNames.find((candidate) => hasSession(candidate, env));
  const tmux = findProgram("tmux", env);
  if (name === undefined || tmux === null) {
    const [recorded] = session.tmuxNames;
    const state =
      recorded === undefined
        ? "its metadata names no tmux session"
        : `tmux has no session "${recorded}"`;
    throw new ToolkitError("refused", `Cannot attach to "${session.id}": ${state}`, {
      hint: `its worktree is ${session.worktree ?? "not known"}`,
    });
  }
  return [tmux, env.TMUX ? "switch-client" : "attach-session", "-t", `=${name}:`];
}

/**
 * Sessions of Windows are read and shown; here nothing can be done with them.
 *
 * @throws ToolkitError `refused`
 */
export function refuseWindows({ id, pipePath }: Session, action: string): void {
  if (pipePath === undefined) return;
  throw new ToolkitError("refused", `Cannot ${action} "${id}": it runs behind ${pipePath}`, {
    hint: "named pipes are on Windows; this toolkit reads and shows them, and does no more",
  });
}
