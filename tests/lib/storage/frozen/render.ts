/** A plan as text: everything that a reader of the dry run, of its record or of the engine gets. */

import { inventoryDigest } from "../../../../lib/storage/digest.ts";
import type { Inventory } from "../../../../lib/storage/inventory.ts";
import { type StepId, selectSteps, stepIds } from "../../../../lib/storage/options.ts";
import { operationsOf, planStorage, type StoragePlan } from "../../../../lib/storage/plan.ts";
import { type PlanRecord, recordOf } from "../../../../lib/storage/record.ts";
import { plainStyle, planReport } from "../../../../lib/storage/report.ts";

const now = new Date("2026-11-21T10:00:00Z");

/** Plans from an inventory alone; git's link files are stood in for by one that names the move. */
function planOf(
  inventory: Inventory,
  answers: readonly [string, string][],
  steps: ReadonlySet<StepId> = new Set(stepIds),
): StoragePlan {
  return planStorage(inventory, {
    now,
    steps,
    answers: new Map(answers),
    linkFiles: ({ adminDir, from, to }) =>
      from === to ? [] : [{ path: `${adminDir}/gitdir`, before: from, after: to }],
  });
}

function section(title: string, items: readonly unknown[]): string[] {
  if (items.length === 0) return [];
  const lines = items.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
  return ["", title, ...lines.map((line) => `  ${line}`)];
}

function lined(plan: StoragePlan): string[] {
  return operationsOf(plan).map((operation) => JSON.stringify(operation));
}

/** What each other answer to each open question changes. */
function answersOf(inventory: Inventory, plan: StoragePlan): string[] {
  const usual = lined(plan);
  return plan.decisions.flatMap(({ key, choices, chosen }) =>
    choices
      .filter(({ value }) => value !== chosen)
      .flatMap(({ value }) => {
        const other = planOf(inventory, [[key, value]]);
        const operations = lined(other);
        return section(`Answered ${key}=${value}`, [
          ...usual.filter((line) => !operations.includes(line)).map((line) => `- ${line}`),
          ...operations.filter((line) => !usual.includes(line)).map((line) => `+ ${line}`),
          ...other.warnings.filter((line) => !plan.warnings.includes(line)),
        ]);
      }),
  );
}

/** How much each step alone, with what it needs, would do. */
function onlyOf(inventory: Inventory): string[] {
  return stepIds.map((id) => {
    const plan = planOf(inventory, [], selectSteps([id], []));
    const counts = plan.steps.map((step) => `${step.id} ${step.count}/${step.operations.length}`);
    return `${id}: ${counts.join(", ") || "nothing"}`;
  });
}

function recordLines({ inventory: found, totals, decisions, steps }: PlanRecord): string[] {
  const issues = [
    ...found.projects.flatMap((project) => project.issues),
    ...Object.values(found.hashDirIssues).flat(),
    ...found.globalConfigIssues,
    ...found.issues,
  ];
  const projects = found.projects.map(({ issues: _, ...project }) => project);
  return [
    ...section(
      "Issues",
      issues.map(({ kind, ref }) => `${kind} ${ref ?? "-"}`),
    ),
    ...section("Projects", projects),
    ...section("Stranded worktrees", found.strandedWorktrees),
    ...section("Others", [
      { ...found.totals, ...found.observability },
      { bare: found.bareHashDirs, migrated: found.migratedDirs, v1: found.v1HashDirs },
      { live: found.liveTmuxSessions, duplicates: found.duplicateRepos },
      totals,
    ]),
    ...section(
      "Steps",
      steps.map(({ order, id, count }) => `${order} ${id} ${count}`),
    ),
    ...section("Decisions", decisions),
  ];
}

/** The plan of an inventory, what it would be with other answers, and with single steps. */
export function planTextOf(inventory: Inventory): string {
  const nobody: [string, string] = ["nobody:asked", "this"];
  const plan = planOf(inventory, [nobody]);
  const record = recordOf(plan, {
    generatedAt: now,
    aoVersion: "0.0.0",
    inventoryDigest: () => inventoryDigest(inventory),
  });
  return [
    planReport(record, "AO storage migration", { style: plainStyle, verbose: true, columns: 100 }),
    planReport(record, "In short", { style: plainStyle, verbose: false, columns: 80 }),
    ...recordLines(record),
    ...section("Operations", lined(plan)),
    ...section("Alone", onlyOf(inventory)),
    ...answersOf(inventory, plan),
    ...section("Answers that nobody asked for", plan.unusedAnswers),
    "",
  ].join("\n");
}
