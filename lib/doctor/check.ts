/**
 * The check: one thing that can be wrong, with everything there is to say about it.
 *
 * A check that has a fix finds only what its fix changes: the findings and the operations that mend
 * them come out of one run, so that report and repair can never disagree.
 */

import type { Operation } from "../change/operation.ts";
import type { IssueKind } from "../storage/drift.ts";
import type { Facts } from "./facts.ts";

/** Sections of the report, in its order. */
export const sections = {
  tools: "Tools",
  config: "Config",
  storage: "Storage",
  sessions: "Sessions",
  worktrees: "Worktrees",
  runtime: "Runtime",
  migrations: "Migrations",
  rewrite: "Rewrite (Go AO)",
} as const;

export type Section = keyof typeof sections;

/** What a check costs, beside the one scan that all of them share. */
export const costs = {
  scan: "looks at what the scan has read",
  files: "reads a few files",
  program: "runs a program",
  walk: "walks directories to measure them",
  loopback: "asks a daemon on 127.0.0.1",
  probe: "writes a file and removes it",
  store: "reads a copy of ao.db",
} as const;

export type Cost = keyof typeof costs;

/** How bad a finding is. Only `fail` makes the doctor exit 1. */
export type Level = "info" | "warn" | "fail";

export interface Finding {
  level: Level;
  /** A whole sentence or line, on one line. */
  message: string;
  /** A path, with line and column where they are known, or an id. */
  ref?: string;
  /** A command that can be pasted, or what to do by hand. */
  remedy?: string;
}

/** What a check found. Without findings it passes. */
export interface Report {
  /** One line on how things are; shown when there are no findings. */
  summary: string;
  findings: Finding[];
  /** What mends the findings, in order; of checks with a fix, and empty exactly when `findings` is. */
  mend?: Operation[];
}

/** `skip` says why there was nothing to look at. */
export type Outcome = Report | { skip: string };

/** The text behind `explain`. Sentences, without line breaks. */
export interface Explanation {
  what: string;
  why: string;
  found: string;
  mended: string;
  /** Where the rule comes from: AO itself, its users, git, SQLite, this toolkit. */
  source: string;
}

/** A one-off repair. It does what the findings of its check need and nothing else. */
export interface Fix {
  /** What `repair` calls it: `worktree-links`. */
  name: string;
  /** What it does, as an order without a full stop. */
  title: string;
  /** Moves no state, needs no choice: `--fix` without an id applies it. */
  safe: boolean;
  /** AO and its sessions have to be stopped while it runs. */
  quiet: boolean;
}

export interface Check {
  /** Stable: `AO-WT-003`. */
  id: string;
  section: Section;
  /** What is looked for or at, as a phrase that a colon may follow. */
  title: string;
  cost: Cost;
  /** Milliseconds until the runner stops waiting. @default 10000 */
  limitMs?: number;
  explain: Explanation;
  /** The kinds of drift that this check shows. */
  kinds?: readonly IssueKind[];
  fix?: Fix;
  run(facts: Facts): Outcome | Promise<Outcome>;
}

/** A check with a fix. */
export type FixableCheck = Check & { fix: Fix };

export function isFixable(check: Check): check is FixableCheck {
  return check.fix !== undefined;
}

/** A report without findings. */
export function pass(summary: string): Report {
  return { summary, findings: [] };
}
