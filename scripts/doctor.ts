#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * The doctor: looks at everything the toolkit knows and gives each finding a remedy.
 *
 *     bun run scripts/doctor.ts                    all checks, by section; changes nothing
 *     bun run scripts/doctor.ts --fix              applies the safe fixes, after showing them
 *     bun run scripts/doctor.ts --fix AO-WT-003    applies exactly this one
 *     bun run scripts/doctor.ts explain AO-WT-003  what, why, how found, how mended
 *     bun run scripts/doctor.ts --merge *.json     one report of many machines
 *
 * Exit codes: 0 healthy or only warnings, 1 a failure, 2 usage, 3 state that a fix needs, or a
 * report to merge, is unreadable, 4 a fix was refused, 5 a fix stopped half-way, 130 cancelled.
 */

import { lstatSync } from "node:fs";
import { type Context, command, main, script } from "../lib/cli.ts";
import type { FixableCheck } from "../lib/doctor/check.ts";
import type { Facts } from "../lib/doctor/facts.ts";
import type { CheckResult } from "../lib/doctor/run.ts";
import { type Outcome, ToolkitError } from "../lib/errors.ts";
import { nearest, plural, printable } from "../lib/text.ts";
import manifest from "../package.json" with { type: "json" };

const args = {
  only: {
    type: "string",
    valueName: "CHECK",
    complete: "checks",
    repeat: true,
    description: "Only this check (AO-WT-003) or section (worktrees)",
  },
  skip: {
    type: "string",
    valueName: "CHECK",
    complete: "checks",
    repeat: true,
    description: "Not this check or section",
  },
  listChecks: { type: "boolean", description: "List the checks, and run none", excludes: ["fix"] },
  fix: { type: "boolean", description: "Apply the safe fixes, or those of the checks named" },
  dryRun: { type: "boolean", description: "With --fix: show what would be done, and do nothing" },
  force: { type: "boolean", description: "With --fix: although AO or its sessions are live" },
  merge: {
    type: "boolean",
    description: "Make one report of files that doctor --json and migrate --json filled elsewhere",
    excludes: ["fix", "listChecks", "only", "skip"],
  },
  output: {
    type: "string",
    valueName: "FILE",
    repeat: true,
    description: "Also write the report there: .json, .md, or .html for a page",
    excludes: ["fix", "listChecks"],
  },
  format: {
    type: "enum",
    options: ["text", "github"],
    default: "text",
    valueName: "FORMAT",
    description: "github: findings as annotations of a workflow",
    excludes: ["fix", "listChecks", "merge", "json"],
  },
  verbose: { type: "boolean", description: "Show every finding" },
} as const;

const positionals = {
  check: {
    description: "With --fix: check or fix to apply (AO-WT-003); with --merge: a report",
    complete: "fixes",
    repeat: true,
  },
} as const;

type DoctorContext = Context<typeof args, typeof positionals>;

const explain = command({
  summary: "Say all there is to say about one check",
  positionals: {
    check: { description: "Its id (AO-WT-003)", complete: "checks", required: true },
  },
  examples: [{ command: "AO-WT-003", text: "What, why, how found, how mended" }],
  async run({ args, out }) {
    const { findCheck } = await import("../lib/doctor/select.ts");
    const { explanation } = await import("../lib/doctor/report-text.ts");
    const { checksDocument } = await import("../lib/doctor/document.ts");
    const check = findCheck(args.check);
    out.result({
      json: () => checksDocument([check]),
      text: () => explanation(check, out.style, out.columns()),
    });
    return "done";
  },
});

