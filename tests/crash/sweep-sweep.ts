/** Sweeps one operation in one slot: meets faults, and walks every way out of each wreck. */

import type { Call, Fault } from "./strace.ts";
import {
  distance,
  type Ends,
  endsOf,
  judgeCommand,
  judgeText,
  lostContents,
} from "./sweep-judge.ts";
import { keyOf, type Look } from "./sweep-look.ts";
import type { Begun, Command, End, Operation, Way } from "./sweep-operations.ts";
import type { Copy, Slot } from "./sweep-slot.ts";

/** What a sweep found; slots add up into one. */
export interface Tally {
  points: Map<Fault, number>;
  /** Exit codes of the swept command. */
  codes: Map<number, number>;
  /** Calls that were to meet a fault and did not. */
  missed: number;
  wrecks: number;
  ways: number;
  doubles: number;
  /** Contents that were looked for, and what was not found. */
  contents: number;
  lost: string[];
  failures: string[];
}

export function newTally(): Tally {
  return {
    ...{ points: new Map(), codes: new Map(), missed: 0, wrecks: 0, ways: 0, doubles: 0 },
    ...{ contents: 0, lost: [], failures: [] },
  };
}

export class Sweep {
  /** What the ways out of a wreck came to, by what it looks like. */
  readonly #known = new Map<string, string[]>();

  private constructor(
    readonly slot: Slot,
    readonly name: string,
    readonly begun: Begun,
    readonly ends: Ends,
    readonly calls: readonly Call[],
    readonly tally: Tally,
  ) {}

  /** Builds the tree, shows its ends, and learns the calls of the command. */
  static async begin(slot: Slot, operation: Operation, tally: Tally): Promise<Sweep> {
    const begun = operation.begin(await slot.clear());
    slot.env = begun.env;
    await slot.save("built");
    const built = slot.look();
    const looks: Ends["looks"] = { old: built };
    for (const [end, commands] of Object.entries(begun.shows)) {
      await slot.restore("built");
      for (const command of commands) await mustWork(slot, command);
      looks[end as End] = slot.look();
    }
    await slot.restore("built");
    for (const step of begun.before) {
      if (step.killAt === undefined) await mustWork(slot, step);
      else await killHalfWay(slot, step, step.killAt);
    }
    await slot.save("start");
    const ends = { built, looks, start: slot.look() };
    const { calls, ended } = await slot.learn(begun.command);
    const sweep = new Sweep(slot, operation.name, begun, ends, calls, tally);
    if (ended.code !== 0 || !endsOf(slot.look(), ends, begun).includes(begun.leadsTo)) {
      const far = distance(slot.look(), looks[begun.leadsTo], begun);
      throw new Error(`${operation.name} does not work: ${ended.code} ${ended.stdout} ${far}`);
    }
    return sweep;
  }

  /** One fault at one call, and every way out of what it leaves. */
  async point(call: Call, fault: Fault): Promise<void> {
    const { slot, begun, ends, tally } = this;
    const where = `${this.name}: ${fault} at ${call.syscall} ${call.nth}`;
    const ended = await slot.meet(begun.command, { call, fault, from: "start" });
    if (ended === null) {
      tally.missed += 1;
      return;
    }
    add(tally.points, fault);
    add(tally.codes, ended.code);
    const wreck = slot.look();
    const wrong = judgeCommand(begun, ends, { ended, fault, wreck });
    this.#fail(where, wrong);
    this.#countLost(where, wreck);
    this.#fail(where, await this.#leave(wreck, begun.ways, "wreck"));
  }

