/**
 * The built-in planner: deterministic and offline. It answers the same questions as any other
 * agent, by looking at the disk instead of reading the prompt.
 */

import { join } from "node:path";
import type { Disk } from "../../change/disk.ts";
import type { Operation } from "../../change/operation.ts";
import { checkPlan } from "../../change/transaction.ts";
import { ToolkitError } from "../../errors.ts";
import { type Agent, AgentError, type AskRequest } from "../agent.ts";
import { formatOperations, operationsFileOf, readOperations } from "../operations-file.ts";
import { phaseDocuments } from "../phases.ts";
import { makeDirs, saveFile } from "../save.ts";
import type { PlanningState } from "../state.ts";
import type { StepName } from "../steps.ts";
import { lint, type Recorded } from "./lint.ts";
import { answersIn, type BuiltinPlan, type BuiltinSource, refuseUnasked } from "./source.ts";
import { obstacles } from "./space.ts";
import {
  choiceText,
  copyThenSwitchText,
  inPlaceText,
  operationsOf,
  phaseText,
  planText,
} from "./texts.ts";

export interface BuiltinOptions {
  disk: Disk;
  /** The source for a migration's target. @throws ToolkitError when there is none for it */
  sourceFor(target: string): BuiltinSource;
  /** The state of a live migration, for its phases. */
  stateOf(slug: string): PlanningState;
}

/** An agent that plans by itself. */
export function builtinAgent(options: BuiltinOptions): Agent {
  return {
    name: "builtin",
    async ask(request) {
      if (request.role === "phase.ready-check") return readyCheck(options, request);
      if (request.role === "phase.execute") return noOperations;
      const { step, state } = request.facts;
      if (step === undefined || state === undefined) {
        throw new ToolkitError("usage", `Cannot do "${request.role}" with the built-in planner`, {
          hint: "review without --with asks you",
        });
      }
      const plan = await planNow(options, state);
      return answer(options.disk, { request, step, state, plan });
    },
    async checkFeedback(state) {
      const last = state.feedback.at(-1);
      if (last !== undefined) refuseUnasked(await planNow(options, state), last);
    },
  };
}

/** A phase without recorded operations changes nothing. */
const noOperations = '```json\n{"operations": []}\n```\n';

function planNow(options: BuiltinOptions, state: PlanningState): Promise<BuiltinPlan> {
  const source = options.sourceFor(state.target);
  // The moment at which planning began, so that planning again gives the same operations.
  const now = new Date(state.startedAt);
  return source.plan({ now, answers: answersIn(state.feedback) });
}

interface Asked {
  request: AskRequest;
  step: StepName;
  state: PlanningState;
  plan: BuiltinPlan;
}

async function answer(disk: Disk, asked: Asked): Promise<string> {
  const { request, step, plan } = asked;
  const { cwd } = request;
  switch (step) {
    case "approaches":
      makeDirs(disk, join(cwd, "approaches"));
      saveFile(disk, join(cwd, "approaches/in-place.md"), inPlaceText(plan));
      saveFile(disk, join(cwd, "approaches/copy-then-switch.md"), copyThenSwitchText(plan));
      return `Two approaches to: ${plan.title}.\n`;
    case "pick-best":
      return choiceText(plan);
    case "expand":
    case "revise":
      return expand(disk, asked);
    case "review":
    case "review-2":
      return review(disk, asked);
    case "final-review":
      return decide(plan);
  }
}

