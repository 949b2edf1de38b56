/**
 * The one owner of the terminal: colour, notes, progress and questions.
 *
 * All of it goes to stderr, since stdout carries the result and nothing else. Writes are
 * synchronous, so that they keep their order, work inside synchronous loops, and are whole
 * before the process ends. Text of foreign origin must have passed `printable` (`lib/text.ts`)
 * before it gets here; questions pass it here.
 */

import { writeSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { isatty } from "node:tty";
import { errorCode, ToolkitError } from "./errors.ts";
import type { Env } from "./process.ts";
import { createBars, type Progress } from "./progress.ts";
import { printable } from "./text.ts";

/** Where text goes. `isTTY` says whether somebody may be looking. */
export interface Sink {
  isTTY: boolean;
  /** Width in columns; 80 where it is not a terminal. */
  columns(): number;
  /**
   * Writes all of the text before it returns. A reader that went away (`| head`) is no error.
   *
   * @throws ToolkitError `invalid` when it cannot be written, for instance to a full disk
   */
  write(text: string): void;
}

/** A sink on stdout (1) or stderr (2) of this process. */
export function openSink(fd: 1 | 2): Sink {
  const stream = fd === 1 ? "stdout" : "stderr";
  let closed = false;
  return {
    isTTY: isatty(fd),
    // process.stdout costs milliseconds to make, so it is left alone until a width is needed.
    columns: () => (isatty(fd) && process[stream].columns) || 80,
    write(text) {
      if (closed) return;
      try {
        writeWhole(fd, Buffer.from(text));
      } catch (error) {
        closed = true;
        // When stderr fails there is nobody left to tell.
        if (fd === 2 || errorCode(error) === "EPIPE") return;
        throw new ToolkitError("invalid", `Cannot write to "${stream}": ${errorCode(error)}`, {
          cause: error,
        });
      }
    },
  };
}

/** A pipe that another process made non-blocking takes only what fits; the rest has to wait. */
function writeWhole(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error;
      Bun.sleepSync(1);
    }
  }
}

/**
 * Whether to colour a stream. The flag speaks first, then NO_COLOR (not empty: off), FORCE_COLOR
 * (not empty: on, `0` and `false`: off), TERM=dumb (off), and last whether it is a terminal.
 *
 * @param options.flag false when `--no-color` was given
 */
export function wantsColor(options: { flag: boolean; env: Env; isTTY: boolean }): boolean {
  const { flag, env, isTTY } = options;
  if (!flag || env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  return isTTY && env.TERM !== "dumb";
}

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** Functions that colour a text, or return it as it is where colour is off. */
export type Style = Readonly<Record<keyof typeof codes, (text: string) => string>>;

export function createStyle(enabled: boolean): Style {
  const paint =
    ([open, close]: readonly [number, number]) =>
    (text: string) =>
      enabled && text !== "" ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    bold: paint(codes.bold),
    dim: paint(codes.dim),
    red: paint(codes.red),
    green: paint(codes.green),
    yellow: paint(codes.yellow),
    cyan: paint(codes.cyan),
  };
}

/** A question answered yes or no. */
export interface Confirmation {
  message: string;
  /** What a bare Enter means. @default false */
  initial?: boolean;
  /** The flag that answers it, named when nobody can be asked: `--yes`. */
  flag: string;
  /** Whether that flag was given: then nobody is asked. */
  yes: boolean;
}

/** A question with a list of answers. */
export interface Selection<Value extends string> {
  message: string;
  options: readonly { value: Value; label?: string; hint?: string }[];
  /** @default the first option */
  initial?: Value;
  /** The flag that answers it, with its value: `--decide same-repo=keep`. */
  flag: string;
}

export interface Terminal {
  /** Colours for what goes to stderr. */
  style: Style;
  quiet: boolean;
  /** Whether a person can be asked: stdin and stderr are terminals and this is no CI. */
  interactive: boolean;
  columns(): number;
  /** A remark; left out with `--quiet`. */
  note(text: string): void;
  /** `warning: …`; shown with `--quiet` too. */
  warn(text: string): void;
  /** @param total how much there is to do; without it only the count is shown */
  progress(label: string, total?: number): Progress;
  /** Takes a progress bar off the screen, before something else writes to it. */
  clear(): void;
  /**
   * @throws ToolkitError `usage` when it needs an answer and nobody can be asked, `cancelled`
   */
  confirm(question: Confirmation): Promise<boolean>;
  /** @throws ToolkitError as {@link Terminal.confirm} does */
  select<Value extends string>(question: Selection<Value>): Promise<Value>;
}

