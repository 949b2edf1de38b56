/** A disk that fails, or whose process dies, at a chosen call. */

import type { Appender, Disk, DiskLock } from "../../lib/change/disk.ts";

/** The process is gone: nothing after this reaches the disk. */
export class Crash extends Error {}

export interface Fault {
  /** The call, counted from 1, that fails. */
  at: number;
  /**
   * `crash` ends the process before the call, `tear` in the middle of it where it writes bytes;
   * anything else is an error code that the call throws, once.
   */
  kind: "crash" | "tear" | (string & {});
}

export interface FaultyDisk {
  disk: Disk;
  /** Calls so far. */
  calls(): number;
  /** Whether the fault has come. */
  hit(): boolean;
}

/** Puts a fault in front of a disk; without one it only counts. */
export function faulty(inner: Disk, fault: Fault = { at: 0, kind: "crash" }): FaultyDisk {
  let calls = 0;
  let isHit = false;
  const isDeadly = fault.kind === "crash" || fault.kind === "tear";

  const guard = (name: string, half: () => void): void => {
    calls += 1;
    if (isHit && isDeadly) throw new Crash(`${name} after the end`);
    if (calls !== fault.at) return;
    isHit = true;
    if (fault.kind === "tear") half();
    if (isDeadly) throw new Crash(`call ${calls}: ${name}`);
    const message = `${fault.kind}: injected into call ${calls}, ${name}`;
    throw Object.assign(new Error(message), { code: fault.kind });
  };

  const appender = (real: Appender): Appender => ({
    append(text) {
      guard("append", () => real.append(text.slice(0, Math.floor(text.length / 2))));
      real.append(text);
    },
    sync() {
      guard("sync of the journal", () => undefined);
      real.sync();
    },
    close() {
      // Descriptors end with the process.
      real.close();
      guard("close of the journal", () => undefined);
    },
  });

  const lock = (real: DiskLock | null): DiskLock | null =>
    real && {
      write(text) {
        guard("write of the lock", () => undefined);
        real.write(text);
      },
      close() {
        real.close();
        guard("close of the lock", () => undefined);
      },
    };

  const disk = new Proxy(inner, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...values: unknown[]) => {
        guard(`${String(key)} ${values[0]}`, () => tear(target, String(key), values));
        const result: unknown = Reflect.apply(value, target, values);
        if (key === "openAppend") return appender(result as Appender);
        return key === "tryLock" ? lock(result as DiskLock | null) : result;
      };
    },
  });
  return { disk, calls: () => calls, hit: () => isHit };
}

/** The first half of what a call would have written. */
function tear(disk: Disk, call: string, values: unknown[]): void {
  if (call !== "writeNew") return;
  const [path, content, options] = values as Parameters<Disk["writeNew"]>;
  const [first = new Uint8Array()] = content;
  disk.writeNew(path, [first.subarray(0, Math.floor(first.length / 2))], options);
}
