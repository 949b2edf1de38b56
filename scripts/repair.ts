#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * One-off repairs: lists the fixes of the doctor, and applies one by its name.
 *
 *     bun run scripts/repair.ts                           the fixes, and what each has to do
 *     bun run scripts/repair.ts worktree-links --dry-run  what one would do
 *     bun run scripts/repair.ts worktree-links            the same for real; asks first
 *
 * Exit codes: 0 mended or nothing to do, 1 something is left, 2 usage, 3 state that the fix needs is
 * unreadable, 4 refused, 5 stopped half-way, 130 cancelled.
 */

import { type Context, main, script } from "../lib/cli.ts";
import type { FixableCheck } from "../lib/doctor/check.ts";
import type { Facts } from "../lib/doctor/facts.ts";
import type { MendOptions } from "../lib/doctor/mend.ts";
import { type Outcome, ToolkitError } from "../lib/errors.ts";
import { plural, table } from "../lib/text.ts";
import manifest from "../package.json" with { type: "json" };

const args = {
  dryRun: {
    type: "boolean",
    description: "Show what would be done, and do nothing",
    excludes: ["resume"],
  },
  force: { type: "boolean", description: "Go on although AO or its sessions are live" },
  resume: { type: "boolean", description: "Finish the repair that was interrupted" },
} as const;

const positionals = {
  name: {
    description: "The fix, by name or by the id of its check (default: list them)",
    complete: "fixes",
  },
} as const;

type RepairContext = Context<typeof args, typeof positionals>;

const repair = script({
  name: "repair",
  summary: "List the fixes of the doctor, or apply one of them",
  description:
    "A fix does what the findings of its check need and nothing else. It is recorded as a migration, so it can be taken back.",
  args,
  positionals,
  examples: [
    { command: "", text: "The fixes, and what each has to do here" },
    { command: "worktree-links --dry-run", text: "What one would do" },
    { command: "worktree-links --yes", text: "Apply it without a question" },
  ],
  exits: { findings: "the fix was applied, and its check still finds something" },
  files: [{ path: "BASE/migrations/ID/", text: "plan, journal and trash of each repair" }],
  async run(context) {
    const { args } = context;
    if (args.resume && args.name !== undefined) {
      throw new ToolkitError("usage", `Cannot use "${args.name}": --resume takes no name`);
    }
    if (args.name === undefined && (args.dryRun || args.force)) {
      const flag = args.dryRun ? "--dry-run" : "--force";
      throw new ToolkitError("usage", `Cannot use "${flag}": it goes with the name of a fix`);
    }
    if (args.resume) return finish(context);
    if (args.name === undefined) return list(context);
    const { findFix } = await import("../lib/doctor/select.ts");
    return apply(context, findFix(args.name));
  },
});

async function list(context: RepairContext): Promise<Outcome> {
  const { allChecks } = await import("../lib/doctor/checks.ts");
  const { isFixable } = await import("../lib/doctor/check.ts");
  const { runChecks } = await import("../lib/doctor/run.ts");
  const { fixOf } = await import("../lib/doctor/repair-document.ts");
  const { out } = context;
  const { factsMaker } = await import("../lib/doctor/make-facts.ts");
  const makeFacts = factsMaker(context);
  const checks = allChecks.filter(isFixable);
  const results = await runChecks(checks, makeFacts());
  const counts = new Map(results.map(({ check, findings }) => [check.id, findings.length]));
  const unseen = results.filter(({ status }) => status === "skip" || status === "crash");
  const unknown = new Set(unseen.map(({ check }) => check.id));
  const fixes = checks.map((check) => ({ ...fixOf(check), findings: counts.get(check.id) ?? 0 }));
  const rows = fixes.map(({ name, check, findings, title, safe }) => {
    const due = findings === 0 ? "nothing to do" : `mends ${plural(findings, "finding")}`;
    return [name, check, unknown.has(check) ? "cannot be told" : due, safe ? "safe" : "", title];
  });
  const json = () => ({ schemaVersion: 1, fixes });
  out.result({ json, text: () => table(rows) });
  return "done";
}

async function apply(context: RepairContext, check: FixableCheck): Promise<Outcome> {
  const { remediesOf, repairAll } = await import("../lib/doctor/repairing.ts");
  const document = await import("../lib/doctor/repair-document.ts");
  const { planText, resultText } = await import("../lib/doctor/repair-text.ts");
  const { args, out, terminal } = context;
  const { factsMaker } = await import("../lib/doctor/make-facts.ts");
  const makeFacts = factsMaker(context);
  const facts = makeFacts();
  const remedies = await remediesOf([check], facts);
  if (args.dryRun) {
    const json = () => document.planDocument(remedies);
    out.result({ json, text: () => planText(remedies, out.style) });
    return "done";
  }
  if (remedies.some(({ operations }) => operations.length > 0)) {
    out.print(planText(remedies, out.style));
    const message = `Apply "${check.fix.name}"? One command takes it back.`;
    const go = await terminal.confirm({ message, flag: "--yes", yes: args.yes });
    if (!go) throw new ToolkitError("cancelled", "Cancelled: nothing was changed");
  }
  const mended = await repairAll(remedies, {
    ...mendOptions(context, facts),
    facts: makeFacts,
    force: args.force,
    forceCommand: facts.command("repair", check.fix.name, "--force"),
  });
  const undo = (id: string) => facts.command("rollback", id);
  out.result({
    json: () => document.resultDocument(mended, undo),
    text: () => resultText(mended, out.style, undo),
  });
  return mended.some(({ after }) => document.leftBy(after).length > 0) ? "findings" : "done";
}

async function finish(context: RepairContext): Promise<Outcome> {
  const { resumeRepair } = await import("../lib/doctor/mend.ts");
  const { factsMaker } = await import("../lib/doctor/make-facts.ts");
  const facts = factsMaker(context)();
  const done = await resumeRepair(facts, mendOptions(context, facts));
  const undo = facts.command("rollback", done.id);
  context.out.result({
    json: () => ({ schemaVersion: 1, ...done, undo }),
    text: () =>
      `Finished ${done.id}: ${done.title}, ${plural(done.operations, "operation")}.\nTake it back with:\n  ${undo}\n`,
  });
  return "done";
}

function mendOptions(context: RepairContext, facts: Facts): MendOptions {
  const { signal } = context;
  return {
    ...{ script: "repair", toolVersion: manifest.version, signal },
    commands: (id) => ({
      resume: facts.command("repair", "--resume"),
      rollback: facts.command("rollback", id),
    }),
  };
}

export default repair;
if (import.meta.main) await main(repair);
