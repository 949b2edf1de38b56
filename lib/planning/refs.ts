/**
 * Refs: how the state names a file of its migration. A ref is relative to the root and names the
 * file's live place, also while the state is still in a workspace; so it means the same everywhere.
 */

import { isAbsolute, join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { isInside } from "../paths.ts";
import { liveName } from "./site.ts";

/** What a state's refs are checked against. */
export interface RefScope {
  disk: Disk;
  slug: string;
  /** The directory that holds this copy of the migration: live, workspace or staged. */
  dir: string;
}

/** The ref of a file, given relative to its migration. */
export function refTo(slug: string, file: string): string {
  return `${liveName}/${slug}/${file}`;
}

/** Whether a relative path can be that of something inside a directory. */
export function mayBeInside(path: string): boolean {
  if (path.includes("\0")) return false;
  const parts = path.split("/");
  // No system takes longer names, and most take no longer paths than four times that.
  if (parts.some((part) => Buffer.byteLength(part) > 255) || path.length > 1024) return false;
  return path !== "" && path !== "." && !isAbsolute(path) && !parts.includes("..");
}

/** What is wrong with a ref by itself, or null. */
export function refSyntaxFault(ref: string): string | null {
  if (ref === "" || ref === ".") return "names no file";
  if (isAbsolute(ref)) return `"${ref}" must not be absolute`;
  if (/\p{Cc}|\\/u.test(ref)) return "holds characters that no ref has";
  const parts = ref.split("/");
  if (parts.includes("..")) return `"${ref}" must not lead upwards`;
  if (parts.includes("") || parts.includes(".")) return `"${ref}" is not a plain path`;
  return mayBeInside(ref) ? null : "names no file: it is too long";
}

/** The file that a ref names in this copy. The ref must be sound. */
export function fileOf(scope: RefScope, ref: string): string {
  return join(scope.dir, ref.slice(`${liveName}/${scope.slug}/`.length));
}

/** What is wrong with a ref in its migration, or null when it leads to a regular file there. */
export function refFault(scope: RefScope, ref: string): string | null {
  const fault = refSyntaxFault(ref);
  if (fault !== null) return fault;
  if (!ref.startsWith(`${liveName}/${scope.slug}/`)) return `"${ref}" is outside the migration`;
  const { disk, dir } = scope;
  const file = fileOf(scope, ref);
  const stat = disk.lstat(file);
  if (stat === null) return `"${ref}" does not exist`;
  if (stat.kind !== "file") return `"${ref}" is a ${stat.kind}, not a file`;
  if (!isInside(disk.realPath(file), disk.realPath(dir))) return `"${ref}" leads out of the plan`;
  return null;
}
