/** Runs scripts inside the test's own process, where that is enough and speed counts. */

import { PassThrough } from "node:stream";
import type { Host } from "../lib/cli.ts";

/**
 * A host that keeps what is written, has no terminal, and never ends the process.
 *
 * @param changes replaces what a test is about
 */
export function makeHost(argv: readonly string[], changes: Partial<Host> = {}) {
  const written = { stdout: "", stderr: "", exits: [] as number[] };
  let listener: ((name: string) => void) | undefined;
  const sink = (name: "stdout" | "stderr") => ({
    isTTY: false,
    columns: () => 80,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const host: Host = {
    ...{ argv, invocation: "bun run scripts/x.ts", env: {}, cwd: "/", stdinIsTTY: false },
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    streams: () => ({ input: new PassThrough(), output: new PassThrough() }),
    onSignal: (given) => {
      listener = given;
      return () => {
        listener = undefined;
      };
    },
    exit: (code) => written.exits.push(code),
    ...changes,
  };
  return { host, written, signal: (name: string) => listener?.(name), listens: () => !!listener };
}
