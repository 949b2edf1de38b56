/** Names that come from the command line and become branches, files and tmux names. */

import { ToolkitError } from "../errors.ts";

/**
 * The branch of an issue: `feat/INT-100`.
 *
 * An issue is held to letters, digits, `.`, `_`, `-` and single `/`, so that neither git nor a
 * shell nor key=value text can take it for more than a name.
 *
 * @throws ToolkitError `usage` for any other
 */
export function branchOf(issue: string): string {
  if (isIssue(issue)) return `feat/${issue}`;
  throw new ToolkitError("usage", `Cannot use issue "${issue}": it cannot be part of a branch`, {
    hint: "an issue is letters, digits, and . _ - / between them, such as INT-100",
  });
}

function isIssue(text: string): boolean {
  if (text.length > 100 || text.includes("..")) return false;
  // Git refuses parts that end so.
  if (text.split("/").some((part) => /(^\.|\.$|\.lock$)/.test(part))) return false;
  return /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9_][\w.-]*)*$/.test(text);
}

/**
 * Refuses a configured branch that could be anything but a branch.
 *
 * @throws ToolkitError `invalid`
 */
export function checkBranch(branch: string, file: string): void {
  const parts = branch.split("/");
  const isRef =
    /^[^\s~^:?*[\\\p{Cc}]+$/u.test(branch) &&
    !/\.\.|@\{|\.$/.test(branch) &&
    parts.every((part) => part !== "" && !/^[.-]|\.lock$/.test(part));
  if (isRef) return;
  throw new ToolkitError("invalid", `Cannot use defaultBranch "${branch}": it is no branch name`, {
    hint: `correct it in ${file}`,
    place: { file },
  });
}

/** Time in metadata, to the second: `2026-02-17T10:30:00Z`. */
export function timeText(now: Date): string {
  return now.toISOString().replace(/\.\d+Z$/, "Z");
}

/** Name of an archived session's file, as AO's own core gives it. */
export function archiveName(sessionId: string, now: Date, extension: "" | ".json"): string {
  return `${sessionId}_${now.toISOString().replace(/[:.]/g, "-")}${extension}`;
}
