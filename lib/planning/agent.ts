/** Whoever plans: what an agent is asked, and a command that plays one. */

import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { ToolkitError } from "../errors.ts";
import type { Env } from "../process.ts";
import type { Effort } from "./effort.ts";
import { runGroup } from "./group.ts";
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
  /** Goes into every prompt; see taste.ts. Null, or absent, when there is nothing to say. */
  taste?: string | null;
  /**
   * @returns what it said
   * @throws AgentError
   */
  ask(request: AskRequest): Promise<string>;
  /**
   * Refuses the last feedback of a state when it makes no sense.
   *
   * @throws ToolkitError `usage`
   */
  checkFeedback?(state: PlanningState): Promise<void>;
}

export type AgentFailure = "timeout" | "stuck" | "agent-exited-nonzero" | "agent-infra-failure";

/** An agent that did not answer. Its message says how it ended; its exit code is passed on. */
export class AgentError extends ToolkitError {
  constructor(
    readonly kind: AgentFailure,
    role: string,
    detail: string,
    readonly logDir: string,
    exitCode: number | null = null,
    /** What it had said until then. */
    readonly answer = "",
  ) {
    const hint = `its output: ${logDir}`;
    super("findings", `Cannot accept "${role}": ${detail}`, { hint, exitCode });
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
  taste?: string | null;
  /** Shown what the command writes, as it comes. */
  onOutput?: (text: string) => void;
}

/** An agent that is a command. */
export function commandAgent(options: CommandOptions): Agent {
  return {
    name: options.command.trim().split(/\s+/)[0]?.split("/").at(-1) ?? "command",
    ...(options.model === undefined ? {} : { model: options.model }),
    taste: options.taste ?? null,
    ask: (request) => runCommand(options, request),
  };
}

async function runCommand(options: CommandOptions, request: AskRequest): Promise<string> {
  const { disk, command, timeoutMs = 1_800_000, idleMs = 300_000, onOutput } = options;
  const { role, logDir, prompt, cwd, signal } = request;
  makeDirs(disk, logDir, 0o700);
  writeLog(disk, join(logDir, "prompt.md"), prompt);
  const ended = await runGroup({
    words: ["/bin/sh", "-c", command],
    cwd,
    env: environment(options.env, request),
    stdin: prompt,
    timeoutMs,
    idleMs,
    ...(signal === undefined ? {} : { signal }),
    ...(onOutput === undefined ? {} : { onOutput }),
  });
  const fail = (kind: AgentFailure, detail: string, code: number | null = null): never => {
    throw new AgentError(kind, role, detail, logDir, code, ended.stdout);
  };
  writeLog(disk, join(logDir, "stdout.md"), ended.stdout);
  writeLog(disk, join(logDir, "stderr.log"), ended.stderr);
  if (ended.stopped === "cancelled") {
    throw new ToolkitError("cancelled", `Cancelled while "${role}" was running`);
  }
  if (ended.stopped === "timeout") fail("timeout", "the agent timed out");
  if (ended.stopped === "idle") fail("stuck", "the agent produced no output for too long");
  if (ended.stopped === "flood") fail("agent-infra-failure", "the agent wrote too much");
  if (ended.startFault !== null) {
    fail("agent-infra-failure", `the agent could not be started: ${ended.startFault}`);
  }
  const { exitCode } = ended;
  if (exitCode === null) return fail("agent-infra-failure", `the agent died of ${ended.signal}`);
  // The shell's way to say that what it ran was killed.
  const killed = exitCode > 128 && exitCode <= 192;
  if (killed) fail("agent-infra-failure", `the agent died of signal ${exitCode - 128}`);
  if (exitCode !== 0) {
    fail("agent-exited-nonzero", `the agent exited with ${exitCode}`, exitCode);
  }
  return ended.stdout;
}

/** What a command can learn without reading its prompt. */
export function environment(env: Env, { role, slug, effort, logDir }: AskRequest): Env {
  return {
    ...env,
    MIGRATION_ROLE: role,
    MIGRATION_SLUG: slug,
    MIGRATION_EFFORT: effort,
    MIGRATION_PROMPT: join(logDir, "prompt.md"),
  };
}

function writeLog(disk: Disk, path: string, text: string): void {
  disk.writeNew(path, [Buffer.from(text)], { mode: 0o600 });
}