const doctor = script({
  name: "doctor",
  summary: "Look at tools, config and state of AO, and give each finding a remedy",
  description:
    "Without --fix nothing is written, except for a probe in the data directory of the Go rewrite that is removed at once. Every fix is recorded and can be taken back.",
  args,
  positionals,
  commands: { explain },
  examples: [
    { command: "", text: "Everything" },
    { command: "--only worktrees --only AO-RW-005", text: "One section and one check" },
    { command: "--fix", text: "Show and apply the safe fixes" },
    { command: "--fix AO-WT-003 --dry-run", text: "What one fix would do" },
    { command: "--json --skip tools", text: "For other programs" },
    { command: "--output doctor.html", text: "A page to look at and to send" },
    {
      command: "--merge reports/web-1.json reports/web-2.json",
      text: "One report of two machines",
    },
  ],
  exits: {
    findings: "a check failed or crashed; warnings and notes do not count",
    invalid: "state that a fix needs, or a file to merge, is unreadable or invalid",
  },
  files: [{ path: "BASE/migrations/ID/", text: "plan, journal and trash of each fix" }],
  async run(context) {
    const { args, out } = context;
    const fixFlag = [
      ["--dry-run", args.dryRun],
      ["--force", args.force],
      [args.check[0] ?? "", args.check.length > 0 && !args.merge],
    ].find(([, given]) => given);
    if (!args.fix && fixFlag !== undefined) {
      const meant = nearest(`${fixFlag[0]}`, ["explain"]);
      throw new ToolkitError("usage", `Cannot use "${fixFlag[0]}": it goes with --fix`, {
        hint: meant === undefined ? "one check alone: --only AO-WT-003" : `did you mean ${meant}?`,
      });
    }
    const { checkOutputs } = await import("../lib/doctor/write-report.ts");
    checkOutputs(args.output);
    if (args.merge) return merge(context);
    const { selectChecks } = await import("../lib/doctor/select.ts");
    const checks = selectChecks(args.only, args.skip);
    if (args.listChecks) {
      const { checkList } = await import("../lib/doctor/report-text.ts");
      const { checksDocument } = await import("../lib/doctor/document.ts");
      out.result({ json: () => checksDocument(checks), text: () => checkList(checks) });
      return "done";
    }
    const { factsMaker } = await import("../lib/doctor/make-facts.ts");
    const makeFacts = factsMaker(context);
    const { runChecks } = await import("../lib/doctor/run.ts");
    const facts = makeFacts();
    const results = await runChecks(checks, facts);
    return args.fix ? fix(context, results, makeFacts) : report(context, results, facts);
  },
});

/** Both forms of a report, and how the doctor ends with it. */
async function formsOf({ out, args }: DoctorContext, results: CheckResult[], facts: Facts) {
  const { documentOf, isHealthy } = await import("../lib/doctor/document.ts");
  const { reportText } = await import("../lib/doctor/report-text.ts");
  const { home, baseDir } = facts.places;
  const command = (name: string) => facts.command("repair", name);
  const about = { toolkitVersion: manifest.version, checkedAt: facts.now, home, baseDir, command };
  const outcome: Outcome = isHealthy(results) ? "done" : "findings";
  const view = { style: out.style, verbose: args.verbose, columns: out.columns(), command };
  // A mistyped place is healthy too.
  const hint = `No AO state in ${printable(baseDir)}.\nState elsewhere is named by --home DIR or --base-dir DIR.\n`;
  return {
    json: () => documentOf(results, about),
    text: () => reportText(results, view) + (isMissing(baseDir) ? hint : ""),
    outcome,
  };
}