  /** Kills the command at one call, then each way out at some of its calls, then walks on. */
  async double(call: Call, choose: (calls: readonly Call[]) => Call[]): Promise<void> {
    const { slot, begun, tally } = this;
    if ((await slot.meet(begun.command, { call, fault: "SIGKILL", from: "start" })) === null)
      return;
    await slot.save("wreck");
    for (const way of begun.ways) {
      await slot.restore("wreck");
      const { calls } = await slot.learn(way);
      for (const second of choose(calls)) {
        const met = await slot.meet(way, { call: second, fault: "SIGKILL", from: "wreck" });
        if (met === null) continue;
        tally.doubles += 1;
        const where = `${this.name}: killed at ${call.syscall} ${call.nth}, then ${way.name} at ${second.syscall} ${second.nth}`;
        const wreck = slot.look();
        this.#countLost(where, wreck);
        this.#fail(where, await this.#leave(wreck, way.after ?? begun.ways, "second"));
      }
    }
  }

  /** Walks every way out of the tree as it is; equal wrecks have equal ways out. */
  async #leave(wreck: Look, ways: readonly Way[], copy: Copy): Promise<string[]> {
    const key = `${keyOf(wreck)} ${ways.map(({ name }) => name).join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.tally.wrecks += 1;
    await this.slot.save(copy);
    const wrong: string[] = [];
    for (const [index, way] of ways.entries()) {
      if (index > 0) await this.slot.restore(copy);
      for (const line of await this.#walk(way)) wrong.push(`${way.name}: ${line}`);
      this.tally.ways += 1;
    }
    this.#known.set(key, wrong);
    return wrong;
  }

  async #walk(way: Way): Promise<string[]> {
    const { slot, begun, ends } = this;
    const ended = await slot.run(way);
    const wrong = judgeText(ended);
    const found = slot.look();
    this.#countLost(`${this.name}: ${way.name}`, found);
    const isDone = ended.code === 0;
    if (!isDone && ended.code !== 4) return [...wrong, `exit ${ended.code} ${brief(ended.stdout)}`];
    const allowed = isDone ? way.done : way.refused;
    const at = endsOf(found, ends, begun);
    if (allowed !== "any" && !at.some((end) => allowed.includes(end))) {
      const far = distance(found, ends.looks[way.goal[0] ?? "new"], begun);
      return [...wrong, `exit ${ended.code}, but neither end: ${far}`];
    }
    if (at.some((end) => way.goal.includes(end))) return wrong;
    if (way.orElse === undefined) return [...wrong, `exit ${ended.code} at the wrong end`];
    const second = await slot.run(way.orElse);
    wrong.push(...judgeText(second));
    if (second.code !== 0) wrong.push(`then exit ${second.code} ${brief(second.stdout)}`);
    const last = slot.look();
    this.#countLost(`${this.name}: ${way.name}, then again`, last);
    if (!endsOf(last, ends, begun).some((end) => way.goal.includes(end))) {
      wrong.push(`then not there: ${distance(last, ends.looks[way.goal[0] ?? "new"], begun)}`);
    }
    return wrong;
  }

  #countLost(where: string, look: Look): void {
    this.tally.contents += this.ends.built.contents.size;
    const lost = lostContents(look, this.ends, this.begun);
    if (lost.length > 0) this.tally.lost.push(`${where}: ${lost.length} contents are nowhere`);
  }

  #fail(where: string, wrong: readonly string[]): void {
    for (const line of wrong) this.tally.failures.push(`${where}: ${line}`);
  }
}

async function mustWork(slot: Slot, command: Command): Promise<void> {
  const { code, stdout, stderr } = await slot.run(command);
  if (code !== 0) throw new Error(`${command.script} ends with ${code}: ${stdout}${stderr}`);
}

async function killHalfWay(slot: Slot, command: Command, share: number): Promise<void> {
  await slot.save("start");
  const { calls } = await slot.learn(command);
  const call = calls[Math.floor(calls.length * share)];
  if (call === undefined) throw new Error(`${command.script} changes nothing`);
  const met = await slot.meet(command, { call, fault: "SIGKILL", from: "start" });
  if (met === null) throw new Error(`${command.script} did not come to ${call.text}`);
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function brief(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 300);
}
