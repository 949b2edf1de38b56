/** Whoever plans: what an agent is asked, and a command that plays one. */

import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { errorCode, ToolkitError } from "../errors.ts";
import type { Env } from "../process.ts";
import type { Effort } from "./effort.ts";
import type { Manifest, Phase } from "./manifest.ts";
import { makeDirs } from "./save.ts";
import type { PlanningState } from "./state.ts";
import type { StepName } from "./steps.ts";

/** One question to an agent. A built-in agent answers from `facts`, any other from the prompt. */
export interface AskRequest {
  /** `planning.expand`, `phase.ready-check`, `phase.execute`, `migration.review`. */
  role: string;
  slug: string;
  prompt: string;
  /** The directory it works in: the workspace, or for phases a copy of the migration. */
  cwd: string;
  /** Where prompt and output are kept. */
  logDir: string;
  effort: Effort;
  facts: { step?: StepName; state?: PlanningState; manifest: Manifest; phase?: Phase };
  signal?: AbortSignal;
}

export interface Agent {
  /** For the history: `builtin`, or the program's name. */
  name: string;
  model?: string;
  /**
   * @returns what it said
   * @throws AgentError
   */
  ask(request: AskRequest): Promise<string>;
}

export type AgentFailure = "timeout" | "stuck" | "agent-exited-nonzero" | "agent-infra-failure";

/** An agent that did not answer. Its message says how it ended. */
export class AgentError extends ToolkitError {
  constructor(
    readonly kind: AgentFailure,
    role: string,
    detail: string,
    readonly logDir: string,
    readonly exitCode: number | null = null,
  ) {
    super("findings", `Cannot accept "${role}": ${detail}`, { hint: `its output: ${logDir}` });
    this.name = "AgentError";
  }
}

export interface CommandOptions {
  /** A shell command. The prompt is its stdin, its stdout is the answer. */
  command: string;
  env: Env;
  disk: Disk;
  /** Milliseconds until the whole process group is killed. @default 1800000 */
  timeoutMs?: number;
  /** Milliseconds of silence after which it is killed. @default 300000 */
  idleMs?: number;
  model?: string;
  /** Shown what the command writes, as it comes. */
  onOutput?: (text: string) => void;
}

/** Most that an answer may hold. */
const maxOutput = 8 * 1024 * 1024;

/** An agent that is a command. */
export function commandAgent(options: CommandOptions): Agent {
  return {
    name: options.command.trim().split(/\s+/)[0]?.split("/").at(-1) ?? "command",
    ...(options.model === undefined ? {} : { model: options.model }),
    ask: (request) => runCommand(options, request),
  };
}

async function runCommand(options: CommandOptions, request: AskRequest): Promise<string> {
  const { disk } = options;
  const { role, logDir, prompt } = request;
  makeDirs(disk, logDir, 0o700);
  writeLog(disk, join(logDir, "prompt.md"), prompt);
  const child = start(options, request);
  const heard = { stdout: new Sink(), stderr: new Sink() };
  const ended = await watch(child, heard, options, request.signal);
  const stdout = heard.stdout.text();
  writeLog(disk, join(logDir, "stdout.md"), stdout);
  writeLog(disk, join(logDir, "stderr.log"), heard.stderr.text());
  if (ended.stopped === "cancelled") {
    throw new ToolkitError("cancelled", `Cancelled while "${role}" was running`);
  }
  const fail = (kind: AgentFailure, detail: string, code: number | null = null): never => {
    throw new AgentError(kind, role, detail, logDir, code);
  };
  if (ended.stopped === "timeout") fail("timeout", "the agent timed out");
  if (ended.stopped === "idle") fail("stuck", "the agent produced no output for too long");
  if (ended.stopped === "flood") fail("agent-infra-failure", "the agent wrote too much");
  if (ended.exitCode === null) {
    return fail("agent-infra-failure", `the agent died of ${ended.signal}`);
  }
  // The shell's way to say that what it ran was killed.
  const killed = ended.exitCode > 128 && ended.exitCode <= 192;
  if (killed) fail("agent-infra-failure", `the agent died of signal ${ended.exitCode - 128}`);
  if (ended.exitCode !== 0) {
    const detail = `the agent exited with ${ended.exitCode}`;
    fail("agent-exited-nonzero", detail, ended.exitCode);
  }
  return stdout;
}

type Child = Bun.Subprocess<Blob, "pipe", "pipe">;

function start(options: CommandOptions, request: AskRequest): Child {
  const { role, slug, effort, cwd, logDir, prompt } = request;
  const env = {
    ...options.env,
    MIGRATION_ROLE: role,
    MIGRATION_SLUG: slug,
    MIGRATION_EFFORT: effort,
    MIGRATION_PROMPT: join(logDir, "prompt.md"),
  };
  try {
    return Bun.spawn(["/bin/sh", "-c", options.command], {
      cwd,
      env,
      stdin: new Blob([prompt]),
      stdout: "pipe",
      stderr: "pipe",
      // A group of its own, so that what it starts ends with it.
      detached: true,
    });
  } catch (cause) {
    const detail = `the agent could not be started: ${errorCode(cause) ?? String(cause)}`;
    throw new AgentError("agent-infra-failure", role, detail, logDir);
  }
}

interface Ended {
  exitCode: number | null;
  signal: string | null;
  stopped: "timeout" | "idle" | "flood" | "cancelled" | null;
}

/** Waits for the end of a child, or ends it; nothing of its group is left either way. */
async function watch(
  child: Child,
  heard: { stdout: Sink; stderr: Sink },
  options: CommandOptions,
  signal?: AbortSignal,
): Promise<Ended> {
  const { timeoutMs = 1_800_000, idleMs = 300_000 } = options;
  const started = performance.now();
  let last = started;
  let stopped: Ended["stopped"] = null;
  const stop = (reason: NonNullable<Ended["stopped"]>) => {
    stopped ??= reason;
    killGroup(child.pid);
  };
  const read = async (stream: ReadableStream<Uint8Array>, sink: Sink) => {
    for await (const chunk of stream) {
      last = performance.now();
      if (!sink.take(chunk)) stop("flood");
      options.onOutput?.(new TextDecoder().decode(chunk));
    }
  };
  const timer = setInterval(
    () => {
      const now = performance.now();
      if (now - started > timeoutMs) stop("timeout");
      else if (now - last > idleMs) stop("idle");
    },
    Math.max(5, Math.min(250, timeoutMs / 4, idleMs / 4)),
  );
  const onAbort = () => stop("cancelled");
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  const reading = Promise.allSettled([
    read(child.stdout, heard.stdout),
    read(child.stderr, heard.stderr),
  ]);
  await child.exited;
  // A grandchild may hold the pipes open; what it still has to say does not count.
  await Promise.race([reading, Bun.sleep(200)]);
  killGroup(child.pid);
  await Promise.race([reading, Bun.sleep(200)]);
  clearInterval(timer);
  signal?.removeEventListener("abort", onAbort);
  return { exitCode: child.exitCode, signal: child.signalCode?.toString() ?? null, stopped };
}

/** Collects output up to a limit. */
class Sink {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;

  /** False when it was too much. */
  take(chunk: Uint8Array): boolean {
    this.#size += chunk.length;
    if (this.#size > maxOutput) return false;
    this.#chunks.push(chunk);
    return true;
  }

  text(): string {
    return new TextDecoder().decode(Buffer.concat(this.#chunks));
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // ESRCH: everything in the group has ended already.
  }
}

function writeLog(disk: Disk, path: string, text: string): void {
  disk.writeNew(path, [Buffer.from(text)], { mode: 0o600 });
}
