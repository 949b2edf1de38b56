/** What is on a simulated disk now, as a world that plans can be made for. */

import { join } from "node:path";
import { patchYamlText } from "../../lib/yaml.ts";
import { basename } from "../change/paths.ts";
import type { Thing, World } from "../change/worlds.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";

/** Everything below a directory. */
export function readWorld(disk: SimulatedDisk, root: string): World {
  const world: World = new Map();
  const visit = (name: string): void => {
    const path = join(root, name);
    const stat = disk.lstat(path);
    if (stat === null) return;
    if (name !== "") world.set(name, thingAt(disk, path, stat.mode));
    if (stat.kind !== "directory") return;
    for (const child of disk.readDir(path).sort()) visit(name === "" ? child : `${name}/${child}`);
  };
  visit("");
  return world;
}

function thingAt(disk: SimulatedDisk, path: string, mode: number): Thing {
  const kind = disk.lstat(path)?.kind;
  if (kind === "directory") return { kind: "dir" };
  if (kind === "symlink") return { kind: "link", target: disk.readLink(path) };
  const text = textAt(disk, path);
  const plain: Thing = { kind: "text", text, mode };
  if (mode !== 0o644) return plain;
  if (path.endsWith(".json") && isObject(text)) return { kind: "json", text };
  if (path.endsWith(".jsonl") && hasDirectory(text)) return { kind: "lines", text };
  if (path.endsWith("config.yaml") && isRegistry(text)) return { kind: "yaml", text };
  return plain;
}

export function textAt(disk: SimulatedDisk, path: string): string {
  return Buffer.from(disk.readFile(path)).toString("utf8");
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value);
  } catch {
    return false;
  }
}

function hasDirectory(text: string): boolean {
  const [first = ""] = text.split("\n");
  return isObject(first) && typeof (JSON.parse(first) as { cwd?: unknown }).cwd === "string";
}

/** Whether an entry can be added, as plans do. */
function isRegistry(text: string): boolean {
  try {
    return patchYamlText(text, [{ pointer: "/projects/probe", after: "x" }]).conflicts.length === 0;
  } catch {
    return false;
  }
}

/** Paths of sessions that AO would find: JSON in a directory of sessions. */
export function sessionsIn(disk: SimulatedDisk, dir: string): string[] {
  const isHome = basename(dir) === "sessions";
  return disk.readDir(dir).flatMap((name) => {
    const path = join(dir, name);
    const kind = disk.lstat(path)?.kind;
    if (kind === "directory") return sessionsIn(disk, path);
    const isSession = isHome && kind === "file" && name.endsWith(".json");
    return isSession && isObject(textAt(disk, path)) ? [path] : [];
  });
}

/**
 * The texts of all files below a path. AO's locks, and what it did not finish writing, are
 * nobody's; the engine's records repeat words without being the user's bytes: of a migration only private files count.
 */
export function textsBelow(disk: SimulatedDisk, path: string): string[] {
  const kind = disk.lstat(path)?.kind;
  if (kind === "directory") {
    return disk.readDir(path).flatMap((name) => textsBelow(disk, join(path, name)));
  }
  const isRecord = path.startsWith("/base/migrations/") && !/\/(trash|staging)\//.test(path);
  const isAos = /\.(lock|tmp)$/.test(path);
  return kind !== "file" || isRecord || isAos ? [] : [textAt(disk, path)];
}