/** Not so where the system does not let us look. */
function isMissing(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

async function report(
  context: DoctorContext,
  results: CheckResult[],
  facts: Facts,
): Promise<Outcome> {
  const { args, cwd, env, out } = context;
  const forms = await formsOf(context, results, facts);
  const { writeReport } = await import("../lib/doctor/write-report.ts");
  for (const file of args.output) await writeReport(file, cwd, { doctor: forms.json() });
  if (args.format === "github") {
    const { githubLog } = await import("../lib/doctor/annotations.ts");
    const text = githubLog(forms, env.GITHUB_WORKSPACE ?? cwd, crypto.randomUUID());
    out.result({ ...forms, text: () => text });
  } else out.result(forms);
  return forms.outcome;
}

/** Reports of many machines as one. */
async function merge({ args, cwd, out, invocation }: DoctorContext): Promise<Outcome> {
  if (args.check.length === 0) {
    throw new ToolkitError("usage", "Cannot merge: no report is named", {
      hint: `${invocation} --merge reports/*.json`,
    });
  }
  const { mergeReports } = await import("../lib/doctor/fleet.ts");
  const { fleetText } = await import("../lib/doctor/fleet-text.ts");
  const { writeReport } = await import("../lib/doctor/write-report.ts");
  const about = { cwd, toolkitVersion: manifest.version, mergedAt: new Date() };
  const fleet = mergeReports(args.check, about);
  for (const file of args.output) await writeReport(file, cwd, { fleet });
  const { verbose } = args;
  out.result({ json: () => fleet, text: () => fleetText(fleet, { style: out.style, verbose }) });
  if (fleet.machines.some(({ problems }) => problems.length > 0)) return "invalid";
  return fleet.healthy ? "done" : "findings";
}

/** The fixes that were named, else the safe ones of checks that found something. */
async function chosenFixes(named: string[], results: CheckResult[]): Promise<FixableCheck[]> {
  const { findFix } = await import("../lib/doctor/select.ts");
  const { isFixable } = await import("../lib/doctor/check.ts");
  if (named.length > 0) return [...new Set(named.map(findFix))];
  return results
    .filter(({ findings }) => findings.length > 0)
    .map(({ check }) => check)
    .filter(isFixable)
    .filter((check) => check.fix.safe);
}

async function fix(
  context: DoctorContext,
  results: CheckResult[],
  makeFacts: () => Facts,
): Promise<Outcome> {
  const { remediesOf, repairAll } = await import("../lib/doctor/repairing.ts");
  const { leftBy, planDocument, resultDocument } = await import("../lib/doctor/repair-document.ts");
  const { planText, resultText } = await import("../lib/doctor/repair-text.ts");
  const { args, out, terminal } = context;
  const facts = makeFacts();
  const remedies = await remediesOf(await chosenFixes(args.check, results), facts);
  const due = remedies.filter(({ operations }) => operations.length > 0);
  if (due.length === 0 && args.check.length === 0) return report(context, results, facts);
  if (args.dryRun) {
    out.result({ json: () => planDocument(remedies), text: () => planText(remedies, out.style) });
    return "done";
  }
  out.print(planText(remedies, out.style));
  if (due.length > 0) {
    const message = `Apply ${plural(due.length, "fix", "fixes")}? One command takes each back.`;
    const go = await terminal.confirm({ message, flag: "--yes", yes: args.yes });
    if (!go) throw new ToolkitError("cancelled", "Cancelled: nothing was changed");
  }
  const { signal } = context;
  const undo = (id: string) => facts.command("rollback", id);
  const done: string[] = [];
  const mending = repairAll(remedies, {
    ...{ script: "doctor", toolVersion: manifest.version, facts: makeFacts, signal },
    force: args.force,
    forceCommand: facts.command("doctor", "--fix", ...args.check, "--force"),
    commands: (id) => ({ resume: facts.command("repair", "--resume"), rollback: undo(id) }),
    onMended: ({ fix, id }) => done.push(`${fix} was mended before; to take it back: ${undo(id)}`),
  });
  const mended = await mending.catch((error: unknown) => {
    for (const line of done) terminal.note(line);
    throw error;
  });
  const { runChecks } = await import("../lib/doctor/run.ts");
  const checks = results.map(({ check }) => check);
  const now = makeFacts();
  const forms = await formsOf(context, await runChecks(checks, now), now);
  out.result({
    json: () => ({ ...resultDocument(mended, undo), report: forms.json() }),
    text: () => `${resultText(mended, out.style, undo)}\n${forms.text()}`,
  });
  return mended.some(({ after }) => leftBy(after).length > 0) ? "findings" : forms.outcome;
}

export default doctor;
if (import.meta.main) await main(doctor);
