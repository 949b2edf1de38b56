/**
 * The frame of every script: it reads the command line, runs the command, and turns how that
 * ended into output and an exit code.
 *
 * ```ts
 * const command = script({ name: "hello", summary: "Say hello", run: async () => "done" });
 * export default command;
 * if (import.meta.main) await main(command);
 * ```
 *
 * The contract: flags are strict (`lib/args.ts`); stdout carries the result and nothing else;
 * with `--json` it carries one document, on errors too (`lib/documents.ts`); exit codes are those
 * of `lib/errors.ts`; a stack trace is shown for a bug only.
 */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { isatty } from "node:tty";
import manifest from "../package.json" with { type: "json" };
import {
  beforeSeparator,
  commonFlags,
  commonFlagsBeside,
  type Flags,
  findFirstWord,
  type Positionals,
  parseArgs,
  type Values,
} from "./args.ts";
import { errorCode, exitCodes, type Outcome, ToolkitError } from "./errors.ts";
import { errorDocument, formatError } from "./failure.ts";
import { helpPage, type Page } from "./help.ts";
import { invocationOf } from "./invocation.ts";
import type { Env } from "./process.ts";
import {
  createStyle,
  createTerminal,
  openSink,
  type Sink,
  type Style,
  type Terminal,
  wantsColor,
} from "./terminal.ts";
import { printableJson } from "./text.ts";

/** Where a command puts its result: stdout. */
export interface Output {
  /** Colours for stdout. */
  style: Style;
  isTTY: boolean;
  /** Whether the result has to be a JSON document. */
  json: boolean;
  columns(): number;
  /** Writes at once, with `--json` not at all: for text that leads to a question, say. */
  print(text: string): void;
  /**
   * Sets the result, of which only the form that was asked for is made. It is written when the
   * command has ended; a later call replaces it, and so does an error if the form is JSON.
   */
  result(forms: { json: () => unknown; text: () => string }): void;
}

/** What a command is given. */
export interface Context<F extends Flags = Flags, P extends Positionals = Positionals> {
  /** Values of flags and positionals by the keys of their tables; help and version stay here. */
  args: Values<F> & Values<Omit<typeof commonFlags, "help" | "version">> & Values<P>;
  out: Output;
  terminal: Terminal;
  env: Env;
  cwd: string;
  /** How the script was called, for commands in messages: `bun run scripts/migrate.ts`. */
  invocation: string;
  /**
   * Aborted by the first Ctrl-C (or SIGTERM, SIGHUP), with the error to throw as its reason; the
   * second one ends the process at once. Signals keep their usual effect until this is read, so
   * a command that never looks at it can be stopped even inside a synchronous loop.
   */
  readonly signal: AbortSignal;
}

/** A command with its tables; its types are checked where it is made. */
export interface Command extends Page {
  commands: Readonly<Record<string, Command>>;
  run?(context: Context): Promise<Outcome>;
}

/** A command that is a file in `scripts/`. */
export interface Script extends Command {
  name: string;
}

type Optional = "args" | "positionals" | "commands" | "examples" | "exits" | "files";

/** What {@link command} takes: everything that can be empty may be left out. */
export interface CommandSpec<F extends Flags, P extends Positionals>
  extends Omit<Page, Optional>,
    Partial<Pick<Page, "examples" | "exits" | "files">> {
  args?: F;
  positionals?: P;
  /** Commands inside this one; a command without a `run` of its own needs one of them. */
  commands?: Readonly<Record<string, Command>>;
  run?(context: Context<F, P>): Promise<Outcome>;
}

/** Makes a command; what `run` gets in `args` has the types of the tables. */
export function command<
  const F extends Flags = Record<never, never>,
  const P extends Positionals = Record<never, never>,
>(spec: CommandSpec<F, P>): Command {
  const clash = Object.keys({ ...spec.args, ...spec.positionals }).find(
    (key) => Object.hasOwn(commonFlags, key) && !takesVersion(spec.args ?? {}, key),
  );
  if (clash !== undefined) throw new TypeError(`"${clash}" is a flag of every script`);
  if (spec.run === undefined && spec.commands === undefined) {
    throw new TypeError("a command needs a run or commands inside it");
  }
  return { args: {}, positionals: {}, commands: {}, examples: [], exits: {}, files: [], ...spec };
}

/** Makes the command of a script. */
export function script<
  const F extends Flags = Record<never, never>,
  const P extends Positionals = Record<never, never>,
