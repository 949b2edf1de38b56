/**
 * Workflow commands of GitHub Actions: lines of a log that the runner turns into annotations and
 * groups (docs.github.com, "Workflow commands for GitHub Actions").
 *
 * The runner takes commands from any line that begins with `::`, and older ones (`##[…]`) from the
 * middle of any line. Text from a disk is therefore either escaped into the data of a command or
 * stands where commands are switched off.
 */

import { isAbsolute, relative } from "node:path";
import { printable } from "./text.ts";

/** Where in the workspace an annotation belongs; empty when it is elsewhere. */
export interface WorkspacePlace {
  /** From the workspace, with `/`. */
  file?: string;
  line?: number;
  column?: number;
}

export interface Annotation extends WorkspacePlace {
  level: "error" | "warning" | "notice";
  title: string;
  /** May hold line breaks. */
  message: string;
}

/** The annotation as one line, which nothing in its parts can end. */
export function annotation({ level, title, message, file, line, column }: Annotation): string {
  const properties = { file, line, col: column, title };
  const given = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${property(String(value))}`);
  return `::${level} ${given.join(",")}::${data(message)}`;
}

/**
 * Text that the log folds under a title, with commands switched off inside.
 *
 * @param token switches commands on again, so nothing in the text may know it: make a new one
 */
export function logGroup(title: string, text: string, token: string): string {
  const shown = text.split("\n").map(plainLine).join("\n").trimEnd();
  const lines = [`::group::${data(title)}`, `::stop-commands::${token}`, shown, `::${token}::`];
  return [...lines, "::endgroup::"].join("\n");
}

/** Text for a log in which no line is a command, for where they cannot be switched off. */
export function withoutCommands(text: string): string {
  return text.replaceAll("##[", "## [").replace(/^(\s*):(?=:)/gm, "$1: ");
}

/** The place of a `file:line:column` that is below the workspace. */
export function placeBelow(ref: string, workspace: string): WorkspacePlace {
  const [, path = "", line, column] = /^(.*?)(?::(\d+))?(?::(\d+))?$/s.exec(ref) ?? [];
  if (!isAbsolute(path)) return {};
  const file = relative(workspace, path);
  if (file === "" || file.startsWith("..") || isAbsolute(file)) return {};
  return {
    file,
    ...(line !== undefined && { line: Number(line) }),
    ...(column !== undefined && { column: Number(column) }),
  };
}

function data(text: string): string {
  const lines = text.split(/\r?\n/).map(plainLine).join("\n");
  return lines.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

/** Without colours; every other control is shown. */
function plainLine(text: string): string {
  return printable(Bun.stripANSI(text));
}
