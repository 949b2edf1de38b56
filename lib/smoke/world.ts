/**
 * A world: one sandbox with its daemon, repositories, streams and captured values.
 */
import { join } from "node:path";
import { stopDaemon } from "./daemon.ts";
import { type FakeGitHub, startFakeGitHub } from "./github/server.ts";
import { type OpenApi, readOpenApi } from "./openapi.ts";
import { killGroup, runProcess, startTicks } from "./processes.ts";
import type { RunRecord } from "./record.ts";
import { createSandbox, removeSandbox, resolveProgram, type Sandbox } from "./sandbox.ts";
import { agentBinaries, stageAgents, stageRepositories } from "./staging.ts";
import type { EventStream } from "./streams.ts";
import type { Target } from "./target.ts";
import type { Value } from "./values.ts";

export interface World {
  id: string;
  sandbox: Sandbox;
  target: Target;
  scope: Map<string, Value>;
  streams: Map<string, EventStream>;
  github?: FakeGitHub;
  openapi?: OpenApi;
  recordProcess(pid: number, what: string): void;
  closeStreams(): void;
}

export interface WorldOptions {
  id: string;
  target: Target;
  /** Folder that sandboxes are made in; must be short. */
  parent: string;
  /** The user's PATH, in which programs to link are found. */
  path: string;
  realAgents: boolean;
  /** `OWNER/REPO` of a real GitHub repository, with the token to use there. */
  github?: { slug: string; token: string };
  /** The name of the run, part of the marker of every process. */
  run: string;
}

/** Repository that the fake GitHub has. */
export const fakeSlug = "acme/widgets";

/** Makes a world and records what must be removed if this process dies. */
export async function createWorld(options: WorldOptions, record: RunRecord): Promise<World> {
  const { id, parent, path } = options;
  const marker = `${options.run}-${id}`;
  const env = options.github ? { AO_GITHUB_TOKEN: options.github.token } : {};
  const programs = options.realAgents ? [...agentBinaries, "gh"] : [];
  const sandbox = await createSandbox({ parent, marker, path, programs, env });
  record.write({ type: "world", world: id, root: sandbox.root, marker, port: sandbox.port });
  try {
    return await furnish(sandbox, options, record);
  } catch (error) {
    await removeSandbox(sandbox, false);
    record.write({ type: "closed", world: id, left: [], kept: false });
    throw error;
  }
}

/** Puts repositories, agents and GitHub into an empty sandbox. */
async function furnish(sandbox: Sandbox, options: WorldOptions, record: RunRecord): Promise<World> {
  const { id, target } = options;
  if (!options.realAgents) stageAgents(sandbox);
  const slug = options.github?.slug ?? fakeSlug;
  const repositories = await stageRepositories(sandbox, slug);
  const world: World = {
    id,
    sandbox,
    target,
    scope: new Map(),
    streams: new Map(),
    recordProcess: (pid, what) => {
      const ticks = startTicks(pid);
      record.write({
        type: "process",
        world: id,
        pid,
        what,
        ...(ticks === undefined ? {} : { ticks }),
      });
    },
    closeStreams: () => {
      for (const stream of world.streams.values()) stream.close();
    },
  };
  const openapi = target.openapi === undefined ? undefined : readOpenApi(target.openapi);
  if (openapi) world.openapi = openapi;
  if (!options.github) {
    world.github = await startFakeGitHub(slug, join(sandbox.root, "ca.pem"));
    Object.assign(sandbox.env, world.github.env);
  }
  const names = {
    root: sandbox.root,
    home: sandbox.home,
    data: sandbox.data,
    run_file: sandbox.runFile,
    log: sandbox.log,
    port: sandbox.port,
    url: `http://127.0.0.1:${sandbox.port}`,
    gh_dir: repositories.gh,
    lp_dir: repositories.lp,
    repo_slug: slug,
    origin_url: repositories.originUrl,
    empty_dir: join(sandbox.root, "empty"),
    ao: target.ao,
    walk: options.run,
    long_text: "x".repeat(4097),
    // Flags that only some generations have or demand; a list becomes as many arguments.
    name_flags: target.generation === "C" ? ["--name", "smoke"] : [],
    agent_flags: target.startsWith === "ao start" ? [] : ["--orchestrator-agent", "codex"],
  };
  for (const [name, value] of Object.entries(names)) world.scope.set(name, value);
  return world;
}

/** Stops all that a world runs and removes it; what had to be killed by force is recorded. */
export async function closeWorld(world: World, record: RunRecord, keep: boolean): Promise<void> {
  const { sandbox } = world;
  world.closeStreams();
  const pid = Number(world.scope.get("daemon_pid") ?? 0);
  // A stopped daemon cannot answer; asking it would only cost the whole time limit.
  if (pid > 1) killGroup(pid, "SIGCONT");
  await stopDaemon(world.target, sandbox, 5_000).catch(() => undefined);
  await endSessions(world);
  await world.github?.stop();
  const left = await removeSandbox(sandbox, keep);
  record.write({ type: "closed", world: world.id, left, kept: keep });
}

/** Ends the world's own multiplexer server; a tmux server lives on after the daemon by design. */
async function endSessions({ sandbox, target }: World): Promise<void> {
  if (target.runtime !== "tmux" || Bun.which("tmux", { PATH: sandbox.env.PATH ?? "" }) === null)
    return;
  const program = resolveProgram(sandbox, "tmux");
  const { env, root } = sandbox;
  await runProcess({ program, args: ["kill-server"], env, cwd: root, timeout: 5_000 });
}
