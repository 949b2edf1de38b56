/**
 * Walks one step in a world: conditions, actions, expectations, captures, cleanup, result.
 */
import { describeError, ToolkitError } from "../errors.ts";
import { observe, titleOf } from "./actions/all.ts";
import { type Circumstances, missingRequirement, unmet } from "./conditions.ts";
import { expectationsOf } from "./expectations.ts";
import { sizeOf } from "./log.ts";
import { type Mask, maskValue } from "./mask.ts";
import { type Check, checkAll } from "./matchers.ts";
import type { RunRecord, Status } from "./record.ts";
import {
  type Action,
  type ActionKind,
  kindOf,
  type Matcher,
  milliseconds,
  type Step,
} from "./schema.ts";
import { fill, plain, show, type Value, valueAt } from "./values.ts";
import type { World } from "./world.ts";

/** How a step came out, and why where it is not a plain pass. */
export interface Outcome {
  status: Status;
  reason?: string;
}

/** A person who walks along; without one, steps that need a person are not run. */
export interface Person {
  /** Asks for what only a person can do or judge. */
  perform(
    step: Step,
    instruction: string,
  ): Promise<"manual-pass" | "manual-fail" | "unclear" | "skipped">;
}

export interface Engine {
  record: RunRecord;
  circumstances: Circumstances;
  signal: AbortSignal;
  person?: Person;
  /** Told of every observation that held, with what was expected of it: for tests. */
  onObservation?(seen: {
    step: Step;
    kind: ActionKind;
    action: Action;
    expect: Record<string, Matcher>;
    observation: Value;
  }): void;
}

/** What the plan's steps take at most, unless they say more. */
const defaultTimeout = 5_000;
const daemonTimeout = 10_000;
const defaultPause = 50;
/** Statuses after which the steps that need a step can go on. */
const satisfying: ReadonlySet<Status> = new Set([
  "pass",
  "manual-pass",
  "known",
  "known-fixed",
  "unclear",
]);

/** Why a step cannot be walked at all; undefined when it can. */
export function obstacle(
  step: Step,
  done: ReadonlyMap<string, Outcome>,
  { circumstances, person }: Engine,
): Outcome | undefined {
  const reason = unmet(step.when, circumstances) ?? missingRequirement(step, circumstances);
  if (reason !== undefined) return { status: "skipped", reason };
  for (const need of step.needs) {
    const outcome = done.get(need);
    if (outcome && !satisfying.has(outcome.status)) {
      return { status: "blocked", reason: `by ${need}, which is ${outcome.status}` };
    }
  }
  const manual = step.do.some((action) => "manual" in action && !unmet(action.when, circumstances));
  if (manual && person === undefined) return { status: "not-run", reason: "needs a person" };
  return undefined;
}

/** Walks a step and records what was done and seen; never throws for what AO does. */
export async function walkStep(step: Step, world: World, engine: Engine): Promise<Outcome> {
  const deadline = performance.now() + milliseconds(step.timeout);
  const logStart = sizeOf(world.sandbox.log);
  let outcome: Outcome = { status: "pass" };
  for (const [index, action] of step.do.entries()) {
    const part = { step, world, engine, part: "do" as const, index, deadline, logStart };
    const result = await walkAction(action, part);
    if (result === undefined) continue;
    outcome = result;
    if (result.status !== "manual-pass" && result.status !== "unclear") break;
  }
  const cleanupDeadline = performance.now() + milliseconds(step.timeout);
  for (const [index, action] of step.cleanup.entries()) {
    const part = {
      step,
      world,
      engine,
      part: "cleanup" as const,
      index,
      deadline: cleanupDeadline,
      logStart,
    };
    const result = await walkAction(action, part);
    // A failed step has said what is wrong; its cleanup may well find nothing to clean.
    if (result !== undefined && outcome.status === "pass") {
      outcome = { status: "error", reason: `cleanup: ${result.reason}` };
    }
  }
  return outcome;
}

interface Part {
  step: Step;
  world: World;
  engine: Engine;
  part: "do" | "cleanup";
  index: number;
  deadline: number;
  logStart: number;
}