>(spec: CommandSpec<F, P> & { name: string }): Script {
  return { ...command(spec), name: spec.name };
}

/** What a script stands in: everything of the process that it may use. */
export interface Host {
  argv: readonly string[];
  invocation: string;
  env: Env;
  cwd: string;
  stdinIsTTY: boolean;
  stdout: Sink;
  stderr: Sink;
  /** The streams for questions. */
  streams(): { input: Readable; output: Writable };
  /** Calls back on SIGINT, SIGTERM and SIGHUP until the returned function is called. */
  onSignal(listener: (name: string) => void): () => void;
  exit(code: number): void;
}

/**
 * Runs a script as this process and sets its exit code.
 *
 * @param options.argv default the process's own arguments
 * @param options.invocation how it was called; default `bun run` and the path of the script
 */
export async function main(
  script: Script,
  options: { argv?: readonly string[]; invocation?: string } = {},
): Promise<void> {
  const host = processHost(options);
  // A failure that nobody awaits would end with 1, which means findings.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => process.exit(reportError(error, host)));
  }
  process.exitCode = await execute(script, host);
}

/** Runs a script on a host and returns its exit code. */
export async function execute(script: Script, host: Host): Promise<number> {
  const terminal = createTerminal({
    ...host,
    quiet: isGiven(host, "--quiet"),
    color: !isGiven(host, "--no-color"),
  });
  const out = createOutput(host);
  const interruption = createInterruption(host, terminal);
  try {
    const outcome = await run(script, host, { terminal, out, interruption });
    // From here on a signal ends the process, even while a slow reader keeps it waiting.
    interruption.stop();
    terminal.clear();
    out.flush();
    return exitCodes[outcome];
  } catch (error) {
    interruption.stop();
    terminal.clear();
    return reportError(error, host, out);
  }
}

interface Tools {
  terminal: Terminal;
  out: PendingOutput;
  interruption: Interruption;
}

/** Finds the command that is meant, and shows its help or runs it. */
async function run(script: Script, host: Host, tools: Tools): Promise<Outcome> {
  const { command, path, argv } = resolveCommand(script, host.argv);
  const invocation = [host.invocation, ...path].join(" ");
  const { terminal, out, interruption } = tools;
  if (isGiven(host, "--help")) {
    const width = Math.min(80, host.stdout.columns());
    host.stdout.write(helpPage(command, { invocation, style: out.style, width }));
    return "done";
  }
  if (asksForVersion(command, host.argv)) {
    host.stdout.write(`${manifest.version}\n`);
    return "done";
  }
  const args = readArgs(command, argv, invocation);
  if (command.run === undefined) {
    throw new ToolkitError("usage", `Cannot run "${invocation}": a command is missing`, {
      hint: `one of ${Object.keys(command.commands).join(", ")}\nwhat each does: ${invocation} --help`,
    });
  }
  refuseMissing(args.config, host.cwd);
  return await command.run({
    ...{ args, out, terminal, env: host.env, cwd: host.cwd, invocation: host.invocation },
    get signal() {
      return interruption.start();
    },
  });
}

/** With a mistyped registry no project is known, and much can be planned for such a disk. */
function refuseMissing(config: string | undefined, cwd: string): void {
  if (config === undefined) return;
  try {
    statSync(resolve(cwd, config));
  } catch (cause) {
    throw new ToolkitError("invalid", `Cannot read "${config}": ${errorCode(cause)}`, { cause });
  }
}

function readArgs(command: Command, argv: readonly string[], invocation: string): Context["args"] {
  const { args, positionals, commands } = command;
  const grammar = { flags: { ...args, ...commonFlagsBeside(args) }, positionals };
  try {
    // The tables that this is parsed with are those that gave `run` its types.
    return parseArgs(argv, grammar, Object.keys(commands)) as Context["args"];
  } catch (error) {
    if (!(error instanceof ToolkitError) || error.hint !== undefined) throw error;
    throw new ToolkitError("usage", error.message, { hint: `${invocation} --help` });
  }
}

/** Follows the words that name commands, and takes them out of the command line. */
function resolveCommand(script: Script, given: readonly string[]) {
  let command: Command = script;
  let argv = given;
  const path: string[] = [];
  while (true) {
    const flags = allFlags(command);
    const index = findFirstWord(argv, { ...flags, ...commonFlagsBeside(flags) });
    const name = argv[index];
    const inner = Object.entries(command.commands).find(([key]) => key === name)?.[1];
    if (name === undefined || inner === undefined) return { command, path, argv };
    command = inner;
    argv = argv.toSpliced(index, 1);
    path.push(name);
  }
}

