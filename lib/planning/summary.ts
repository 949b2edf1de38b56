/** Short summaries of what went wrong, without private paths and without an agent's own words. */

import { formatPlace, type ToolkitError } from "../errors.ts";
import type { Site } from "./site.ts";

/** The message of an error with the place that it has: `file:line:column`. */
export function locatedMessage({ message, place }: ToolkitError): string {
  if (place === undefined) return message;
  return message.replace(`"${place.file}"`, `"${formatPlace(place)}"`);
}

/** One line of at most 240 characters; the root and temporary places are replaced. */
export function sanitised(site: Pick<Site, "root">, text: string): string {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*[$>] /.test(line));
  const line = lines
    .join(" ")
    .replaceAll(site.root, "<repo>")
    .replace(/\/(?:private\/)?(?:var\/)?tmp\/[^\s"':,;)]*/g, "<tmp>")
    .replace(/\s+/g, " ")
    .trim();
  return line.length <= 240 ? line : `${line.slice(0, 239)}…`;
}
