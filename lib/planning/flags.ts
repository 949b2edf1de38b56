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
  migration: { description: "Slug or path of a migration", complete: "plans", required: true },
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
  commit: { type: "boolean", description: "Commit the migration's own files with git" },
} as const;

export const tickWords = {
  migration: { description: "Only this one (default: the oldest that is due)", complete: "plans" },
} as const;