/** The flags of a command and of all inside it: any of them may stand before a command's name. */
function allFlags({ args, commands }: Command): Flags {
  return Object.assign({}, ...Object.values(commands).map(allFlags), args);
}

/** The one common flag that a command may have for itself, if it takes a value there. */
function takesVersion(flags: Flags, key = "version"): boolean {
  return key === "version" && flags.version !== undefined && flags.version.type !== "boolean";
}

function asksForVersion({ args }: Command, argv: readonly string[]): boolean {
  const words = beforeSeparator(argv);
  return takesVersion(args) ? words.at(-1) === "--version" : words.includes("--version");
}

/** Whether a flag was given, for what has to be known before the command line is read. */
function isGiven(host: Host, flag: string): boolean {
  return beforeSeparator(host.argv).includes(flag);
}

interface PendingOutput extends Output {
  /** Writes the result, if there is one. */
  flush(): void;
}

function createOutput({ argv, stdout, env }: Host): PendingOutput {
  const flags = beforeSeparator(argv);
  const json = flags.includes("--json");
  const color = !json && !flags.includes("--no-color");
  const lines = (text: string) => (text === "" || text.endsWith("\n") ? text : `${text}\n`);
  let pending = "";
  return {
    style: createStyle(wantsColor({ flag: color, env, isTTY: stdout.isTTY })),
    isTTY: stdout.isTTY,
    json,
    columns: stdout.columns,
    print: (text) => {
      if (!json) stdout.write(lines(text));
    },
    result: (forms) => {
      pending = lines(json ? jsonOf(forms.json()) : forms.text());
    },
    flush: () => {
      const text = pending;
      pending = "";
      stdout.write(text);
    },
  };
}

interface Interruption {
  /** Listens from the first call on. */
  start(): AbortSignal;
  /** Gives signals their usual effect back. */
  stop(): void;
}

function createInterruption(host: Host, terminal: Terminal): Interruption {
  const controller = new AbortController();
  let stop: (() => void) | undefined;
  const onSignal = (name: string) => {
    const reason = new ToolkitError("cancelled", `Cancelled by ${name}`);
    if (controller.signal.aborted) {
      terminal.clear();
      host.exit(reportError(reason, host));
      return;
    }
    terminal.warn("stopping at the next safe point; once more stops at once");
    controller.abort(reason);
  };
  return {
    start() {
      stop ??= host.onSignal(onSignal);
      return controller.signal;
    },
    stop: () => stop?.(),
  };
}

/**
 * Says what went wrong, on stderr or as a document, and returns the exit code. Text that was
 * ready still comes out; a document gives way to that of the error.
 */
function reportError(error: unknown, host: Host, out?: PendingOutput): number {
  const outcome = error instanceof ToolkitError ? error.outcome : "bug";
  const code = (error instanceof ToolkitError ? error.exitCode : null) ?? exitCodes[outcome];
  let json = isGiven(host, "--json");
  try {
    if (json) host.stdout.write(`${jsonOf(errorDocument(error))}\n`);
    else out?.flush();
  } catch {
    // Stdout takes nothing more; stderr has to do.
    json = false;
  }
  if (json && outcome !== "bug") return code;
  const color = !isGiven(host, "--no-color");
  const style = createStyle(wantsColor({ flag: color, env: host.env, isTTY: host.stderr.isTTY }));
  host.stderr.write(formatError(error, style));
  return code;
}

/** How this process's script can be called again from where it was called. */
export function ownInvocation(path: string): string {
  const script = { path, bin: manifest.bin };
  return invocationOf(script, { cwd: process.cwd(), env: process.env });
}

function jsonOf(document: unknown): string {
  return printableJson(JSON.stringify(document, null, 2));
}

function processHost(options: { argv?: readonly string[]; invocation?: string }): Host {
  const [, scriptPath = "", ...argv] = process.argv;
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  return {
    argv: options.argv ?? argv,
    invocation: options.invocation ?? ownInvocation(scriptPath),
    env: process.env,
    cwd: process.cwd(),
    stdinIsTTY: isatty(0),
    stdout: openSink(1),
    stderr: openSink(2),
    streams: () => ({ input: process.stdin, output: process.stderr }),
    onSignal(listener) {
      for (const name of signals) process.on(name, listener);
      return () => {
        for (const name of signals) process.off(name, listener);
      };
    },
    exit: (code) => process.exit(code),
  };
}
