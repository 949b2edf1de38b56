/** `.planning/state.json`: reading it strictly, and writing only what could be read back. */

import { join } from "node:path";
import type { Json } from "../edits.ts";
import { ToolkitError } from "../errors.ts";
import { type Field, formatDocument, readDocument } from "./document.ts";
import { type RefScope, refFault } from "./refs.ts";
import { makeDirs, saveFile } from "./save.ts";
import { type CompletedStep, type Feedback, historyFault, type PlanningState } from "./state.ts";
import { cursors, decisions, outcomes, stepNames } from "./steps.ts";

export const planningName = ".planning";
export const stateName = `${planningName}/state.json`;
const schemaVersion = 1;
const legacyAnchor = "revision_base_step_count";
const anchorList = "revision_base_step_counts";
const rootKeys = [
  "schema_version",
  "target",
  "next_step",
  "completed_steps",
  "started_at",
  "updated_at",
  "feedback",
  "review_findings",
  "final_decision",
  "final_reason",
  anchorList,
  legacyAnchor,
];

/**
 * Reads the state of one copy of a migration; null when there is none.
 *
 * @throws ToolkitError `invalid`, with its place, when anything in it is not as it must be
 */
export function loadState(scope: RefScope): PlanningState | null {
  const root = readDocument(scope.disk, join(scope.dir, stateName));
  return root === null ? null : readState(root, scope);
}

/** Reads the state in a document, refs and history included. */
export function readState(root: Field, scope: RefScope): PlanningState {
  root.object();
  // First of all, since a newer version may have other keys.
  checkVersion(root.get("schema_version"));
  root.object(rootKeys);
  const findings = root.get("review_findings");
  const decision = root.get("final_decision");
  for (const field of [findings, decision, root.get("final_reason")]) {
    if (field.isAbsent) field.fail("is missing");
  }
  const state: PlanningState = {
    target: root.get("target").string(),
    nextStep: root.get("next_step").oneOf(cursors),
    completedSteps: root.get("completed_steps").list().map(readStep),
    startedAt: root.get("started_at").string(),
    updatedAt: root.get("updated_at").string(),
    feedback: root.get("feedback").list().map(readFeedbackEntry),
    reviewFindings: findings.optionalString(),
    finalDecision: decision.isEmpty ? null : decision.oneOf(decisions),
    finalReason: root.get("final_reason").optionalString(),
    revisionBases: readAnchors(root),
  };
  for (const { keys, ref } of refsOf(state)) {
    const fault = refFault(scope, ref);
    if (fault !== null) follow(root, keys).fail(fault);
  }
  const fault = historyFault(state);
  if (fault !== null) follow(root, fault.pointer).fail(fault.detail);
  return state;
}

function checkVersion(field: Field): void {
  const version = field.integer();
  if (version > schemaVersion) {
    field.fail(`is ${version}; this toolkit knows ${schemaVersion}: use a newer one`);
  }
  if (version !== schemaVersion) field.fail(`must be ${schemaVersion}, not ${version}`);
}

function readStep(entry: Field): CompletedStep {
  const known = ["name", "completed_at", "outcome", "outputs", "agent", "model", "effort"];
  entry.object(known);
  const step: CompletedStep = {
    name: entry.get("name").oneOf(stepNames),
    completedAt: entry.get("completed_at").string(),
    outcome: entry.get("outcome").oneOf(outcomes),
    outputs: { stdout: entry.get("outputs").object(["stdout"]).get("stdout").string() },
  };
  for (const key of ["agent", "model", "effort"] as const) {
    const field = entry.get(key);
    if (!field.isAbsent) step[key] = field.string();
  }
  return step;
}

/** An entry of older files is the bare text. */
export function readFeedbackEntry(entry: Field): Feedback {
  if (typeof entry.value === "string") {
    return { receivedAt: "", source: "message", text: entry.value };
  }
  entry.object(["received_at", "source", "text"]);
  return {
    receivedAt: entry.get("received_at").string(),
    source: entry.get("source").oneOf(["message", "file"]),
    text: entry.get("text").string(),
  };
}

/** The list, or the single number that older files had in its place. */
function readAnchors(root: Field): number[] {
  const list = root.get(anchorList);
  const legacy = root.get(legacyAnchor);
  if (!legacy.isEmpty) {
    if (!list.isAbsent) legacy.fail(`and ${anchorList} are both there`);
    return [legacy.integer()];
  }
  return list.isAbsent ? [] : list.list().map((item) => item.integer());
}

function follow(root: Field, pointer: readonly string[]): Field {
  return pointer.reduce((field, key) => {
    // The single number of older files stands for the whole list.
    if (key === anchorList && field.get(key).isAbsent) return field.get(legacyAnchor);
    return field.value !== null && typeof field.value === "object" ? field.get(key) : field;
  }, root);
}

function refsOf(state: PlanningState): { keys: string[]; ref: string }[] {
  const refs = state.completedSteps.map((step, index) => ({
    keys: ["completed_steps", String(index), "outputs", "stdout"],
    ref: step.outputs.stdout,
  }));
  const { reviewFindings } = state;
  if (reviewFindings !== null) refs.push({ keys: ["review_findings"], ref: reviewFindings });
  return refs;
}

export function formatState(state: PlanningState): string {
  return formatDocument({
    schema_version: schemaVersion,
    target: state.target,
    next_step: state.nextStep,
    completed_steps: state.completedSteps.map(formatStep),
    started_at: state.startedAt,
    updated_at: state.updatedAt,
    feedback: state.feedback.map(formatFeedbackEntry),
    review_findings: state.reviewFindings,
    final_decision: state.finalDecision,
    final_reason: state.finalReason,
    [anchorList]: state.revisionBases,
  });
}

export function formatFeedbackEntry({ receivedAt, source, text }: Feedback): Json {
  return { received_at: receivedAt, source, text };
}

function formatStep(step: CompletedStep): Json {
  const { name, outcome, outputs, agent, model, effort } = step;
  return {
    name,
    completed_at: step.completedAt,
    outcome,
    outputs: { stdout: outputs.stdout },
    ...(agent === undefined ? {} : { agent }),
    ...(model === undefined ? {} : { model }),
    ...(effort === undefined ? {} : { effort }),
  };
}

/**
 * Writes the state.
 *
 * @throws ToolkitError `invalid`, before the disk is touched, when it could not be read back
 */
export function saveState(scope: RefScope, state: PlanningState): void {
  const file = join(scope.dir, stateName);
  const refuse = (detail: string): never => {
    throw new ToolkitError("invalid", `Cannot save "${file}": ${detail}`);
  };
  for (const { keys, ref } of refsOf(state)) {
    const fault = refFault(scope, ref);
    if (fault !== null) refuse(`${keys.join(".")} ${fault}`);
  }
  const fault = historyFault(state);
  if (fault !== null) refuse(`${fault.pointer.join(".")} ${fault.detail}`);
  makeDirs(scope.disk, join(scope.dir, planningName));
  saveFile(scope.disk, file, formatState(state));
}
