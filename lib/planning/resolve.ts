/** Which migration a word on the command line means: its slug, or a path to it. */

import { isAbsolute, join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { type FastPathTarget, isFastPathTarget } from "./fast-path.ts";
import { recover } from "./recover.ts";
import { isEngineId, isSafeSegment, liveDirOf, liveName, type Site, skipsName } from "./site.ts";

/**
 * The slug that is meant.
 *
 * @throws ToolkitError `usage` when there is no such migration, when it is not one of this root's,
 * or when the word could mean two
 */
export function resolveSlug(site: Site, value: string): string {
  const refuse = (detail: string): never => {
    throw new ToolkitError("usage", `Cannot find the migration "${value}": ${detail}`, {
      hint: "give a slug that list shows, or the path of its folder",
    });
  };
  const slug = bySlug(site, value);
  const byPath = readPath(site, value, slug !== null);
  if (byPath !== null && "fault" in byPath) return refuse(byPath.fault);
  if (slug !== null && byPath !== null && byPath.slug !== slug) {
    return refuse(`it is a slug, and a path to "${byPath.slug}"`);
  }
  const found = slug ?? byPath?.slug;
  if (found !== undefined) return found;
  if (isEngineId(value)) {
    refuse("it was carried out at once; rollback looks at it and takes it back");
  }
  if (isFastPathTarget(value)) refuse("it has no steps; list, show, review and refine know it");
  const skipped = isSafeSegment(value) ? join(liveDirOf(site), skipsName, value) : null;
  const isSkipped = skipped !== null && site.disk.lstat(skipped)?.kind === "directory";
  return refuse(isSkipped ? `it was rejected (${skipped})` : "it does not exist");
}

/**
 * As {@link resolveSlug}, also for a plan whose publish was cut short before it was there.
 *
 * @throws ToolkitError as {@link resolveSlug}, or `interrupted` when the disk fails
 */
export function settledSlug(site: Site, value: string): string {
  try {
    return resolveSlug(site, value);
  } catch (error) {
    if (recover(site).length === 0) throw error;
    return resolveSlug(site, value);
  }
}

/**
 * Refuses a word for the fast path that is the slug of a plan too.
 *
 * @throws ToolkitError `usage`
 */
export function refuseTwice(site: Site, word: FastPathTarget): void {
  if (bySlug(site, word) === null) return;
  throw new ToolkitError("usage", `Cannot tell what "${word}" means: a plan has that name too`, {
    hint: `the plan is ${liveName}/${word}; to reach the fast path rename its folder`,
  });
}

function bySlug(site: Site, value: string): string | null {
  if (!isSafeSegment(value)) return null;
  const stat = site.disk.lstat(join(liveDirOf(site), value));
  return stat?.kind === "directory" ? value : null;
}

/** The path reading; null when the value is no path at all. */
function readPath(
  site: Site,
  value: string,
  isSlug: boolean,
): { slug: string } | { fault: string } | null {
  const { disk, root } = site;
  const looksLikePath = isAbsolute(value) || value.includes("/") || value.startsWith(".");
  const path = isAbsolute(value) ? value : join(root, value);
  if (!looksLikePath && (value === "" || disk.lstat(path) === null)) return null;
  if (value.split("/").includes("..")) return { fault: "a path must not lead upwards" };
  const stat = disk.lstat(path);
  if (stat === null) return { fault: "there is nothing at that path" };
  if (stat.kind === "symlink" && !isSlug) return { fault: "it is a symbolic link" };
  let real: string;
  try {
    real = disk.realPath(path);
  } catch {
    return { fault: "it is a symbolic link to nothing" };
  }
  const live = disk.lstat(liveDirOf(site)) === null ? null : disk.realPath(liveDirOf(site));
  const slug = real.slice((live?.length ?? 0) + 1);
  // A slug stays one when an entry of the root happens to have its name too.
  if (live === null || real !== `${live}/${slug}` || !isSafeSegment(slug)) {
    return isSlug && stat.kind !== "symlink" ? null : { fault: `it is not inside ${live}` };
  }
  return disk.lstat(real)?.kind === "directory" ? { slug } : { fault: "it is no directory" };
}
