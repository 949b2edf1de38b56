/** Records a story: commands typed at a prompt, what the real programs say, answers to questions. */

import { type Row, Terminal } from "./terminal.ts";

/** A command of the story. */
export interface Scene {
  /** What is typed. */
  command: string;
  /** The program and its arguments, which the shell would have found. */
  argv: readonly string[];
  /** Questions in their order: what has been written when it waits, and the answer. */
  answers?: readonly { expect: string; send: string }[];
  /** Milliseconds to look at the end of it. */
  hold: number;
}

/** A moment at which the screen stands still: something was typed, or a program waits or ended. */
export interface Moment {
  /** The command that is typed now; its row was empty but for the prompt. */
  typed?: { row: number; text: string };
  rows: Row[];
  /** The row of the cursor. */
  cursor: number;
  /** Milliseconds to stand still. */
  hold: number;
}

export interface RecordOptions {
  columns: number;
  env: Record<string, string>;
  cwd: string;
  /** Changes what was written before it is shown: for what differs from run to run. */
  mask(text: string): string;
}

export const prompt = "$ ";
const questionHold = 1800;
const timeLimit = 20_000;

/** Runs the scenes one after the other in one terminal. */
export async function record(scenes: readonly Scene[], options: RecordOptions): Promise<Moment[]> {
  const terminal = new Terminal(options.columns);
  const moments: Moment[] = [];
  const add = (hold: number, typed?: Moment["typed"]) => {
    const still = { rows: terminal.rows(), cursor: terminal.row, hold };
    moments.push(typed === undefined ? still : { ...still, typed });
  };
  terminal.write(`\x1b[36m${prompt}\x1b[39m`);
  add(600);
  for (const scene of scenes) {
    const typed = { row: terminal.row, text: scene.command };
    terminal.write(scene.command);
    add(300, typed);
    terminal.write("\r\n");
    const parts = await play(scene, options);
    for (const [at, part] of parts.entries()) {
      terminal.write(options.mask(part));
      const ended = at === parts.length - 1;
      if (ended) terminal.write(`\x1b[36m${prompt}\x1b[39m`);
      add(ended ? scene.hold : questionHold);
    }
  }
  return moments;
}

/** What the program wrote until each question, and after the last. */
async function play(scene: Scene, { columns, env, cwd }: RecordOptions): Promise<string[]> {
  const decoder = new TextDecoder();
  const drained = Promise.withResolvers<void>();
  const waiting = [...(scene.answers ?? [])];
  const parts = [""];
  const child = Bun.spawn([...scene.argv], {
    ...{ cwd, env },
    terminal: {
      cols: columns,
      rows: 24,
      exit: () => drained.resolve(),
      data(terminal, bytes) {
        const part = (parts.pop() ?? "") + decoder.decode(bytes, { stream: true });
        parts.push(part);
        const [next] = waiting;
        const at = next === undefined ? -1 : part.indexOf(next.expect);
        if (next === undefined || at === -1) return;
        waiting.shift();
        const end = at + next.expect.length;
        parts.splice(-1, 1, part.slice(0, end), part.slice(end));
        terminal.write(next.send);
      },
    },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), timeLimit);
  await child.exited;
  await Promise.race([drained.promise, Bun.sleep(500)]);
  clearTimeout(timer);
  child.terminal?.close();
  const text = parts.join("");
  if (waiting.length > 0) throw new Error(`"${scene.command}" did not ask:\n${text}`);
  if (child.exitCode !== 0) throw new Error(`"${scene.command}" did not end well:\n${text}`);
  return parts;
}
