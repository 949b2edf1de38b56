/** The shapes of what the commands on staged plans print with `--json`. */

import * as v from "valibot";
import { efforts } from "./effort.ts";
import { fastPathTargets } from "./fast-path.ts";
import { statuses } from "./manifest.ts";
import { cursors, decisions, outcomes, stepNames } from "./steps.ts";

const text = v.string();
const textOrNull = v.nullable(text);
const version = v.literal(1);

export const listDocument = v.strictObject({
  schemaVersion: version,
  root: text,
  migrations: v.array(
    v.strictObject({
      kind: v.picklist(["plan", "operations"]),
      slug: text,
      status: text,
      cursor: textOrNull,
      awaitingReview: v.boolean(),
      lastTouch: textOrNull,
      cooldown: textOrNull,
      reason: textOrNull,
    }),
  ),
});

export const doctorDocument = v.strictObject({
  schemaVersion: version,
  root: text,
  fixed: v.array(text),
  findings: v.array(
    v.strictObject({
      slug: text,
      severity: v.picklist(["error", "warning", "info"]),
      mode: v.literal("doctor"),
      code: text,
      path: text,
      message: text,
    }),
  ),
});

const phase = v.strictObject({
  name: text,
  file: text,
  done: v.boolean(),
  precondition: text,
  requiredEffort: v.nullable(v.picklist(efforts)),
  effortReason: textOrNull,
});

const feedback = v.strictObject({
  receivedAt: text,
  source: v.picklist(["message", "file"]),
  text,
});

export const showDocument = v.strictObject({
  schemaVersion: version,
  slug: text,
  dir: text,
  manifest: v.strictObject({
    name: text,
    createdAt: text,
    lastTouch: text,
    wakeUpOn: textOrNull,
    cooldownUntil: textOrNull,
    awaitingHumanReview: v.boolean(),
    humanReviewReason: textOrNull,
    status: v.picklist(statuses),
    currentPhase: text,
    phases: v.array(phase),
  }),
  state: v.nullable(
    v.strictObject({
      target: text,
      nextStep: v.picklist(cursors),
      completedSteps: v.array(
        v.strictObject({
          name: v.picklist(stepNames),
          completedAt: text,
          outcome: v.picklist(outcomes),
          outputs: v.strictObject({ stdout: text }),
          agent: v.optional(text),
          model: v.optional(text),
          effort: v.optional(text),
        }),
      ),
      startedAt: text,
      updatedAt: text,
      feedback: v.array(feedback),
      reviewFindings: textOrNull,
      finalDecision: v.nullable(v.picklist(decisions)),
      finalReason: textOrNull,
      revisionBases: v.array(v.pipe(v.number(), v.integer())),
    }),
  ),
  recorded: v.array(text),
  rolledBack: v.array(
    v.strictObject({
      phase: text,
      migration: text,
      state: v.picklist(["rolling-back", "rolled-back", "partly-rolled-back"]),
    }),
  ),
  plan: textOrNull,
});

/** Of `new` and `refine`. */
export const stepDocument = v.strictObject({
  schemaVersion: version,
  slug: text,
  step: v.picklist(stepNames),
  outcome: v.picklist(outcomes),
  reason: textOrNull,
  next: v.picklist(cursors),
  logDir: text,
  notes: v.array(text),
});

export const reviewDocument = v.strictObject({
  schemaVersion: version,
  slug: text,
  held: v.boolean(),
  notes: v.array(text),
});

/** Of `show`, `review` and `refine` for what the fast path would carry out next. */
export const fastPathDocument = v.strictObject({
  schemaVersion: version,
  slug: v.picklist(fastPathTargets),
  awaitingReview: v.boolean(),
  reason: textOrNull,
  approvedPlan: textOrNull,
  planId: text,
  phases: v.array(
    v.strictObject({ name: text, title: text, operations: v.pipe(v.number(), v.integer()) }),
  ),
  decisions: v.array(
    v.strictObject({
      key: text,
      question: text,
      choices: v.array(text),
      chosen: text,
      decidedBy: v.picklist(["default", "user"]),
    }),
  ),
  warnings: v.array(text),
  blockers: v.array(text),
  feedback: v.array(feedback),
});

/** Of `tick`: what was done, in order. */
export const tickDocument = v.strictObject({
  schemaVersion: version,
  ticks: v.array(
    v.strictObject({
      outcome: v.picklist(["commit", "abandon", "blocked", "not-routed", "nothing"]),
      advice: v.picklist(["none", "new-target", "same-target", "human-review"]),
      role: text,
      failure: text,
      slug: textOrNull,
      summary: text,
      logs: v.array(text),
      recovered: v.array(text),
      deferred: v.array(v.strictObject({ slug: text, reason: text })),
      commit: v.nullable(v.strictObject({ subject: text, body: text })),
      next: textOrNull,
    }),
  ),
});
