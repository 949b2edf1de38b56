/** What a user may do to a tree after a migration, each with a word of its own to look for. */

import { dirname, join } from "node:path";
import type { Operation } from "../../lib/change/operation.ts";
import { touchedBy } from "../../lib/change/operation.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";

/** One edit: which kind, and where. */
export type UserEdit = readonly [kind: number, where: number];

/** Paths of files or directories below `root`, sorted; private ones of the engine are left out. */
function pathsOf(disk: SimulatedDisk, root: string, kind: "file" | "directory"): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    if (path.includes(".ao-test-")) return;
    const stat = disk.lstat(path);
    if (stat?.kind === kind) found.push(path);
    if (stat?.kind === "directory") {
      for (const name of disk.readDir(path).sort()) visit(join(path, name));
    }
  };
  visit(root);
  return found;
}

/** Edits the tree and returns the words that must be somewhere on the disk ever after. */
export function editAsUser(
  disk: SimulatedDisk,
  root: string,
  operations: readonly Operation[],
  edits: readonly UserEdit[],
): string[] {
  const words: string[] = [];
  for (const [number, [kind, where]] of edits.entries()) {
    const word = `word-${number}-${kind}`;
    const files = pathsOf(disk, root, "file");
    const dirs = pathsOf(disk, root, "directory");
    const file = files[where % Math.max(1, files.length)];
    const dir = dirs[where % dirs.length] ?? root;
    const operation = operations[where % Math.max(1, operations.length)];
    const old = operation === undefined ? undefined : touchedBy(operation).writes[0];
    if (kind === 0) write(disk, join(dir, `user-${number}`), word);
    else if (kind === 1 && file !== undefined) {
      const text = Buffer.from(disk.readFile(file)).toString("utf8");
      disk.overwrite(file, text.replace(/"status": "[^"]*"/, `"status": "${word}"`));
      if (!text.includes('"status"')) continue;
    } else if (kind === 2 && file !== undefined) {
      const text = Buffer.from(disk.readFile(file)).toString("utf8");
      if (!text.startsWith("{\n")) continue;
      disk.overwrite(file, text.replace("{\n", `{\n  "mine": "${word}",\n`));
    } else if (kind === 3 && old !== undefined && disk.lstat(dirname(old))?.kind === "directory") {
      if (disk.lstat(old) !== null) continue;
      write(disk, old, word);
    } else if (kind === 4 && file !== undefined) {
      const to = join(dir, `renamed-${number}`);
      if (disk.lstat(to) === null) disk.renameNoReplace(file, to);
      continue;
    } else if (kind === 5 && file !== undefined) disk.overwrite(file, word);
    else continue;
    words.push(word);
  }
  // A later edit of the same field or file may have taken an earlier word away.
  return words.filter((word) => holds(disk, root, word));
}

function write(disk: SimulatedDisk, path: string, text: string): void {
  disk.writeNew(path, [Buffer.from(text)], { mode: 0o644 });
}

/** Whether a word is in any file below a path. */
export function holds(disk: SimulatedDisk, path: string, word: string): boolean {
  const kind = disk.lstat(path)?.kind;
  if (kind === "directory") {
    return disk.readDir(path).some((name) => holds(disk, join(path, name), word));
  }
  return kind === "file" && Buffer.from(disk.readFile(path)).includes(word);
}
