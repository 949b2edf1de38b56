/** The commands of the model: what a user, AO and bad luck do, and what may come of it. */

import { join } from "node:path";
import fc from "fast-check";
import { discardMigration } from "../../lib/change/engine.ts";
import { type Operation, touchedBy } from "../../lib/change/operation.ts";
import { Places } from "../../lib/change/places.ts";
import { applyPlan, resume, undo } from "../../lib/change/transaction.ts";
import { choices } from "../change/arbitraries.ts";
import { basename, dirname } from "../change/paths.ts";
import { type Choice, linesOf, makePlan } from "../change/worlds.ts";
import { type Edit, editTree } from "./model-edits.ts";
import { type Begun, type Machine, type Outcome, root, type Trouble } from "./model-machine.ts";
import { readWorld, sessionsIn } from "./model-world.ts";

/** The model itself is part of the machine, which knows what it did. */
export type Model = Record<string, never>;

type Command = fc.AsyncCommand<Model, Machine>;

/** How often each was run. */
export type Counts = Record<string, number>;

/** A command that looks at all bytes after it has run. */
function command(text: string, run: (machine: Machine) => Promise<void>, counts: Counts): Command {
  const name = text.split(" ")[0] ?? "";
  return {
    check: () => true,
    toString: () => text,
    async run(_, machine) {
      counts[name] = (counts[name] ?? 0) + 1;
      await run(machine);
      machine.expectBytes();
    },
  };
}

/** @throws Error unless the outcome may be, given what disturbed the run */
function expectOutcome(outcome: Outcome, trouble: Trouble, allowed: readonly string[]): void {
  if (typeof outcome === "string") {
    if (outcome !== "cut" && allowed.length > 0) throw new Error(`it went ${outcome}`);
    return;
  }
  // AO may have got in between planning and applying, or hold a lock for too long.
  const more = trouble.writer === null ? [] : ["refused", "interrupted"];
  if (![...allowed, ...more].includes(outcome.outcome)) throw outcome;
}

function isQuiet({ end, writer }: Trouble): boolean {
  return end === null && writer === null;
}

function idOf(machine: Machine, kind: string): string {
  const number = String(machine.nextSerial()).padStart(6, "0");
  return `${kind}-20260101T${number}Z-abcdef`;
}

/** What a migration did to the model, judged by its own files. */
async function settle(
  machine: Machine,
  begun: NonNullable<Machine["open"]>,
  trouble: Trouble,
  expected: "done" | "rolled-back",
): Promise<void> {
  const { id } = begun;
  const state = await machine.stateOf(id);
  // What was edited meanwhile may be in the way of going on, never of going back.
  const mayStop = begun.way === "apply" && begun.before === null;
  const isEnd =
    state === expected || (expected === "rolled-back" && state === "partly-rolled-back");
  if (isQuiet(trouble) && !mayStop && !isEnd)
    throw new Error(`"${id}" is ${state}, not ${expected}`);
  machine.open = null;
  machine.done = machine.done.filter((other) => other.id !== id);
  switch (state) {
    case null:
      machine.expectTree(begun.before, "never begun");
      return;
    case "done":
      machine.expectTree(begun.after, "applied");
      machine.done.push(begun);
      return;
    case "rolled-back":
      machine.expectTree(begun.before, "taken back");
      return;
    case "partly-rolled-back":
      if (begun.before !== null)
        throw new Error(`"${id}" kept something although nobody changed it`);
      machine.hasKept = true;
      return;
    case "planned":
      await decide(machine, begun);
      return;
    case "interrupted":
      machine.open = { ...begun, way: "apply" };
      return;
    case "rolling-back":
      machine.open = { ...begun, way: "undo" };
      return;
    default:
      throw new Error(`"${id}" is ${state}`);
  }
}

/** One that was only recorded stands in nobody's way; the user goes on with it, or drops it. */
async function decide(machine: Machine, begun: Begun): Promise<void> {
  const options = machine.optionsFor(begun.id);
  const goesOn = begun.after !== null && machine.nextSerial() % 2 === 0;
  if (goesOn) await resume(options);
  else await undo(options);
  machine.expectTree(goesOn ? begun.after : begun.before, "planned");
  if (goesOn) machine.done.push(begun);
}

