/** Writes a report to a file whose name says the format. */

import { writeFileSync } from "node:fs";
import { extname, resolve } from "node:path";
import { describeError, ToolkitError } from "../errors.ts";
import type { DoctorDocument } from "./document.ts";
import type { FleetDocument } from "./fleet-document.ts";

type Report = { doctor: DoctorDocument } | { fleet: FleetDocument };

const extensions = [".json", ".md", ".html"];

/** @throws ToolkitError `usage` when a name says no format, before any check has been run */
export function checkOutputs(files: readonly string[]): void {
  const file = files.find((name) => !extensions.includes(extname(name)));
  if (file === undefined) return;
  throw new ToolkitError("usage", `Cannot write "${file}": no format has that extension`, {
    hint: `one of ${extensions.join(", ")}`,
  });
}

/** @throws ToolkitError `invalid` when the file cannot be written */
export async function writeReport(file: string, cwd: string, report: Report): Promise<void> {
  const path = resolve(cwd, file);
  const text = await render(extname(file), report);
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new ToolkitError("invalid", `Cannot write "${path}": ${describeError(cause)}`, { cause });
  }
}

async function render(extension: string, report: Report): Promise<string> {
  if (extension === ".json") {
    return `${JSON.stringify("doctor" in report ? report.doctor : report.fleet, null, 2)}\n`;
  }
  if (extension === ".md") {
    const { doctorMarkdown, fleetMarkdown } = await import("./report-markdown.ts");
    return "doctor" in report ? doctorMarkdown(report.doctor) : fleetMarkdown(report.fleet);
  }
  if ("doctor" in report) return (await import("./page.ts")).doctorPage(report.doctor);
  return (await import("./fleet-page.ts")).fleetPage(report.fleet);
}
