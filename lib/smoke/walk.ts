/**
 * Walks the chosen steps: one world in runbook order, or a world for each lane side by side.
 */
import { type Engine, type Outcome, obstacle, walkStep } from "./engine.ts";
import type { KnownIssues } from "./known.ts";
import { coverageOf } from "./openapi.ts";
import { closureOf } from "./references.ts";
import type { Runbook, Step } from "./schema.ts";
import { closeWorld, createWorld, type World, type WorldOptions } from "./world.ts";

/** Steps that share a world, in order; those only needed by others are prerequisites. */
export interface Unit {
  id: string;
  steps: { step: Step; prerequisite: boolean }[];
}

/** What to do with a step, asked of a person before and after it; see `guide.ts`. */
export interface Guide {
  before(step: Step, world: World): Promise<"run" | "quit" | Outcome>;
  after(step: Step, outcome: Outcome): Promise<"on" | "again" | "quit" | Outcome>;
}

export interface WalkOptions {
  world: Omit<WorldOptions, "id">;
  engine: Engine;
  known: KnownIssues;
  /** How many worlds are walked at the same time. */
  jobs: number;
  keep: boolean;
  guide?: Guide;
  onStep?(step: Step, outcome: Outcome, ms: number): void;
  onStart?(step: Step): void;
}

/**
 * Groups the chosen steps into units. One at a time they share one world, as the plan has it; side
 * by side each lane (and each track of a lane) has its own, in which what it needs is walked again.
 */
export function unitsOf(runbook: Runbook, chosen: ReadonlySet<string>, jobs: number): Unit[] {
  const steps = new Map(runbook.lanes.flatMap((lane) => lane.steps).map((step) => [step.id, step]));
  const groups = new Map<string, Step[]>();
  for (const step of steps.values()) {
    if (!chosen.has(step.id)) continue;
    const id = jobs === 1 ? "main" : `lane-${step.lane}${step.track ? `-${step.track}` : ""}`;
    groups.set(id, [...(groups.get(id) ?? []), step]);
  }
  const units = [...groups].map(([id, own]) => {
    const ids = new Set(own.map((step) => step.id));
    const all = closureOf(ids, steps).flatMap((one) => steps.get(one) ?? []);
    return { id, steps: all.map((step) => ({ step, prerequisite: !ids.has(step.id) })) };
  });
  // Tracks are what waits longest; they start first so that the others fill the time.
  return units.sort((a, b) => Number(isTrack(b)) - Number(isTrack(a)));
}

function isTrack(unit: Unit): boolean {
  return unit.steps.some(({ step, prerequisite }) => !prerequisite && step.track !== undefined);
}

/**
 * Walks all units; every world is taken down, whatever happens.
 *
 * @throws what stopped a unit (a full disk, say), once all the others have been stopped too.
 */
export async function walk(units: readonly Unit[], options: WalkOptions): Promise<void> {
  const broken = new AbortController();
  const signal = AbortSignal.any([options.engine.signal, broken.signal]);
  const own = { ...options, engine: { ...options.engine, signal } };
  const waiting = [...units];
  const seen = new Set<string>();
  const next = async (): Promise<void> => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
      if (signal.aborted) return;
      await walkUnit(unit, own, seen);
    }
  };
  const workers = Array.from({ length: Math.min(options.jobs, units.length) }, () =>
    next().catch((error: unknown) => {
      broken.abort(error);
      throw error;
    }),
  );
  const settled = await Promise.allSettled(workers);
  const failed = settled.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
  const { openapi } = options.world.target;
  const coverage = openapi === undefined ? undefined : coverageOf(openapi, seen);
  if (coverage) options.engine.record.write({ type: "coverage", ...coverage });
}

async function walkUnit(unit: Unit, options: WalkOptions, seen: Set<string>): Promise<void> {
  const { engine } = options;
  const world = await createWorld({ ...options.world, id: unit.id }, engine.record);
  try {
    await walkIn(world, unit, options);
  } finally {
    for (const answer of world.openapi?.seen ?? []) seen.add(answer);
    await closeWorld(world, engine.record, options.keep);
  }
}

async function walkIn(world: World, unit: Unit, options: WalkOptions): Promise<void> {
  const { engine } = options;
  const done = new Map<string, Outcome>();
  for (const { step, prerequisite } of unit.steps) {
    if (engine.signal.aborted) return;
    const started = performance.now();
    if (!prerequisite) options.onStart?.(step);
    engine.record.write({ type: "start", step: step.id, world: world.id, at: now() });
    const walked = await walkGuided(step, world, done, options);
    if (walked === "quit") return;
    const outcome = prerequisite ? walked : options.known.judge(step, walked, engine.record);
    done.set(step.id, outcome);
    const ms = performance.now() - started;
    engine.record.write({
      type: "end",
      step: step.id,
      world: world.id,
      ...outcome,
      ms: Math.round(ms * 100) / 100,
      at: now(),
      ...(prerequisite ? { prerequisite } : {}),
    });
    if (!prerequisite) options.onStep?.(step, outcome, ms);
  }
}

async function walkGuided(
  step: Step,
  world: World,
  done: ReadonlyMap<string, Outcome>,
  { engine, guide }: WalkOptions,
): Promise<Outcome | "quit"> {
  const stopped = obstacle(step, done, engine);
  if (stopped) return stopped;
  for (;;) {
    const choice = (await guide?.before(step, world)) ?? "run";
    if (choice !== "run") return choice;
    const outcome = await walkStep(step, world, engine);
    const verdict = (await guide?.after(step, outcome)) ?? "on";
    if (verdict === "on") return outcome;
    if (verdict !== "again") return verdict;
  }
}

function now(): string {
  return new Date().toISOString();
}
