/** The feedback that a command line gives. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describeError, type Place, ToolkitError } from "../errors.ts";
import { decodeUtf8 } from "../utf8.ts";
import { decisionText } from "./builtin/source.ts";
import type { Feedback } from "./state.ts";

/**
 * Exactly one of the three; a file's text is kept as it is.
 *
 * @param cwd from where the file is meant
 * @throws ToolkitError `usage`
 */
export function readFeedback(
  given: { message?: string; file?: string; decide: readonly string[] },
  cwd: string,
): Pick<Feedback, "text" | "source"> {
  const { message, decide } = given;
  const file = given.file === undefined ? undefined : resolve(cwd, given.file);
  if (message !== undefined) return { text: message, source: "message" };
  if (file !== undefined) {
    return { text: textOf(file), source: "file" };
  }
  if (decide.length === 0) {
    throw new ToolkitError("usage", "Cannot refine: give --message, --file or --decide");
  }
  const lines = decide.map((answer) => {
    // Keys may hold "=" (paths, URLs); values never do.
    const at = answer.lastIndexOf("=");
    if (at > 0) return decisionText(answer.slice(0, at), answer.slice(at + 1));
    throw new ToolkitError("usage", `Cannot read --decide "${answer}": it is not KEY=VALUE`);
  });
  return { text: lines.join("\n"), source: "message" };
}

function textOf(file: string): string {
  const refuse = (detail: string, more: { cause?: unknown; place?: Place } = {}): never => {
    throw new ToolkitError("usage", `Cannot read "${file}": ${detail}`, more);
  };
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    return refuse(describeError(cause), { cause });
  }
  const decoded = decodeUtf8(bytes);
  if ("text" in decoded) return decoded.text;
  const { line, column } = decoded.fault;
  return refuse("it is not UTF-8, and is to be kept as it is", { place: { file, line, column } });
}