/** Undefined when the action held (or does not apply here). */
async function walkAction(written: Action, part: Part): Promise<Outcome | undefined> {
  const { step, world, engine } = part;
  if (engine.signal.aborted && part.part === "do")
    return { status: "not-run", reason: "cancelled" };
  if (unmet(written.when, engine.circumstances)) return undefined;
  const kind = kindOf(written);
  if (kind === undefined) throw new TypeError(`an action of step ${step.id} is of no kind`);
  let action: Action;
  try {
    action = fill(written, world.scope);
  } catch (error) {
    return { status: "error", reason: describeError(error) };
  }
  if ("manual" in action) {
    const status = await engine.person?.perform(step, action.manual);
    return status === undefined || status === "skipped"
      ? { status: "skipped", reason: "left out by hand" }
      : { status, reason: "judged by a person" };
  }
  const started = performance.now();
  const tried = await tryAction(kind, action, part).catch((error: unknown): Tried => {
    if (error instanceof ToolkitError && error.outcome === "interrupted") throw error;
    return { attempts: 1, checks: [], observation: undefined, error: describeError(error) };
  });
  const bad = tried.checks.find((check) => check.problem !== undefined);
  const failed = bad !== undefined || tried.error !== undefined;
  engine.record.write({
    type: "action",
    step: step.id,
    world: world.id,
    part: part.part,
    index: part.index,
    kind,
    title: titleOf(kind, action),
    ms: round(performance.now() - started),
    attempts: tried.attempts,
    checks: tried.checks.map((check) => forRecord(check, engine.record.mask)),
    ...(tried.error === undefined ? {} : { error: tried.error }),
    ...(failed
      ? { seen: shorten(maskValue(withoutTwin(tried.observation), engine.record.mask)) }
      : {}),
  });
  // What did not hold because the walk was stopped says nothing of AO; a resumed walk looks again.
  if (failed && engine.signal.aborted && part.part === "do") {
    return { status: "not-run", reason: "cancelled" };
  }
  if (tried.error !== undefined) return { status: "error", reason: tried.error };
  if (bad)
    return {
      status: "fail",
      reason: `${titleOf(kind, action)}: ${explain(bad, engine.record.mask)}`,
    };
  const { expect, observation } = tried;
  if (expect) engine.onObservation?.({ step, kind, action, expect, observation });
  return undefined;
}

interface Tried {
  attempts: number;
  checks: Check[];
  observation: Value;
  expect?: Record<string, Matcher>;
  error?: string;
}

/** Observes once, or until everything expected holds or the time is up. */
async function tryAction(kind: ActionKind, action: Action, part: Part): Promise<Tried> {
  const { world, engine, deadline, logStart } = part;
  const expect = expectationsOf(kind, action);
  const usual = kind === "daemon" ? daemonTimeout : defaultTimeout;
  const own = action.timeout === undefined ? usual : milliseconds(action.timeout);
  const wait = action.eventually ? milliseconds(action.eventually.within) : 0;
  const every = action.eventually?.every ? milliseconds(action.eventually.every) : defaultPause;
  const until = Math.min(deadline, performance.now() + wait);
  for (let attempts = 1; ; attempts++) {
    const timeout = Math.max(1, Math.min(own, deadline - performance.now()));
    const seen = await orAborted(
      observe(kind, action, { world, timeout, logStart }),
      engine.signal,
    );
    const observation = seen === aborted ? { failure: "cancelled" } : seen;
    const checks = checkAll(expect, observation, engine.circumstances.generation);
    const held = checks.every((check) => check.problem === undefined);
    if (held) {
      captureInto(world, action, observation, checks);
      // An open stream would make the next stop of the daemon last its full ten seconds.
      if ("events" in action && action.close) world.streams.get(action.events)?.close();
    }
    const done = checks.every((check) => check.problem === undefined);
    if (done || engine.signal.aborted || performance.now() + every > until) {
      return { attempts, checks, observation, expect };
    }
    await Bun.sleep(every);
  }
}

/** Puts captures into the world; one that finds nothing is a failed check of its own. */
function captureInto(world: World, action: Action, observation: Value, checks: Check[]): void {
  for (const [name, written] of Object.entries(action.capture ?? {})) {
    const path = typeof written === "string" ? written : written.path;
    const found = valueAt(observation, path);
    const match =
      typeof written === "string" || typeof found !== "string"
        ? undefined
        : new RegExp(written.match, "m").exec(found);
    const value = typeof written === "string" ? found : (match?.[1] ?? match?.[0]);
    if (value === undefined || value === null) {
      const expected = typeof written === "string" ? "a value" : `a match of ${written.match}`;
      const problem = `nothing to capture as ${name} in ${show(found)}`;
      checks.push({ path, expected, actual: found, problem });
    } else {
      world.scope.set(name, value);
    }
  }
}

const aborted = Symbol("aborted");

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | typeof aborted> {
  // Teardown goes on after a cancel and must not be cut short by it.
  if (signal.aborted) return work;
  return new Promise((resolve, reject) => {
    const stop = () => resolve(aborted);
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function explain({ path, expected, problem = "" }: Check, mask: Mask): string {
  return `${path} should be ${expected}, but ${cut(mask(problem))}`;
}

function forRecord({ path, expected, problem }: Check, mask: Mask) {
  if (problem === undefined) return { path, expected, ok: true };
  return { path, expected, ok: false, problem: cut(mask(problem)) };
}

/** Shortens a text that has been masked: a secret that is cut in two would no longer be found. */
function cut(text: string): string {
  return text.length > 400 ? `${text.slice(0, 397)}...` : text;
}

/** The observation without the text that its parsed form says again. */
function withoutTwin(observation: Value): Value {
  if (observation === null || typeof observation !== "object") return observation;
  const { body, ...rest } = observation as { body?: Value; json?: Value };
  return rest.json === undefined ? observation : rest;
}

/** What was last seen, short enough for a report; long texts keep their beginning and end. */
function shorten(value: Value): Value {
  if (typeof value === "string" && value.length > 2_000) {
    const left = `[${value.length - 2_000} characters left out]`;
    return `${value.slice(0, 1_000)}\n${left}\n${value.slice(-1_000)}`;
  }
  if (Array.isArray(value)) return value.slice(0, 100).map(shorten);
  if (value === null || typeof value !== "object") return value === undefined ? null : plain(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shorten(item)]));
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
