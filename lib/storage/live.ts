/** Whether AO is at work on this disk. While it is, nothing is migrated unless told to. */

import { join } from "node:path";
import { realDisk } from "../change/disk.ts";
import { loadMigration } from "../change/history.ts";
import { releaseRunLock, takeRunLock, waitFor } from "../change/lock.ts";
import { nothingChanged } from "../change/stop.ts";
import { ToolkitError } from "../errors.ts";
import type { Inventory } from "./inventory.ts";
import { tmuxFields } from "./metadata-edits.ts";
import type { StoragePlan } from "./plan.ts";

/** Make the commands that run our scripts on this disk with these words. */
interface Calls {
  migrate(...words: string[]): string;
  rollback(...words: string[]): string;
}

/** @throws {ToolkitError} refused (invalid for an unreadable registry), naming the first blocker */
export async function refuseBlocked(plan: StoragePlan, calls: Calls): Promise<void> {
  const [blocker] = plan.blockers;
  if (blocker === undefined) return;
  const { registryFault: fault } = plan.inventory;
  throw new ToolkitError(fault === null ? "refused" : "invalid", `Cannot migrate: ${blocker}`, {
    hint: fault === null ? await wayOn(plan.inventory, calls) : "mend that file, then run again",
    ...(fault !== null && { place: fault.place }),
  });
}

/** What to do about the first migration that has not ended. */
async function wayOn(inventory: Inventory, calls: Calls): Promise<string> {
  const { openMigrations, migrationHolder, places } = inventory;
  const [id] = openMigrations;
  if (id === undefined) return "mend what it names, then run again";
  if (migrationHolder?.migration === id) return waitFor(migrationHolder);
  const back = `to take it back: ${calls.rollback(id)}`;
  // Those of other scripts are resumed by these, and what is on its way back goes on as that.
  const isOnward =
    id.startsWith("v3-") && !(await isGoingBack(join(places.baseDir, "migrations", id)));
  return isOnward ? `to go on with it: ${calls.migrate("--resume")}\n${back}` : back;
}

async function isGoingBack(migrationDir: string): Promise<boolean> {
  try {
    return (await loadMigration(migrationDir)).state === "rolling-back";
  } catch {
    // Whoever goes on with it is told what is wrong with it.
    return false;
  }
}

/**
 * A migration that has not ended may be running still; then its holder is who to tell about.
 *
 * @throws {ToolkitError} refused, naming the process that holds the lock, or what the disk said
 */
export async function refuseRunning({ places, openMigrations }: Inventory): Promise<void> {
  const [migration] = openMigrations;
  if (migration === undefined) return;
  const holder = { pid: process.pid, command: "migrate", startedAt: new Date().toISOString() };
  const file = join(places.baseDir, "migrations", ".lock");
  try {
    releaseRunLock(await takeRunLock(realDisk, file, { ...holder, migration }));
  } catch (error) {
    throw nothingChanged(migration, error);
  }
}

/** @throws {ToolkitError} refused, while AO or one of its sessions is live */
export function refuseLive(inventory: Inventory, force: string): void {
  const reasons = liveReasons(inventory);
  if (reasons.length === 0) return;
  const shown = reasons.slice(0, 3).join("; ");
  const more = reasons.length > 3 ? ` and ${reasons.length - 3} more` : "";
  throw new ToolkitError("refused", `Cannot migrate: AO is live (${shown}${more})`, {
    hint: `stop AO and its sessions, or go on all the same with: ${force}`,
  });
}

/** One line for everything live: AO itself and the sessions that run. Empty when all is quiet. */
export function liveReasons(inventory: Inventory): string[] {
  const reasons: string[] = [];
  const { running, tmux } = inventory;
  if (running?.isAo === true) reasons.push(`AO runs as pid ${running.pid}`);
  const names = new Set((tmux ?? []).map(({ name }) => name));
  for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
    const files =
      dir.orchestrator === undefined ? dir.sessions : [...dir.sessions, dir.orchestrator];
    for (const { fields, sessionId } of files) {
      const called = [...tmuxFields.map((field) => fields[field]), sessionId];
      const name = called.find((one) => names.has(one ?? ""));
      if (name === undefined) continue;
      names.delete(name);
      reasons.push(`session ${sessionId} runs in tmux as ${name}`);
    }
  }
  return reasons;
}
