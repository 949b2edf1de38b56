/**
 * A simulated machine with migrations on it, and beside it the model: which bytes must exist, and
 * in which state each migration may be.
 */

import { join } from "node:path";
import type { Disk } from "../../lib/change/disk.ts";
import { loadMigration } from "../../lib/change/history.ts";
import type { Operation } from "../../lib/change/operation.ts";
import type { EngineOptions } from "../../lib/change/options.ts";
import { ToolkitError } from "../../lib/errors.ts";
import { type Random, randomFrom } from "../change/effects.ts";
import { faulty } from "../change/faults.ts";
import { snapshot, type World, writeWorld } from "../change/worlds.ts";
import { SimulatedDisk, type SimulationOptions } from "../simulated-disk.ts";
import { textsBelow } from "./model-world.ts";
import { besideWriter, Writer } from "./model-writer.ts";

export const base = "/base";
export const root = "/base/tree";

/** A migration that has begun, as far as the model knows. */
export interface Begun {
  id: string;
  /** The tree before it, as long as nobody else has changed it since. */
  before: string[] | null;
  /** The tree after it, likewise. */
  after: string[] | null;
}

/** What disturbs a run. */
export interface Trouble {
  /** The process ends at, or the power goes at, this call of the run; later ones than it has are none. */
  end: { at: number; kind: "crash" | "tear" | "power"; seed: number } | null;
  /** AO writes sessions meanwhile. */
  writer: { seed: number } | null;
}

/** How a run ended: well, by an error, or cut short. */
export type Outcome = "well" | "cut" | ToolkitError;

export class Machine {
  disk: SimulatedDisk;
  readonly writer = new Writer(root);
  /** Done and not taken back, oldest first. */
  done: Begun[] = [];
  /** The one that stands half-way, and which way it went. */
  open: (Begun & { way: "apply" | "undo" }) | null = null;
  /** Something could not be taken back, so that some words are not in the tree but kept. */
  hasKept = false;
  /** Numbers for names and words. */
  serial = 0;
  #texts = new Set<string>();
  #words = new Set<string>();

  /** @param weaken breaks the disk on purpose, for seeing that it is noticed */
  constructor(
    world: World,
    options: SimulationOptions,
    readonly weaken: (disk: Disk) => Disk = (disk) => disk,
  ) {
    this.disk = new SimulatedDisk(options);
    this.disk.makeDir(base);
    this.disk.makeDir(root);
    writeWorld(this.disk, root, world);
    this.disk.flushAll();
    // Empty files come and go, and one is like the other.
    this.#texts = new Set(textsBelow(this.disk, base).filter((text) => text !== ""));
  }

  nextSerial(by = 1): number {
    this.serial += by;
    return this.serial - by;
  }

  tree(): string[] {
    return snapshot(this.disk, root).sort();
  }

  optionsFor(id: string): EngineOptions {
    return {
      migrationDir: join(base, "migrations", id),
      roots: [root],
      commands: { resume: `migrate --resume ${id}`, rollback: `rollback ${id}` },
      disk: this.disk,
    };
  }

  /** The user does something; what that takes out of the tree need not exist any more. */
  act(word: string, step: () => void): void {
    const before = textsBelow(this.disk, root);
    step();
    this.disk.flushAll();
    this.#words.add(word);
    const after = textsBelow(this.disk, root);
    const isIn = (texts: string[], part: string) => texts.some((text) => text.includes(part));
    const isGone = (part: string) => isIn(before, part) && !isIn(after, part);
    const isMade = isIn(after, word);
    if (!isMade) this.#words.delete(word);
    for (const each of this.#words) if (isGone(each)) this.#words.delete(each);
    for (const text of before) if (!after.includes(text)) this.#texts.delete(text);
    for (const [key, mark] of this.writer.marks) {
      if (isGone(mark.word)) this.writer.marks.delete(key);
    }
    this.forgetTrees();
  }

  /** Runs the engine in trouble, and leaves the disk as the next process finds it. */
  async run(trouble: Trouble, body: (disk: Disk) => Promise<unknown>): Promise<Outcome> {
    const { end, writer } = trouble;
    const random = randomFrom(writer?.seed ?? 0);
    const fault = faulty(this.#neighbours(writer, random), {
      at: end?.at ?? 0,
      kind: end?.kind === "tear" ? "tear" : "crash",
    });
    // What was written before may have reached the medium long ago.
    this.disk.flushAll();
    let outcome: Outcome = "well";
    try {
      await body(this.weaken(fault.disk));
    } catch (error) {
      if (fault.hit()) outcome = "cut";
      else if (error instanceof ToolkitError) outcome = error;
      else throw error;
    }
    if (outcome === "cut" && end?.kind === "power" && writer === null) {
      this.disk = this.disk.afterPowerCut(randomFrom(end.seed));
    } else this.disk.afterKill();
    this.writer.finish(this.disk, random);
    if (writer !== null) this.#letWriterChange();
    return outcome;
  }

  /** AO writes sessions while nothing else goes on. */
  write(times: number, seed: number): void {
    const random = randomFrom(seed);
    for (let time = 0; time < times; time += 1) {
      this.writer.step(this.disk, random);
      this.writer.finish(this.disk, random);
    }
    this.#letWriterChange();
  }

  #neighbours(writer: Trouble["writer"], random: Random): Disk {
    if (writer === null) return this.disk;
    return besideWriter(this.disk, this.writer, { random, share: 0.3 });
  }

  /** What AO replaced itself is not lost; what it wrote instead is looked for by its words. */
  #letWriterChange(): void {
    for (const text of this.#texts) if (text.startsWith("{")) this.#texts.delete(text);
    this.forgetTrees();
  }

  /** Somebody changed the tree: no earlier one will come back exactly. */
  forgetTrees(): void {
    for (const begun of [...this.done, this.open]) {
      if (begun !== null) begun.before = begun.after = null;
    }
  }

  /** Null when there is none of that id. */
  async stateOf(id: string): Promise<string | null> {
    const { migrationDir } = this.optionsFor(id);
    if (this.disk.lstat(migrationDir) === null) return null;
    return (await loadMigration(migrationDir, this.disk)).state;
  }

  /** @throws Error with every byte that must exist and does not */
  expectBytes(where = base): void {
    const texts = textsBelow(this.disk, where);
    const all = new Set(texts);
    const missing = [...this.#words, ...this.writer.words()]
      .filter((word) => !texts.some((text) => text.includes(word)))
      .concat(where === base ? [...this.#texts].filter((text) => !all.has(text)) : []);
    const wrong = [...missing.map((text) => `gone: ${text}`), ...this.writer.lost];
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
  }

  /** Fields that a migration added are there, whoever wrote those files meanwhile. */
  expectFields(operations: readonly Operation[]): void {
    const texts = textsBelow(this.disk, base);
    for (const operation of operations) {
      if (operation.op !== "patchJson") continue;
      const added = operation.edits.filter(({ before }) => before === undefined);
      for (const { pointer } of added) {
        const field = JSON.stringify(pointer.slice(1));
        if (!texts.some((text) => text.includes(field))) throw new Error(`${field} is gone`);
      }
    }
  }

  /** Only between runs: nothing of the engine or of AO may be left in the user's way. */
  expectTree(expected: string[] | null, when: string): void {
    if (expected === null) return;
    const found = this.tree();
    const lines = [
      ...expected.filter((line) => !found.includes(line)).map((line) => `- ${line}`),
      ...found.filter((line) => !expected.includes(line)).map((line) => `+ ${line}`),
    ];
    if (lines.length > 0) throw new Error(`${when}:\n${lines.join("\n")}`);
  }
}
