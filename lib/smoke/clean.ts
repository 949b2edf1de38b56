/**
 * Removes what a run left behind when its runner was killed, by recorded ids only.
 */
import { existsSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { basename, dirname } from "node:path";
import { isAlive, killGroup, startTicks } from "./processes.ts";
import type { Entry, EntryOf, RunRecord } from "./record.ts";
import { markerVariable, removeSandbox } from "./sandbox.ts";
import { processesWith } from "./sweep.ts";

/** What was found and removed. */
export interface Cleaned {
  worlds: { world: string; root: string; processes: number[]; removedFolder: boolean }[];
}

/** Worlds of a record that were never closed, or were kept for a look. */
export function openWorlds(entries: readonly Entry[]): EntryOf<"world">[] {
  const open = new Map<string, EntryOf<"world">>();
  for (const entry of entries) {
    if (entry.type === "world") open.set(entry.root, entry);
    if (entry.type !== "closed" || entry.kept) continue;
    for (const [root, world] of open) if (world.world === entry.world) open.delete(root);
  }
  return [...open.values()];
}

/** Ends the recorded worlds' processes and removes their folders. */
export async function cleanWorlds(entries: readonly Entry[], record: RunRecord): Promise<Cleaned> {
  const worlds: Cleaned["worlds"] = [];
  for (const { world, root, marker } of openWorlds(entries)) {
    const recorded = entries.filter((one) => one.type === "process" && one.world === world);
    const own = recorded.flatMap((one) => (one.type === "process" && isSame(one) ? [one.pid] : []));
    const processes = [...new Set([...own, ...processesWith(markerVariable, marker)])];
    for (const pid of own) killGroup(pid);
    const there = existsSync(root);
    // A folder that does not look like one of ours is left alone, whatever the record says.
    const ours = /^w\w+$/.test(basename(root)) && dirname(root) !== "/";
    await removeSandbox({ root, marker }, true);
    if (ours) rmSync(root, { recursive: true, force: true });
    record.write({ type: "closed", world, left: [], kept: false });
    worlds.push({ world, root, processes, removedFolder: there && ours });
  }
  return { worlds };
}

/** A process id is given again sooner or later; only with its start time it names one process. */
function isSame({ pid, ticks }: EntryOf<"process">): boolean {
  return isAlive(pid) && ticks !== undefined && startTicks(pid) === ticks;
}

/** Cuts off a last line that was being written when the runner was killed. */
export function dropTornLine(file: string): void {
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end < bytes.length) truncateSync(file, end);
}
