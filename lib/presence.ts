/** What is gone, told from what cannot be looked at. */

import { statSync } from "node:fs";
import { errorCode } from "./errors.ts";

const absent = new Set<string | undefined>(["ENOENT", "ENOTDIR", "ENAMETOOLONG"]);

/** Whether nothing is there for certain, links followed; without permission nobody can tell. */
export function isGone(path: string): boolean {
  try {
    statSync(path);
    return false;
  } catch (error) {
    return absent.has(errorCode(error));
  }
}
