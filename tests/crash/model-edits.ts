/** What a user does to a tree, each time with a word of its own to look for. */

import { join } from "node:path";
import { basename } from "../change/paths.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";
import { readWorld, textAt } from "./model-world.ts";

/** Which edit, and where. */
export type Edit = readonly [kind: number, where: number, to: number];

interface Place {
  disk: SimulatedDisk;
  /** Files and directories; locks are nobody's to edit. */
  files: string[];
  dirs: string[];
  edit: Edit;
  word: string;
}

const edits = [addFile, setStatus, addField, overwrite, append, rename, remove, addSession];

/** Edits the tree; the word is on the disk afterwards unless the edit is of another kind. */
export function editTree(disk: SimulatedDisk, root: string, edit: Edit, word: string): void {
  const world = [...readWorld(disk, root)].filter(([name]) => !/\.(lock|tmp)$/.test(name));
  const pathsOf = (isDir: boolean) =>
    world
      .filter(([, thing]) => thing.kind !== "link" && (thing.kind === "dir") === isDir)
      .map(([name]) => join(root, name));
  const place = { disk, files: pathsOf(false), dirs: [root, ...pathsOf(true)], edit, word };
  edits[edit[0] % edits.length]?.(place);
}

function fileOf({ files, edit }: Place): string | undefined {
  return files[edit[1] % Math.max(1, files.length)];
}

function dirOf({ dirs, edit }: Place): string {
  return dirs[edit[2] % dirs.length] ?? "";
}

function write(disk: SimulatedDisk, path: string, text: string): void {
  if (disk.lstat(path) === null) disk.writeNew(path, [Buffer.from(text)], { mode: 0o644 });
}

function addFile(place: Place): void {
  write(place.disk, join(dirOf(place), `user-${place.word}txt`), place.word);
}

function setStatus(place: Place): void {
  replaceIn(place, /"status": ?"[^"]*"/, `"status": "${place.word}"`);
}

function addField(place: Place): void {
  replaceIn(place, /^\{\n/, `{\n  "${place.word}": true,\n`);
}

function replaceIn(place: Place, pattern: RegExp, replacement: string): void {
  const file = fileOf(place);
  if (file === undefined) return;
  const text = textAt(place.disk, file);
  if (pattern.test(text)) place.disk.overwrite(file, text.replace(pattern, replacement));
}

function overwrite(place: Place): void {
  const file = fileOf(place);
  if (file !== undefined) place.disk.overwrite(file, place.word);
}

function append(place: Place): void {
  const file = fileOf(place);
  if (file !== undefined) place.disk.overwrite(file, `${textAt(place.disk, file)}\n${place.word}`);
}

function rename(place: Place): void {
  const file = fileOf(place);
  if (file === undefined) return;
  const to = join(dirOf(place), `${place.word}${basename(file)}`);
  if (place.disk.lstat(to) === null) place.disk.renameNoReplace(file, to);
}

function remove(place: Place): void {
  const file = fileOf(place);
  if (file !== undefined) place.disk.unlink(file);
}

/** As another program makes one. */
function addSession(place: Place): void {
  const homes = place.dirs.filter((dir) => basename(dir) === "sessions");
  const home = homes[place.edit[2] % Math.max(1, homes.length)];
  const session = { id: place.word, status: "working" };
  if (home === undefined) return;
  write(place.disk, join(home, `${place.word}json`), `${JSON.stringify(session, null, 2)}\n`);
}
