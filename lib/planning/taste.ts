/** Taste: how the owner of a project likes plans and changes to be, told in every prompt. */

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describeError, errorCode, ToolkitError } from "../errors.ts";
import { liveName } from "./site.ts";

/** Beside the plans, and so the same for everybody who has the project. */
export const tasteName = "taste.md";

export interface TastePlaces {
  /** As it was named, from `cwd`; then it has to be there. */
  file: string | undefined;
  cwd: string;
  root: string;
  home: string;
}

/**
 * The first of these that there is: the file that was named, `ROOT/migrations/taste.md`,
 * `HOME/.config/ao-toolkit/taste.md`. Null when there is none, or nothing in it.
 *
 * @throws ToolkitError `invalid` for one that cannot be read
 */
export function readTaste({ file, cwd, root, home }: TastePlaces): string | null {
  const named = file === undefined ? null : resolve(cwd, file);
  const places = [
    join(root, liveName, tasteName),
    resolve(cwd, home, ".config/ao-toolkit", tasteName),
  ];
  for (const path of named === null ? places : [named]) {
    const text = textAt(path, named !== null);
    if (text !== null) return text.trim() === "" ? null : text.trim();
  }
  return null;
}

function textAt(path: string, mustExist: boolean): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    const code = errorCode(cause);
    if (!mustExist && (code === "ENOENT" || code === "ENOTDIR")) return null;
    const isText = code !== "ERR_ENCODING_INVALID_ENCODED_DATA";
    const detail = isText ? describeError(cause) : "it is not UTF-8";
    throw new ToolkitError("invalid", `Cannot read taste "${path}": ${detail}`, {
      place: { file: path },
      cause,
    });
  }
}
