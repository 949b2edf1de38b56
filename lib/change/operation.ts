/**
 * The operation: the one way in which this toolkit changes a disk.
 *
 * An operation is data. It says what must be true before, what will be true after, and, through
 * `invert`, how to take it back. All paths are absolute and name the state of the disk at the
 * moment the operation runs, that is after every earlier operation of its plan.
 */

import type { Edit } from "../edits.ts";
import type { LinkFile } from "../git-links.ts";

export type Operation =
  /** absent → directory; an existing directory counts as done and is not removed on undo */
  | { op: "makeDir"; path: string }
  /** absent → file with this content; `encoding` default `utf8`, `mode` 0o644 less the umask */
  | {
      op: "create";
      path: string;
      content: string;
      encoding?: "utf8" | "base64";
      mode?: number;
    }
  /** source present, target absent → moved (file, directory or symlink; never replaces) */
  | { op: "move"; from: string; to: string }
  /** fields have these values → those; the rest stays byte for byte. `line` (1-based) picks a line of JSON Lines */
  | { op: "patchJson"; path: string; edits: Edit[]; line?: number }
  | { op: "patchYaml"; path: string; edits: Edit[] }
  /** present → moved into the migration's trash (the engine names the place) */
  | { op: "trash"; path: string }
  /** git's link files name the old place → the new one; `worktree` is where it stands now */
  | { op: "relinkWorktree"; repo: string; worktree: string; files: LinkFile[] }
  /** live tmux session renamed; a failure is a warning, never a stop */
  | { op: "renameTmux"; from: string; to: string };

export type OperationKind = Operation["op"];

/** The paths that an operation changes, its main one first, and those that it relies on. */
export interface Touched {
  writes: string[];
  needs: string[];
}

export function touchedBy(operation: Operation): Touched {
  switch (operation.op) {
    case "move":
      return { writes: [operation.from, operation.to], needs: [] };
    case "relinkWorktree":
      return { writes: operation.files.map((file) => file.path), needs: [operation.worktree] };
    case "renameTmux":
      return { writes: [], needs: [] };
    default:
      return { writes: [operation.path], needs: [] };
  }
}

/** The directory of a plain absolute path; in the engine's inner loops `dirname` would count. */
export function dirOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

/** What to call the operation in a message: the path it changes, or the session it renames. */
export function subjectOf(operation: Operation): string {
  switch (operation.op) {
    case "move":
    case "renameTmux":
      return operation.from;
    case "relinkWorktree":
      return operation.worktree;
    default:
      return operation.path;
  }
}

/**
 * The edits that take back these, last first. An edit whose field was absent before removes it.
 */
export function invertEdits(edits: readonly Edit[]): Edit[] {
  return edits.toReversed().map((edit) => {
    if (edit.rename !== undefined) {
      const cut = edit.pointer.lastIndexOf("/") + 1;
      const key = edit.rename.replaceAll("~", "~0").replaceAll("/", "~1");
      const old = edit.pointer.slice(cut).replaceAll("~1", "/").replaceAll("~0", "~");
      return { pointer: edit.pointer.slice(0, cut) + key, rename: old };
    }
    const inverse: Edit = { pointer: edit.pointer };
    if (edit.after !== undefined) inverse.before = edit.after;
    if (edit.before !== undefined) inverse.after = edit.before;
    return inverse;
  });
}
