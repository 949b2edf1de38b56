/**
 * Reads the outcome of a run out of its record; all reports are made from this and agree with it.
 */
import { type Entry, type EntryOf, type Status, statuses } from "./record.ts";

export interface StepResult {
  id: string;
  lane: string;
  laneTitle: string;
  title: string;
  why: string;
  differs?: string;
  source: string;
  status: Status;
  reason?: string;
  link?: string;
  ms: number;
  startedAt?: string;
  actions: EntryOf<"action">[];
  notes: { kind: "note" | "unclear"; text: string }[];
}
export interface RunResult {
  run: EntryOf<"run">;
  environment?: EntryOf<"environment">;
  steps: StepResult[];
  counts: Record<Status, number>;
  coverage?: EntryOf<"coverage">;
  knownIssues: { step: string; text: string }[];
  /** Processes that could not be ended at the close of a world. */
  left: number[];
  finished: boolean;
  cancelled: boolean;
  ms: number;
}

/**
 * Folds a record into results. A step that was walked again counts as it came out last; one that
 * was planned and has no end is `not-run`.
 */
export function resultOf(entries: readonly Entry[]): RunResult {
  const steps = new Map<string, StepResult>();
  const open = new Map<string, EntryOf<"action">[]>();
  const starts = new Map<string, string>();
  let result: Partial<RunResult> = {};
  const knownIssues: RunResult["knownIssues"] = [];
  const left: number[] = [];
  for (const entry of entries) {
    if (entry.type === "run") result = { ...result, run: result.run ?? entry, finished: false };
    else if (entry.type === "environment") result.environment = entry;
    else if (entry.type === "coverage") result.coverage = entry;
    else if (entry.type === "closed") left.push(...entry.left);
    else if (entry.type === "known-issue") knownIssues.push(entry);
    else if (entry.type === "plan") plan(steps, entry);
    else if (entry.type === "start") {
      open.set(keyOf(entry), []);
      starts.set(keyOf(entry), entry.at);
    } else if (entry.type === "action") open.get(keyOf(entry))?.push(entry);
    else if (entry.type === "note") steps.get(entry.step)?.notes.push(entry);
    else if (entry.type === "end")
      end(steps, entry, open.get(keyOf(entry)), starts.get(keyOf(entry)));
    else if (entry.type === "finish") {
      result = {
        ...result,
        finished: true,
        cancelled: entry.cancelled,
        ms: (result.ms ?? 0) + entry.ms,
      };
    }
  }
  if (result.run === undefined) throw new TypeError("the record does not say which run it is");
  const list = [...steps.values()];
  return {
    finished: false,
    cancelled: false,
    ms: 0,
    ...result,
    run: result.run,
    steps: list,
    counts: countOf(list),
    knownIssues,
    left,
  };
}

/** The key under which a step's entries belong together: a step can be in two worlds at once. */
function keyOf({ step, world }: { step: string; world: string }): string {
  return `${world} ${step}`;
}

function plan(steps: Map<string, StepResult>, entry: EntryOf<"plan">): void {
  for (const { differs, ...step } of entry.steps) {
    if (steps.has(step.id)) continue;
    const extra = differs === undefined ? {} : { differs };
    steps.set(step.id, { ...step, ...extra, status: "not-run", ms: 0, actions: [], notes: [] });
  }
}

function end(
  steps: Map<string, StepResult>,
  entry: EntryOf<"end">,
  actions: EntryOf<"action">[] = [],
  startedAt?: string,
): void {
  const step = steps.get(entry.step);
  if (step === undefined || entry.prerequisite) return;
  const { reason: _, link: __, ...rest } = step;
  steps.set(entry.step, {
    ...rest,
    status: entry.status,
    ms: entry.ms,
    actions,
    ...(entry.reason === undefined ? {} : { reason: entry.reason }),
    ...(entry.link === undefined ? {} : { link: entry.link }),
    ...(startedAt === undefined ? {} : { startedAt }),
  });
}

function countOf(steps: readonly StepResult[]): Record<Status, number> {
  const counts = Object.fromEntries(statuses.map((status) => [status, 0])) as Record<
    Status,
    number
  >;
  for (const { status } of steps) counts[status]++;
  return counts;
}

/** Statuses that are findings: the run then ends with exit code 1. */
export const findings: readonly Status[] = ["fail", "error", "blocked", "manual-fail"];

/** Whether a run has findings. */
export function hasFindings({ counts }: Pick<RunResult, "counts">): boolean {
  return findings.some((status) => counts[status] > 0);
}
