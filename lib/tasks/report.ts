/** What a migration of task sessions says: the lines of its dry run, and its summary. */

import { formatPlace } from "../errors.ts";
import { formatCount, printable } from "../text.ts";
import { rule } from "./operations-log.ts";
import type { PlannedSession, TaskPlan } from "./plan.ts";
import type { Remark } from "./remark.ts";

export const nothingFound = "No flat task session files found\n";

/** The dry run: what would be done with each file, then that nothing was. */
export function dryRunText(plan: TaskPlan): string {
  const closing =
    "This was a DRY RUN. No files were modified.\nRun without --dry-run to perform the migration.";
  return `${planText(plan)}\n${closing}\n`;
}

/** What would be done with each file, in order of version and file. */
export function planText({ sessions, problems }: TaskPlan): string {
  const blocks = [
    ...sessions.map((session) => ({ ...session, lines: plannedLines(session) })),
    ...problems.map((problem) => {
      const lines = [`Would leave it as it is: ${withoutFile(problem)}`];
      return { version: problem.version, file: problem.file ?? "task_sessions", lines };
    }),
  ];
  return blocks
    .map((block) => ({ ...block, name: `${block.version}/${block.file}` }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, lines }) => [`Processing: ${name}`, "-".repeat(70), ...lines].map(printable))
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

function plannedLines({ directory, directoryExists, file, kept }: PlannedSession): string[] {
  const lines = [
    `Would ${directoryExists ? "use existing" : "create"} directory: ${directory}`,
    `Would move ${file} to ${directory}/session.yml`,
  ];
  const createTask = `Would create ${directory}/task.yml (if source exists)`;
  lines.push(kept.includes("task.yml") ? `Would keep ${directory}/task.yml` : createTask);
  const verb = kept.includes("operations.log") ? "keep" : "create";
  lines.push(`Would ${verb} ${directory}/operations.log`);
  return lines;
}

/** The end of a migration. */
export function summaryText({ sessions, problems }: TaskPlan): string {
  const failed = problems.length;
  const lines = [
    rule,
    "Migration Summary",
    rule,
    `Total files processed: ${sessions.length + failed}`,
    `Successful migrations: ${sessions.length}`,
    `Failed migrations: ${failed}`,
    failed === 0
      ? "Migration completed successfully!"
      : "Migration completed, except for the failed files: they are as they were.",
    "Next steps:",
    "1. Verify migrated files in .workflow/versions/*/task_sessions/",
    "2. Check that each task has session.yml, task.yml, and operations.log",
    "3. Test the system to ensure compatibility",
  ];
  return `${lines.join("\n")}\n`;
}

/** A remark on one line: `file:line:column: message`, which does not name the file again. */
export function remarkLine({ place, message }: Remark): string {
  return printable(`${formatPlace(place)}: ${withoutFile({ place, message })}`);
}

function withoutFile({ place, message }: Remark): string {
  return message.replace(`"${place.file}"`, "it");
}

/** The first remarks as lines, and how many there are besides. */
export function remarkLines(remarks: readonly Remark[], limit: number): string[] {
  const lines = remarks.slice(0, limit).map(remarkLine);
  const more = remarks.length - limit;
  if (more > 0) lines.push(`${formatCount(more)} more warnings; --json has all of them`);
  return lines;
}
