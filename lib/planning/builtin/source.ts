/** What the built-in planner plans over: a target that turns a look at the disk into operations. */

import type { Operation } from "../../change/operation.ts";
import { ToolkitError } from "../../errors.ts";
import type { Feedback } from "../state.ts";
import type { DiskFacts } from "./space.ts";

/** Something that the plan cannot decide alone, with the answer it was made with. */
export interface OpenDecision {
  key: string;
  question: string;
  choices: { value: string; label: string }[];
  chosen: string;
  decidedBy: "default" | "user";
}

/** One step of the plan, which becomes one phase. */
export interface BuiltinPhase {
  /** `[a-z0-9-]+` */
  name: string;
  title: string;
  description: string;
  /** One line for each thing that changes. */
  details: string[];
  operations: Operation[];
}

export interface BuiltinPlan {
  /** Digest of the operations, 16 hex digits; of storage the `planId` that migrate shows. */
  readonly id: string;
  /** What it is about, in a sentence without its full stop. */
  title: string;
  /** Name of the script that would do the same at once. */
  script: string;
  phases: BuiltinPhase[];
  decisions: OpenDecision[];
  warnings: string[];
  /** What has to be mended first. */
  blockers: string[];
  /** What is at work on the disk now. */
  live: string[];
  /** Where operations may write. */
  roots: string[];
  /** What operations of this plan need of the disk, by default all; measured when it is asked. */
  measure(operations?: readonly Operation[]): DiskFacts;
}

/** A target of the built-in planner. */
export interface BuiltinSource {
  /** Word by which it is asked for: `storage`, `task-sessions`. */
  target: string;
  /** Looks at the disk and plans; the same disk, moment and answers give the same plan. */
  plan(options: { now: Date; answers: ReadonlyMap<string, string> }): Promise<BuiltinPlan>;
}

const decided = /^decide (.+)=([^=\n]*)$/;

/** The feedback that records an answer. */
export function decisionText(key: string, value: string): string {
  return `decide ${key}=${value}`;
}

/**
 * Refuses feedback that answers what a plan does not ask.
 *
 * @throws ToolkitError `usage` with what it does ask
 */
export function refuseUnasked({ decisions }: BuiltinPlan, feedback: Feedback): void {
  const asked = new Set(decisions.map(({ key }) => key));
  const unasked = [...answersIn([feedback]).keys()].find((key) => !asked.has(key));
  if (unasked === undefined) return;
  throw new ToolkitError("usage", `Cannot decide "${unasked}": the plan does not ask that`, {
    hint: asked.size === 0 ? "it asks nothing" : `it asks: ${[...asked].join(", ")}`,
  });
}

/** The answers recorded in feedback; a later one counts. Keys may hold `=`, values never do. */
export function answersIn(feedback: readonly Feedback[]): Map<string, string> {
  const answers = new Map<string, string>();
  for (const { text } of feedback) {
    for (const line of text.split(/\r?\n/)) {
      const [, key, value] = decided.exec(line) ?? [];
      if (key !== undefined && value !== undefined) answers.set(key, value);
    }
  }
  return answers;
}