/** Plans for the tree as it is and applies that, with a new id. */
async function apply(
  machine: Machine,
  about: { kind: string; operations: Operation[]; after: string[] | null; trouble: Trouble },
): Promise<string | null> {
  const { kind, operations, after, trouble } = about;
  const id = idOf(machine, kind);
  const before = machine.tree();
  const plan = { script: kind, title: kind, roots: [root], operations };
  const options = machine.optionsFor(id);
  const outcome = await machine.run(trouble, (disk) =>
    applyPlan({ ...options, disk, plan, toolVersion: "0.0.0" }),
  );
  if (machine.open !== null) {
    const may = trouble.end === null ? ["refused"] : ["refused", "cut"];
    expectOutcome(outcome, trouble, may);
    if (trouble.writer === null) machine.expectTree(before, "refused");
    if ((await machine.stateOf(id)) !== null) throw new Error(`"${id}" was begun all the same`);
    return null;
  }
  expectOutcome(outcome, trouble, []);
  const isOurs = trouble.writer === null;
  const begun = { id, before: isOurs ? before : null, after: isOurs ? after : null };
  await settle(machine, { ...begun, way: "apply" }, trouble, "done");
  return outcome === "well" ? id : null;
}

function migrate(chosen: readonly Choice[], trouble: Trouble, counts: Counts): Command {
  return command(
    `migrate ${JSON.stringify(chosen)} ${shown(trouble)}`,
    async (machine) => {
      const first = machine.nextSerial(chosen.length);
      const { operations, after } = makePlan(root, readWorld(machine.disk, root), chosen, first);
      // No plan names locks: the engine itself moves them.
      const paths = operations.flatMap((operation) => touchedBy(operation).writes);
      if (paths.some((path) => path.endsWith(".lock"))) return;
      const about = { kind: "v3", operations, after: linesOf(after), trouble };
      if ((await apply(machine, about)) !== null) machine.expectFields(operations);
    },
    counts,
  );
}

/** Goes on with what stands half-way; what has ended is left alone, or says so. */
function goOn(trouble: Trouble, counts: Counts): Command {
  return command(
    `resume ${shown(trouble)}`,
    async (machine) => {
      const begun = machine.open ?? machine.done.at(-1);
      if (begun === undefined) return;
      const isTurned = machine.open?.way === "undo";
      const options = machine.optionsFor(begun.id);
      const outcome = await machine.run(trouble, (disk) => resume({ ...options, disk }));
      if (isTurned) {
        expectOutcome(outcome, trouble, ["refused"]);
        return;
      }
      const isEdited = begun.before === null && typeof outcome !== "string";
      if (!isEdited) expectOutcome(outcome, trouble, []);
      await settle(machine, { ...begun, way: "apply" }, trouble, "done");
    },
    counts,
  );
}

/** Takes back what stands half-way, or the newest, or (by its id) an older one. */
export function rollback(trouble: Trouble, isOlder: boolean, counts: Counts): Command {
  return command(
    `rollback ${isOlder ? "of an older one " : ""}${shown(trouble)}`,
    async (machine) => {
      const older = isOlder ? machine.done.at(-2) : undefined;
      const begun = machine.open ?? older ?? machine.done.at(-1);
      if (begun === undefined) return;
      if (begun === older) machine.forgetTrees();
      const options = machine.optionsFor(begun.id);
      const outcome = await machine.run(trouble, (disk) => undo({ ...options, disk }));
      expectOutcome(outcome, trouble, []);
      await settle(machine, { ...begun, way: "undo" }, trouble, "rolled-back");
    },
    counts,
  );
}

function edit(chosen: Edit, counts: Counts): Command {
  return command(
    `edit ${JSON.stringify(chosen)}`,
    async (machine) => {
      const word = `edited-${machine.nextSerial()}.`;
      machine.act(word, () => editTree(machine.disk, root, chosen, word));
    },
    counts,
  );
}

function write(times: number, seed: number, counts: Counts): Command {
  return command(
    `write ${times} from ${seed}`,
    async (machine) => machine.write(times, seed),
    counts,
  );
}

