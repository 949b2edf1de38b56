/** Writes a run's reports beside its record, or to a file whose name says the format. */
import { writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { describeError, ToolkitError } from "../../errors.ts";
import type { RunResult } from "../results.ts";
import { runPage } from "./html.ts";
import { ctrf, junit, tap } from "./machine.ts";
import { markdownParts } from "./markdown.ts";

const byExtension: Record<string, (result: RunResult, version: string) => string> = {
  ".md": (result) => markdownParts(result).join("\n---\n\n"),
  ".json": (result, version) => `${JSON.stringify(ctrf(result, version), null, 2)}\n`,
  ".xml": (result) => junit(result),
  ".tap": (result) => tap(result),
  ".html": (result) => runPage(result),
};

/**
 * Writes every format into a folder; a Markdown report of several parts becomes several files.
 *
 * @returns the files, in the order in which people want them.
 */
export function writeReports(result: RunResult, folder: string, version: string): string[] {
  const parts = markdownParts(result);
  const names = parts.map((_, index) =>
    parts.length === 1 ? "report.md" : `report-${index + 1}.md`,
  );
  const files: [string, string][] = parts.map((text, index) => [names[index] ?? "report.md", text]);
  for (const [extension, make] of Object.entries(byExtension)) {
    if (extension !== ".md") files.push([`report${extension}`, make(result, version)]);
  }
  return files.map(([name, text]) => write(join(folder, name), text));
}

/**
 * Makes sure that a file's name says a format, so that a long walk is not made for nothing.
 *
 * @throws ToolkitError `usage` when its extension names none.
 */
export function checkReportName(file: string): void {
  if (extname(file) in byExtension) return;
  throw new ToolkitError("usage", `Cannot report to "${file}": no format has that extension`, {
    hint: `One of ${Object.keys(byExtension).join(", ")}.`,
  });
}

/**
 * Writes one report in the format that its name says.
 *
 * @throws ToolkitError as {@link checkReportName} does, and `invalid` when it cannot be written.
 */
export function writeReport(result: RunResult, file: string, version: string): string {
  checkReportName(file);
  return write(file, byExtension[extname(file)]?.(result, version) ?? "");
}

function write(file: string, text: string): string {
  try {
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  } catch (error) {
    throw new ToolkitError("invalid", `Cannot write report "${file}": ${describeError(error)}`, {
      cause: error,
    });
  }
}
