/**
 * Where a migration stands: the fold over its journal. There is no second copy of this.
 */

import type { Facts, JournalRecord } from "./journal.ts";
import type { Kept } from "./options.ts";

export type MigrationState =
  | "planned"
  | "running"
  | "interrupted"
  | "done"
  | "rolling-back"
  | "rolled-back"
  | "partly-rolled-back";

/** The journal, summed up. */
export interface Ledger {
  /** Which run was last, and whether it came to its end. */
  run: "none" | "apply" | "undo";
  ended: boolean;
  startedAt?: string;
  endedAt?: string;
  /** The batch whose end is not recorded yet: operations `from` up to, not including, `to`. */
  open: { from: number; to: number } | null;
  /** By operation: what was known when it was last about to be applied. */
  facts: (Facts | undefined)[];
  /** Operations before this one are applied for good. */
  applied: number;
  /** Operations before this one may have been applied. */
  intended: number;
  /** How many undo runs were started; their private files are numbered by it. */
  undoRuns: number;
  /** Undo intents of the current undo run. */
  undoFacts: Map<number, Facts>;
  /** In the order in which it was done. */
  undone: Set<number>;
  /** Of the current undo run. */
  kept: Map<number, Kept>;
  warnings: string[];
  pruned: boolean;
}

export function emptyLedger(): Ledger {
  return {
    run: "none",
    ended: false,
    open: null,
    facts: [],
    applied: 0,
    intended: 0,
    undoRuns: 0,
    undoFacts: new Map(),
    undone: new Set(),
    kept: new Map(),
    warnings: [],
    pruned: false,
  };
}

export function foldJournal(lines: readonly (readonly JournalRecord[])[]): Ledger {
  const ledger = emptyLedger();
  for (const record of lines.flat()) foldRecord(ledger, record);
  return ledger;
}

/** Brings the ledger up to date with one more record. */
export function foldRecord(ledger: Ledger, record: JournalRecord): void {
  switch (record.k) {
    case "start":
      startRun(ledger, record);
      return;
    case "intent":
      ledger.open = { from: record.from, to: record.to };
      if (ledger.run === "undo") {
        if (record.first === true) forgetKept(ledger, record);
        for (const facts of record.items) ledger.undoFacts.set(facts.i, facts);
      } else {
        for (const facts of record.items) ledger.facts[facts.i] = facts;
        ledger.intended = Math.max(ledger.intended, record.to);
      }
      return;
    case "kept":
      for (const kept of record.items) ledger.kept.set(kept.index, kept);
      return;
    case "done":
      closeBatch(ledger);
      return;
    case "warning":
      ledger.warnings.push(record.text);
      if (record.i !== undefined && ledger.run === "apply") {
        ledger.facts[record.i] = { i: record.i, skip: true };
      }
      return;
    case "pruned":
      ledger.pruned = true;
      return;
    case "end":
      ledger.ended = true;
      ledger.endedAt = record.at;
  }
}

function startRun(ledger: Ledger, record: Extract<JournalRecord, { k: "start" }>): void {
  ledger.run = record.run;
  ledger.ended = false;
  ledger.open = null;
  ledger.startedAt ??= record.at;
  delete ledger.endedAt;
  ledger.warnings = [];
  if (record.run === "undo") {
    ledger.undoRuns += 1;
    ledger.undoFacts.clear();
    ledger.kept.clear();
  }
}

/** A batch that starts over decides anew what it keeps. */
function forgetKept(ledger: Ledger, batch: { from: number; to: number }): void {
  for (const index of ledger.kept.keys()) {
    if (index >= batch.from && index < batch.to) ledger.kept.delete(index);
  }
}

function closeBatch(ledger: Ledger): void {
  const { open } = ledger;
  if (open === null) return;
  ledger.open = null;
  if (ledger.run === "apply") {
    ledger.applied = Math.max(ledger.applied, open.to);
    return;
  }
  // Backwards, so that the set remembers the order in which it was done.
  for (let index = open.to - 1; index >= open.from; index -= 1) {
    if (!ledger.kept.has(index)) ledger.undone.add(index);
  }
}

/**
 * The state of a migration.
 *
 * @param held whether a live process holds the lock for this migration
 */
export function stateOf(ledger: Ledger, held: boolean): MigrationState {
  if (ledger.run === "none") return held ? "running" : "planned";
  if (ledger.run === "apply") {
    if (ledger.ended) return "done";
    return held ? "running" : "interrupted";
  }
  if (!ledger.ended) return "rolling-back";
  return ledger.kept.size === 0 ? "rolled-back" : "partly-rolled-back";
}
