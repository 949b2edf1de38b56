/** Ending what runs in a tmux session, and not before it has ended. */

import { errorCode } from "../errors.ts";
import { type Env, isZombie } from "../process.ts";
import { killSession, listSessions } from "../tmux.ts";

/** How long programs have to end once their terminal is gone: agents write down where they are. */
const patienceMs = 2000;
/** Those that were killed are gone as soon as the system gets to it. */
const killedMs = 1000;

/**
 * Ends a tmux session with the programs in its panes; what ignores that its terminal is gone is
 * killed. What they leave in a worktree is there when this returns. A session that is not there is
 * no error.
 */
export async function endSession(name: string, env: Env): Promise<void> {
  const pids = panesOf((session) => session === name, env);
  killSession(name, env);
  // A window that another session shows too lives on.
  const shared = new Set(panesOf(() => true, env));
  const own = pids.filter((pid) => !shared.has(pid));
  if (await haveEnded(own, patienceMs)) return;
  // A pane's program leads a group of its own.
  for (const pid of own.filter(isAlive)) killGroup(pid);
  await haveEnded(own, killedMs);
}

function panesOf(isWanted: (name: string) => boolean, env: Env): number[] {
  const sessions = (listSessions(env) ?? []).filter(({ name }) => isWanted(name));
  return sessions.flatMap(({ panePids }) => panePids);
}

async function haveEnded(pids: readonly number[], withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (pids.some(isAlive)) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(10);
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
  return !isZombie(pid);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended at the same moment.
  }
}
