/**
 * AO as the engine's neighbour on a simulated disk: changes session files under their lock files,
 * a step at a time between the engine's own calls, and notices when one of its writes is gone.
 */

import { join } from "node:path";
import type { Disk } from "../../lib/change/disk.ts";
import { errorCode } from "../../lib/errors.ts";
import type { Random } from "../change/effects.ts";
import type { SimulatedDisk } from "../simulated-disk.ts";
import { sessionsIn, textAt } from "./model-world.ts";

/** What it leaves in a session. */
interface Mark {
  key: string;
  count: number;
  word: string;
}

/** A write that has begun. */
interface Turn {
  file: string;
  /** Inode of its lock. */
  lock: bigint;
  stage: "locked" | "written" | "replaced";
  mark?: Mark;
}

export class Writer {
  /** By session, how often it was written, and the word that was left there last. */
  readonly marks = new Map<string, Mark>();
  /** Writes that came through. */
  writes = 0;
  /** Updates that were gone when the session was read again. */
  readonly lost: string[] = [];
  #turn: Turn | null = null;
  #keys = 0;

  constructor(readonly root: string) {}

  /** Words that must be on the disk. */
  words(): string[] {
    return [...this.marks.values()].map(({ word }) => word);
  }

  /** Does the next step of a write, or begins one. */
  step(disk: SimulatedDisk, random: Random): void {
    const turn = this.#turn;
    if (turn === null) this.#begin(disk, random);
    else if (turn.stage === "locked") this.#change(disk, turn);
    else if (turn.stage === "written") this.#replace(disk, turn);
    else this.#end(disk, turn);
  }

  /** Completes the write that is under way. */
  finish(disk: SimulatedDisk, random: Random): void {
    while (this.#turn !== null) this.step(disk, random);
  }

  #begin(disk: SimulatedDisk, random: Random): void {
    const files = sessionsIn(disk, this.root);
    const file = files[Math.floor(random() * files.length)];
    if (file === undefined || disk.lstat(`${file}.lock`) !== null) return;
    disk.writeNew(`${file}.lock`, [], { mode: 0o644 });
    // The disk has a clock of its own; the age of a lock is told by the real one.
    disk.touch(`${file}.lock`);
    this.#turn = { file, lock: disk.lstat(`${file}.lock`)?.ino ?? 0n, stage: "locked" };
  }

  #change(disk: SimulatedDisk, turn: Turn): void {
    const { file } = turn;
    if (disk.lstat(file) === null) {
      this.#end(disk, turn);
      return;
    }
    const session = JSON.parse(textAt(disk, file)) as { writer?: Mark };
    const { writer } = session;
    const known = writer === undefined ? undefined : this.marks.get(writer.key);
    if (known !== undefined && known.count !== writer?.count) {
      this.lost.push(`${file}: write ${known.count} is gone, ${writer?.count} was there`);
    }
    const key = writer?.key ?? `w${++this.#keys}`;
    const count = Math.max(known?.count ?? 0, writer?.count ?? 0) + 1;
    turn.mark = { key, count, word: `written-${key}-${count}.` };
    const text = `${JSON.stringify({ ...session, writer: turn.mark }, null, 2)}\n`;
    if (disk.lstat(`${file}.tmp`) !== null) disk.unlink(`${file}.tmp`);
    disk.writeNew(`${file}.tmp`, [Buffer.from(text)], { mode: 0o644 });
    turn.stage = "written";
  }

  /** Its directory may have been moved: then the write has not happened, and AO would say so. */
  #replace(disk: SimulatedDisk, turn: Turn): void {
    const { file, mark } = turn;
    turn.stage = "replaced";
    try {
      disk.replace(`${file}.tmp`, file);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      return;
    }
    if (mark !== undefined) this.marks.set(mark.key, mark);
    this.writes += 1;
  }

  #end(disk: SimulatedDisk, { file, lock }: Turn): void {
    if (disk.lstat(`${file}.lock`)?.ino === lock) disk.unlink(`${file}.lock`);
    else this.#abandon(disk, lock);
    this.#turn = null;
  }

  /**
   * A lock that was moved with its directory is given back by nobody, and taken from whoever comes
   * once it is thirty seconds old. Here it is so at once, for tests cannot wait.
   */
  #abandon(disk: SimulatedDisk, lock: bigint): void {
    for (const path of filesNamed(disk, "/", ".lock")) {
      if (disk.lstat(path)?.ino === lock) disk.copyAttributes(this.root, path);
    }
  }
}

function filesNamed(disk: SimulatedDisk, path: string, end: string): string[] {
  const kind = disk.lstat(path)?.kind;
  if (kind === "file") return path.endsWith(end) ? [path] : [];
  if (kind !== "directory") return [];
  return disk.readDir(path).flatMap((name) => filesNamed(disk, join(path, name), end));
}

/** The disk as the engine sees it while the writer works between its calls. */
export function besideWriter(
  disk: SimulatedDisk,
  writer: Writer,
  pace: { random: Random; share: number },
): Disk {
  return new Proxy<Disk>(disk, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...values: unknown[]) => {
        if (pace.random() < pace.share) writer.step(disk, pace.random);
        return Reflect.apply(value, target, values);
      };
    },
  });
}
