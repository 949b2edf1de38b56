/**
 * The AO binary to walk, and which generation it is, told from what the binary itself shows.
 */
import { join, resolve } from "node:path";
import { ToolkitError } from "../errors.ts";
import { type Launch, startDaemon, stopDaemon } from "./daemon.ts";
import { askHttp } from "./http.ts";
import { runProcess } from "./processes.ts";
import { createSandbox, removeSandbox, type Sandbox } from "./sandbox.ts";
import type { Generation } from "./schema.ts";

export interface Target extends Launch {
  generation: Generation;
  runtime: "zellij" | "tmux";
  /** What `ao version` prints. */
  version: string;
  /** The daemon's OpenAPI document, where it could be had. */
  openapi?: string;
  /** What `ao doctor --json` said in an empty sandbox. */
  doctor?: unknown;
  status?: unknown;
}

const packages: Record<string, string> = { "linux-x64": "@aoagents/ao-linux-x64" };

/**
 * Absolute path of the AO to walk: the one asked for, else `ao` on PATH, else the optional package.
 *
 * @throws ToolkitError `invalid` when there is none.
 */
export function findAo(asked: string | undefined, path: string, cwd: string): string {
  if (asked !== undefined) {
    const found = asked.includes("/")
      ? Bun.which(resolve(cwd, asked))
      : Bun.which(asked, { PATH: path });
    if (found !== null) return found;
    throw new ToolkitError("invalid", `Cannot walk "${asked}": no such program`, {
      hint: "Name an AO binary with --ao.",
    });
  }
  const found = Bun.which("ao", { PATH: path }) ?? packagedAo();
  if (found !== undefined) return found;
  throw new ToolkitError("invalid", `Cannot walk "ao": not on PATH, and no package of it here`, {
    hint: "Name an AO binary with --ao, or install the optional package @aoagents/ao-linux-x64.",
  });
}

/** The binary of the optional package, where this platform has one and it is installed. */
export function packagedAo(): string | undefined {
  const name = packages[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const manifest = Bun.resolveSync(`${name}/package.json`, import.meta.dir);
    return Bun.which(join(manifest, "../bin/ao")) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * Looks at a binary in a sandbox of its own. A daemon that does not get ready leaves the facts that
 * only it can show unknown; the lanes then report it.
 */
export async function examine(ao: string, parent: string, path: string): Promise<Target> {
  const sandbox = await createSandbox({ parent, marker: `probe-${crypto.randomUUID()}`, path });
  try {
    return await examineIn(ao, sandbox);
  } finally {
    await removeSandbox(sandbox, false);
  }
}

async function examineIn(ao: string, sandbox: Sandbox): Promise<Target> {
  const call = (...args: string[]) =>
    runProcess({ program: ao, args, env: sandbox.env, cwd: sandbox.home, timeout: 10_000 });
  const [version, help, start, spawn] = await Promise.all([
    call("version"),
    call("--help"),
    call("start", "--help"),
    call("spawn", "--help"),
  ]);
  if (!help.stdout.includes("spawn")) {
    throw new ToolkitError("invalid", `Cannot walk "${ao}": it does not answer as AO does`, {
      hint: `See what it says: ${ao} --help`,
    });
  }
  const startsWith = start.stdout.includes("--timeout") ? "ao start" : "ao daemon";
  const target: Target = {
    ao,
    generation: startsWith === "ao start" ? "A" : spawn.stdout.includes("--mode") ? "C" : "R",
    runtime: startsWith === "ao start" ? "zellij" : "tmux",
    startsWith,
    version: version.stdout.trim(),
  };
  const started = await startDaemon(target, sandbox, sandbox.env, 10_000);
  if (started.state !== "ready") return target;
  try {
    return { ...target, ...(await askDaemon(target, sandbox, call)) };
  } finally {
    await stopDaemon(target, sandbox, 15_000);
  }
}

async function askDaemon(
  target: Target,
  sandbox: Sandbox,
  call: (...args: string[]) => Promise<{ stdout: string }>,
): Promise<Partial<Target>> {
  const ask = { port: sandbox.port, method: "GET", path: "/api/v1/openapi.yaml", timeout: 5_000 };
  const document = await askHttp(ask);
  const [doctor, status] = await Promise.all([call("doctor", "--json"), call("status", "--json")]);
  const found: Partial<Target> = { doctor: json(doctor.stdout), status: json(status.stdout) };
  if (document.status === 200) found.openapi = document.body;
  // The rollback route is what B has and A has not; doctor names the multiplexer that is used.
  if (target.generation === "A" && document.body.includes("/rollback:")) found.generation = "B";
  if (doctor.stdout.includes('"name": "tmux"')) found.runtime = "tmux";
  if (doctor.stdout.includes('"name": "zellij"')) found.runtime = "zellij";
  return found;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