export interface TerminalOptions {
  stderr: Sink;
  stdinIsTTY: boolean;
  /** The streams that questions use; made only when one is asked. */
  streams: () => { input: Readable; output: Writable };
  env: Env;
  quiet: boolean;
  /** False when `--no-color` was given. */
  color: boolean;
}

/** Notes, progress and questions on the given streams; reads and keeps nothing else. */
export function createTerminal(options: TerminalOptions): Terminal {
  const { stderr, env, quiet } = options;
  const colored = wantsColor({ flag: options.color, env, isTTY: stderr.isTTY });
  const style = createStyle(colored);
  const bars = createBars(stderr);
  const animated = stderr.isTTY && !quiet && env.TERM !== "dumb";
  const isTerminal = options.stdinIsTTY && stderr.isTTY;
  const interactive = isTerminal && (!env.CI || env.CI === "false");
  const writeLine = (text: string) => {
    bars.clear();
    stderr.write(`${text}\n`);
  };
  const ask = async <Raw>(message: string, flag: string, prompt: Prompt<Raw>) => {
    if (!interactive) {
      const reason = isTerminal ? "CI is set" : "this is no terminal";
      throw new ToolkitError("usage", `Cannot ask "${printable(message)}": ${reason}`, {
        hint: `answer it with ${flag}`,
      });
    }
    bars.clear();
    return runPrompt(printable(message), prompt, { ...options.streams(), colored });
  };
  return {
    style,
    quiet,
    interactive,
    columns: stderr.columns,
    note: (text) => {
      if (!quiet) writeLine(text);
    },
    warn: (text) => writeLine(`${style.yellow("warning:")} ${text}`),
    progress: (label, total) => (animated ? bars.start(label, total) : hiddenProgress),
    clear: bars.clear,
    async confirm({ message, initial = false, flag, yes }) {
      if (yes) return true;
      return await ask(message, flag, (clack, common) =>
        clack.confirm({ ...common, initialValue: initial }),
      );
    },
    async select({ message, options: choices, initial, flag }) {
      const shown = choices.map(({ value, label = value, hint }) => ({
        value: String(value),
        label: printable(label),
        ...(hint === undefined ? {} : { hint: printable(hint) }),
      }));
      const initialValue = initial ?? choices[0]?.value ?? "";
      const answer = await ask(message, flag, (clack, common) =>
        clack.select<string>({ ...common, options: shown, initialValue }),
      );
      const choice = choices.find(({ value }) => value === answer);
      if (choice === undefined) throw new TypeError(`"${answer}" was not offered`);
      return choice.value;
    },
  };
}

const hiddenProgress: Progress = { update() {}, end() {}, [Symbol.dispose]() {} };

/** Asks with the prompt library; its symbol for "cancelled" is the only symbol it answers with. */
type Prompt<Raw> = (
  clack: typeof import("@clack/prompts"),
  common: { message: string; input: Readable; output: Writable; signal: AbortSignal },
) => Promise<Raw>;

async function runPrompt<Raw>(
  message: string,
  prompt: Prompt<Raw>,
  { input, output, colored }: { input: Readable; output: Writable; colored: boolean },
): Promise<Exclude<Raw, symbol>> {
  // It colours with node:util's styleText, some of it while it loads; that knows no other switch.
  if (!colored) process.env.NO_COLOR = "1";
  // Loaded here: it costs more to load than most commands take to run.
  const clack = await import("@clack/prompts");
  using ended = endOfInput(input);
  const answer = await prompt(clack, { message, input, output, signal: ended.signal });
  if (typeof answer === "symbol") {
    throw new ToolkitError("cancelled", `Cancelled at "${message}"`);
  }
  return answer as Exclude<Raw, symbol>;
}

/**
 * A signal that Ctrl-D, or an input that is gone, cancels a prompt with. Readline pauses the input
 * then, and the prompt library would wait for ever; after Ctrl-Z and `fg` too, where it goes on.
 */
export function endOfInput(input: Readable): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  let asking = true;
  let isSuspended = false;
  const end = () => {
    if (asking) controller.abort();
  };
  const settle = () => {
    if (!asking || !input.isPaused()) return;
    if (isSuspended) input.resume();
    else end();
  };
  const onKey = (_: unknown, key: { ctrl?: boolean; name?: string } | undefined) => {
    isSuspended = key?.ctrl === true && key.name === "z";
  };
  // An answer pauses it as well, and is heard before this.
  const onPause = () => setImmediate(settle);
  input.on("keypress", onKey).on("pause", onPause).once("end", end);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      asking = false;
      input.off("keypress", onKey).off("pause", onPause).off("end", end);
    },
  };
}
