/**
 * One place where an operation is swept: its tree, copies of it to go back to, and runs of scripts
 * on it. Paths are part of what the scripts write, so everything happens at the same path.
 */

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { root as repository } from "../process.ts";
import { type Call, changes, type Injection, injectedCall, type Traced, trace } from "./strace.ts";
import { type Look, lookAt, timeless } from "./sweep-look.ts";
import type { Command } from "./sweep-operations.ts";

const runtime = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];

/** Milliseconds that any one command may take. */
const patience = 60_000;

export type Copy = "built" | "start" | "wreck" | "second";

/** How a command ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

export class Slot {
  readonly root: string;
  readonly #log: string;
  env: Record<string, string> = {};

  /** @param cache where Bun keeps translated scripts, so that no run writes into its home */
  constructor(
    readonly dir: string,
    readonly cache: string,
  ) {
    mkdirSync(dir, { recursive: true });
    this.root = join(dir, "tree");
    this.#log = join(dir, "strace.log");
  }

  /** An empty directory for a new tree. */
  async clear(): Promise<string> {
    await shell('rm -rf "$1" && mkdir "$1"', this.root);
    return this.root;
  }

  async save(copy: Copy): Promise<void> {
    await shell('rm -rf "$2" && cp -a "$1" "$2"', this.root, join(this.dir, copy));
  }

  async restore(copy: Copy): Promise<void> {
    await shell('rm -rf "$2" && cp -a "$1" "$2"', join(this.dir, copy), this.root);
  }

  look(): Look {
    return lookAt(this.root);
  }

  /** Runs a command as a user does. */
  async run(command: Command): Promise<Ended> {
    const child = Bun.spawn(wordsOf(command), {
      ...this.#surroundings(),
      ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: patience },
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    const code = await child.exited;
    return { code: child.signalCode === null ? code : 137, stdout, stderr };
  }

  /** Runs a command with one call of it failing. */
  trace(command: Command, inject?: Injection): Promise<Traced> {
    const options = { ...this.#surroundings(), log: this.#log, timeoutMs: patience };
    return trace(wordsOf(command), inject === undefined ? options : { ...options, inject });
  }

  /**
   * The calls with which a command changes the tree, in order.
   *
   * @throws Error when another thread or program changes it too: those would not be swept
   */
  async learn(command: Command): Promise<{ calls: Call[]; ended: Ended }> {
    const { calls, others, ...ended } = await this.trace(command);
    const isOurs = (call: Call) => changes(call, this.root);
    const stray = others.find((text) =>
      isOurs({ syscall: /^\w*/.exec(text)?.[0] ?? "", nth: 1, text }),
    );
    if (stray !== undefined) throw new Error(`not the main thread: ${stray}`);
    return { calls: calls.filter(isOurs), ended };
  }

  /**
   * Runs a command from a copy so that it meets a fault at one call.
   *
   * Other work of the runtime may shift the numbers by a little, then it is tried once more.
   *
   * @returns null when the call was not met
   */
  async meet(
    command: Command,
    { call, fault, from }: { call: Call; fault: Injection["fault"]; from: Copy },
  ): Promise<Ended | null> {
    const inject = { syscall: call.syscall, nth: call.nth, fault };
    for (let attempt = 0; attempt < 4; attempt += 1) {
      await this.restore(from);
      const { calls, others: _, ...ended } = await this.trace(command, inject);
      const met = injectedCall(calls, inject);
      if (met !== undefined && signature(met) === signature(call)) return ended;
      const at = calls.findIndex((each) => signature(each) === signature(call));
      const isNear = at !== -1 && Math.abs((calls[at]?.nth ?? 0) - call.nth) < 20;
      if (isNear && signatureIsUnique(calls, at)) inject.nth = calls[at]?.nth ?? inject.nth;
    }
    return null;
  }

  #surroundings() {
    const env = { ...this.env, BUN_RUNTIME_TRANSPILER_CACHE_PATH: this.cache };
    return { env, cwd: repository };
  }
}

/** A call without what its result adds to it, and without what differs from run to run. */
export function signature({ text }: Pick<Call, "text">): string {
  const end = text.search(/\) +=| <unfinished/);
  const call = timeless(end === -1 ? text : text.slice(0, end));
  // Numbers of files, and lengths: one may hold a process id.
  return call.replace(/\b\d+</g, "<").replace(/""\.\.\., \d+/g, '""');
}

function signatureIsUnique(calls: readonly Call[], at: number): boolean {
  const wanted = signature(calls[at] ?? { text: "" });
  return calls.filter((each) => signature(each) === wanted).length === 1;
}

function wordsOf({ script, args }: Command): string[] {
  return [...runtime, resolve(repository, script), ...args];
}

/** Runs a line of shell; copies of trees are made by `cp -a`, beside the work of other slots. */
async function shell(line: string, ...args: string[]): Promise<void> {
  const child = Bun.spawn(["sh", "-c", line, "sh", ...args], { stdin: "ignore", stderr: "pipe" });
  const stderr = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(stderr);
}
