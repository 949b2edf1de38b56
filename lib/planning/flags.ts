/** The flags of the commands on staged plans. */

import { efforts } from "./effort.ts";

export const rootFlag = {
  root: {
    type: "string",
    valueName: "DIR",
    description: "The directory whose migrations/ holds the plans (default: the current one)",
  },
} as const;

export const withFlag = {
  with: {
    type: "string",
    valueName: "CMD",
    description:
      "Who plans: a shell command that reads the prompt and prints its answer, or builtin",
  },
  taste: {
    type: "string",
    valueName: "FILE",
    description:
      "What you like in plans, for the prompts (default: ROOT/migrations/taste.md, then HOME/.config/ao-toolkit/taste.md)",
  },
  model: { type: "string", valueName: "NAME", description: "Recorded with what is accepted" },
  timeout: {
    type: "integer",
    valueName: "SECONDS",
    min: 1,
    default: 1800,
    description: "Kill the command after this time",
  },
  idleTimeout: {
    type: "integer",
    valueName: "SECONDS",
    min: 1,
    default: 300,
    description: "Kill the command when it prints nothing for this long",
  },
} as const;

export const migrationWord = {
  migration: {
    description: "Slug or path of a migration; storage or task-sessions: what comes at once",
    complete: "plans",
    required: true,
  },
} as const;

export const listFlags = {
  status: {
    type: "string",
    valueName: "STATUS",
    description: "Only those with this status, such as ready or done",
  },
  awaitingReview: { type: "boolean", description: "Only those that await a review" },
  headers: { type: "boolean", default: true, description: "Leave out the first line" },
} as const;

export const doctorFlags = {
  all: { type: "boolean", description: "Every migration, and what publishing left behind" },
  fix: { type: "boolean", description: "Mend what is mechanical" },
} as const;

export const reviewFlags = {
  hold: {
    type: "string",
    valueName: "REASON",
    description: "Hold it back until it is reviewed",
    excludes: ["with"],
  },
} as const;

export const refineFlags = {
  message: {
    type: "string",
    valueName: "TEXT",
    description: "The feedback",
    excludes: ["file", "decide"],
  },
  file: {
    type: "string",
    valueName: "FILE",
    description: "A file with the feedback, kept as it is",
    excludes: ["decide"],
  },
  decide: {
    type: "string",
    valueName: "KEY=VALUE",
    repeat: true,
    description: "Answer a decision of the plan",
  },
} as const;

/** For what may change the plan's own files in a git work tree. */
export const commitFlag = {
  commit: { type: "boolean", description: "Commit the migration's own files with git" },
} as const;

/** What only `tick` has. */
export const tickFlags = {
  steps: { type: "integer", valueName: "N", min: 1, default: 1, description: "At most so many" },
  effort: {
    type: "enum",
    options: efforts,
    valueName: "TIER",
    default: "low",
    description: "At least this",
  },
  maxEffort: {
    type: "enum",
    options: efforts,
    valueName: "TIER",
    default: "xhigh",
    description: "Phases that need more are put off",
  },
  validate: {
    type: "string",
    valueName: "CMD",
    description: "Run after a phase; when it fails the phase is taken back (no shell)",
  },
  attempts: {
    type: "integer",
    valueName: "N",
    min: 0,
    default: 1,
    description: "Tries of a phase; 0 is no limit",
  },
  ...commitFlag,
} as const;

export const tickWords = {
  migration: { description: "Only this one (default: the oldest that is due)", complete: "plans" },
} as const;
