/**
 * Starts and stops the AO daemon of a world, in the way its generation has.
 */
import { readFileSync } from "node:fs";
import { askHttp } from "./http.ts";
import { readFrom, sizeOf } from "./log.ts";
import { type Environment, isAlive, killGroup, runProcess, startProcess } from "./processes.ts";
import type { Sandbox } from "./sandbox.ts";

/** What it takes to start a daemon. */
export interface Launch {
  /** Absolute path of the binary. */
  ao: string;
  /** Builds from C on open the desktop app on `ao start`; they are started as `ao daemon`. */
  startsWith: "ao start" | "ao daemon";
}

/** What was seen of a start; `state` is `ready` only when run file and both probes agree. */
export interface StartObservation {
  state: "ready" | "exited" | "not-ready";
  pid?: number;
  port?: number;
  exit?: number | null;
  runFile?: unknown;
  healthz?: unknown;
  readyz?: unknown;
  /** End of the daemon's log, where it did not get ready. */
  log?: string;
  stderr?: string;
  ms: number;
}

/**
 * Starts the daemon and waits until it is ready, dead, or out of time.
 *
 * Builds from C on have no `ao start` for this: it opens or downloads the desktop app. The hidden
 * `ao daemon` is run in the background instead.
 */
export async function startDaemon(
  target: Launch,
  sandbox: Sandbox,
  env: Environment,
  timeout: number,
): Promise<StartObservation> {
  const started = performance.now();
  const deadline = started + timeout;
  const logStart = sizeOf(sandbox.log);
  const where = { program: target.ao, env, cwd: sandbox.home };
  let exit: number | null | undefined;
  let stderr = "";
  // The run file of a daemon that still runs must not pass for that of the one started here.
  const before = target.startsWith === "ao start" ? undefined : readRunFile(sandbox.runFile);
  if (target.startsWith === "ao start") {
    const args = ["start", "--json", "--log-file", sandbox.log, "--timeout", `${timeout}ms`];
    const result = await runProcess({ ...where, args, timeout });
    if (result.exit !== 0) exit = result.exit;
    stderr = result.stderr;
  } else {
    const background = startProcess({ ...where, args: ["daemon"] }, sandbox.log);
    background.ended.then((end) => {
      exit = end.exit;
    });
  }
  const took = () => Math.round(performance.now() - started);
  const details = () => ({
    log: readFrom(sandbox.log, logStart).slice(-2_000),
    ...(stderr === "" ? {} : { stderr }),
    ms: took(),
  });
  while (performance.now() < deadline) {
    if (exit !== undefined) return { state: "exited", exit, ...details() };
    const ready = await probe(sandbox, before, deadline - performance.now());
    if (ready !== undefined) return { state: "ready", ...ready, ms: took() };
    await Bun.sleep(10);
  }
  return { state: "not-ready", ...details() };
}

async function probe(sandbox: Sandbox, before: unknown, timeout: number) {
  const runFile = readRunFile(sandbox.runFile);
  if (before !== undefined && Bun.deepEquals(before, runFile)) return undefined;
  const { pid, port } = (runFile ?? {}) as { pid?: unknown; port?: unknown };
  if (typeof pid !== "number" || typeof port !== "number") return undefined;
  // Builds from R on take another port when theirs is taken; that is not where anybody looks.
  if (port !== sandbox.port) return undefined;
  const ask = { port: sandbox.port, method: "GET", timeout: Math.max(1, timeout) };
  const readyz = await askHttp({ ...ask, path: "/readyz" });
  if (readyz.status !== 200) return undefined;
  const healthz = await askHttp({ ...ask, path: "/healthz" });
  return { pid, port, runFile, healthz: healthz.json, readyz: readyz.json };
}

/** The parsed run file; undefined while it is absent or half written. */
export function readRunFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Asks the daemon to stop and makes sure that its process is gone. */
export async function stopDaemon(target: Launch, sandbox: Sandbox, timeout: number) {
  const { pid } = (readRunFile(sandbox.runFile) ?? {}) as { pid?: unknown };
  const { env } = sandbox;
  const result = await runProcess({
    program: target.ao,
    args: ["stop"],
    env,
    cwd: sandbox.home,
    timeout,
  });
  const gone = typeof pid !== "number" || (await waitForDeath(pid, 5_000));
  if (!gone) killGroup(Number(pid));
  return { exit: result.exit, stdout: result.stdout, stderr: result.stderr, gone };
}

/** True when the process ended within the time. */
export async function waitForDeath(pid: number, timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(10);
  }
  return true;
}
