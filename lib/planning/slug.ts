/** The slug of a new migration. */

import { ToolkitError } from "../errors.ts";
import { shellWord } from "../text.ts";
import { isFastPathTarget } from "./fast-path.ts";
import { recover } from "./recover.ts";
import { isEngineId, isSafeSegment, migrationDirOf, type Site } from "./site.ts";

/** From a description: `Tidy the shed!` gives `tidy-the-shed-20260304T050607` (local time). */
export function slugFor(description: string, now: Date): string {
  const words = description.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const trimmed = words
    .replace(/^-+|-+$/g, "")
    .slice(0, 40)
    .replace(/-+$/, "");
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `${trimmed || "migration"}-${date}T${time}`;
}

/**
 * Demands a slug that a new migration can have, once earlier runs are settled.
 *
 * @throws ToolkitError `usage` for an unsafe one, `refused` when something has it already
 */
export function checkNewSlug(site: Site, slug: string): void {
  // With a leading dash no command line could name it.
  const isNameable = isSafeSegment(slug) && !slug.startsWith("-");
  if (!isNameable || isEngineId(slug) || isFastPathTarget(slug)) {
    throw new ToolkitError("usage", `Cannot use "${slug}" as a slug: it is no safe name`, {
      hint: "one plain name, without a leading dot, dash or __, that means nothing else",
    });
  }
  // What an earlier run was cut short in may turn out to be there.
  recover(site);
  if (site.disk.lstat(migrationDirOf(site, slug)) !== null) {
    throw new ToolkitError("refused", `Cannot make "${slug}": it exists already`, {
      hint: `tick ${shellWord(slug)} goes on with it`,
    });
  }
}