/** Writes the plan, and a document with its operations for each phase. */
function expand(disk: Disk, { request, step, plan }: Asked): string {
  const { cwd, slug } = request;
  for (const { file } of phaseDocuments(disk, cwd)) {
    disk.unlink(join(cwd, file));
    const operations = join(cwd, operationsFileOf(file));
    if (disk.lstat(operations) !== null) disk.unlink(operations);
  }
  saveFile(disk, join(cwd, "plan.md"), planText(plan, step === "revise"));
  for (const [index, phase] of plan.phases.entries()) {
    const file = `phase-${index + 1}-${phase.name}.md`;
    const before = plan.phases[index - 1]?.name ?? null;
    saveFile(disk, join(cwd, file), phaseText(phase, index + 1, before));
    const { operations } = phase;
    const { script, roots } = plan;
    const recorded = { script, title: `${slug}: ${phase.title}`, roots, operations };
    saveFile(disk, join(cwd, operationsFileOf(file)), formatOperations(recorded));
  }
  return `${plan.title}: ${plan.phases.length} phases, ${operationsOf(plan)} operations.\n`;
}

async function review(disk: Disk, { request, plan, state }: Asked): Promise<string> {
  const recorded = await recordedOperations(disk, request.cwd);
  // A plan that was revised says which defaults it takes; a person sees them at the end.
  const isRevised = state.completedSteps.some(({ name }) => name === "revise");
  const findings = lint(recorded, plan, isRevised);
  if (findings.length === 0) return "no findings\n";
  return `${findings.map((finding, index) => `${index + 1}. ${finding}`).join("\n")}\n`;
}

async function recordedOperations(disk: Disk, dir: string): Promise<Recorded> {
  const recorded = new Map<string, Operation[]>();
  for (const { file, name } of phaseDocuments(disk, dir)) {
    recorded.set(name, (await readOperations(disk, dir, file))?.operations ?? []);
  }
  return recorded;
}

/** Small plans without open ends are approved; whatever a person should see goes to one. */
function decide(plan: BuiltinPlan): string {
  const line = (decision: string, reason: string) => `final-decision: ${decision} — ${reason}\n`;
  const [blocker] = plan.blockers;
  if (blocker !== undefined) return line("reject", `blocked: ${oneLine(blocker)}`);
  if (plan.phases.length === 0) return line("reject", "there is nothing to do");
  const reasons: string[] = [];
  const open = plan.decisions.filter(({ decidedBy }) => decidedBy === "default");
  if (open.length > 0) {
    reasons.push(`decisions taken by default: ${open.map(({ key }) => key).join(", ")}`);
  }
  reasons.push(...obstacles(plan.measure()));
  if (plan.warnings.length > 0) reasons.push(`warnings: ${plan.warnings.length}`);
  if (plan.live.length > 0) reasons.push(`at work now: ${plan.live.length}`);
  if (reasons.length > 0) return line("approve-needs-human", oneLine(reasons.join("; ")));
  return line("approve-auto", "every operation can be taken back, and nothing is left open");
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Whether the disk still is what the operations of the phase expect. */
async function readyCheck(options: BuiltinOptions, request: AskRequest): Promise<string> {
  const { phase } = request.facts;
  if (phase === undefined) {
    throw new AgentError("agent-infra-failure", request.role, "no phase", request.logDir);
  }
  const plan = await planNow(options, options.stateOf(request.slug));
  if (plan.live.length > 0) return `ready: no — at work now: ${oneLine(plan.live[0] ?? "")}\n`;
  const [blocker] = plan.blockers;
  if (blocker !== undefined) return `ready: no — blocked: ${oneLine(blocker)}\n`;
  const recorded = await readOperations(options.disk, request.cwd, phase.file);
  if (recorded === null) return "ready: yes — it changes nothing\n";
  const [obstacle] = obstacles(plan.measure(recorded.operations));
  if (obstacle !== undefined) return `ready: no — ${oneLine(obstacle)}\n`;
  const mismatches = await checkPlan({
    migrationDir: join(request.cwd, "nowhere"),
    // What is gone from the disk names no place any more; here nothing is written.
    roots: [...plan.roots, ...recorded.roots],
    disk: options.disk,
    plan: recorded,
  });
  const [first] = mismatches;
  if (first === undefined) return "ready: yes — every operation finds what it expects\n";
  const more = mismatches.length - 1;
  return `ready: unverifiable — the disk changed since it was planned: ${first.path}${more > 0 ? ` and ${more} more` : ""}\n`;
}