/** Spawning and killing are small plans whose records go once they are complete. */
function spawn(where: number, trouble: Trouble, counts: Counts): Command {
  return command(
    `spawn ${where} ${shown(trouble)}`,
    async (machine) => {
      const dirs = [...readWorld(machine.disk, root)]
        .filter(([, thing]) => thing.kind === "dir")
        .map(([name]) => join(root, name));
      const dir = dirs[where % Math.max(1, dirs.length)] ?? root;
      const home = basename(dir) === "sessions" ? dir : join(dir, "sessions");
      const id = `spawned-${machine.nextSerial()}.`;
      const content = `${JSON.stringify({ id, status: "working", worktree: `/w/${id}` }, null, 2)}\n`;
      const operations: Operation[] = [{ op: "create", path: join(home, `${id}json`), content }];
      if (machine.disk.lstat(home) === null) operations.unshift({ op: "makeDir", path: home });
      const isMade = await change(machine, "spawn", operations, trouble);
      if (isMade) machine.act(id, () => undefined);
    },
    counts,
  );
}

function kill(where: number, trouble: Trouble, counts: Counts): Command {
  return command(
    `kill ${where} ${shown(trouble)}`,
    async (machine) => {
      const files = sessionsIn(machine.disk, root);
      const from = files[where % Math.max(1, files.length)];
      if (from === undefined) return;
      const archive = join(dirname(from), "archive");
      const kind = machine.disk.lstat(archive)?.kind;
      if (kind !== undefined && kind !== "directory") return;
      const to = join(archive, `${machine.nextSerial()}-${basename(from)}`);
      const operations: Operation[] = [{ op: "move", from, to }];
      if (kind === undefined) operations.unshift({ op: "makeDir", path: archive });
      await change(machine, "kill", operations, trouble);
    },
    counts,
  );
}

async function change(
  machine: Machine,
  kind: string,
  operations: Operation[],
  trouble: Trouble,
): Promise<boolean> {
  const id = await apply(machine, { kind, operations, after: null, trouble });
  if (id === null) return false;
  discardMigration(machine.disk, new Places(machine.optionsFor(id).migrationDir));
  machine.done = machine.done.filter((begun) => begun.id !== id);
  machine.forgetTrees();
  return true;
}

function shown({ end, writer }: Trouble): string {
  const how = end === null ? "" : `${end.kind} at call ${end.at} (${end.seed})`;
  return [how, writer === null ? "" : `beside AO (${writer.seed})`].filter(Boolean).join(", ");
}

const end = fc.record({
  at: fc.integer({ min: 1, max: 250 }),
  kind: fc.constantFrom("crash" as const, "tear" as const, "power" as const),
  seed: fc.nat(),
});

/** Runs well, beside AO, cut short, or both. */
const troubles: fc.Arbitrary<Trouble> = fc
  .tuple(fc.nat(3), end, fc.nat())
  .map(([turn, cut, seed]) => ({
    end: turn % 2 === 1 ? cut : null,
    writer: turn >= 2 ? { seed } : null,
  }));

const edits = fc.tuple(fc.nat(7), fc.nat(60), fc.nat(60));

/** Sequences of up to so many commands. */
export function sequences(longest: number, counts: Counts): fc.Arbitrary<Iterable<Command>> {
  const kinds: fc.Arbitrary<Command>[] = [
    fc.tuple(choices, troubles).map(([chosen, trouble]) => migrate(chosen, trouble, counts)),
    fc.tuple(choices, troubles).map(([chosen, trouble]) => migrate(chosen, trouble, counts)),
    troubles.map((trouble) => goOn(trouble, counts)),
    fc.tuple(troubles, fc.nat(4)).map(([trouble, n]) => rollback(trouble, n === 4, counts)),
    edits.map((chosen) => edit(chosen, counts)),
    fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat()).map(([n, seed]) => write(n, seed, counts)),
    fc.tuple(fc.nat(30), troubles).map(([where, trouble]) => spawn(where, trouble, counts)),
    fc.tuple(fc.nat(30), troubles).map(([where, trouble]) => kill(where, trouble, counts)),
  ];
  return fc.commands(kinds, { maxCommands: longest, size: "max" });
}

/** Goes through a sequence, takes everything back at its end, and looks where the words are. */
export async function walk(
  machine: Machine,
  sequence: Iterable<Command>,
  counts: Counts,
): Promise<void> {
  await fc.asyncModelRun(() => ({ model: {}, real: machine }), sequence);
  const quiet: Trouble = { end: null, writer: null };
  const last = rollback(quiet, false, counts);
  const most = 2 + machine.done.length;
  for (let turn = 0; turn < most; turn += 1) await last.run({}, machine);
  if (machine.open !== null || machine.done.length > 0) throw new Error("something is left");
  if (!machine.hasKept) machine.expectBytes(root);
}
