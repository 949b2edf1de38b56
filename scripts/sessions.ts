#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * Sessions of any AO disk: shows them, makes them, goes into them and ends them. Where they are is
 * found out: from the disk, the registry, and the nearest agent-orchestrator.yaml.
 *
 *     bun run scripts/sessions.ts list [PROJECT]
 *     bun run scripts/sessions.ts info [SESSION]
 *     bun run scripts/sessions.ts spawn PROJECT ISSUE [--command LINE]
 *     bun run scripts/sessions.ts attach SESSION
 *     bun run scripts/sessions.ts kill SESSION [--discard-worktree]
 *
 * Exit codes: 0 done, 2 usage, 3 a config or metadata cannot be used, 4 refused, 5 something made
 * could not be taken back, 130 cancelled.
 */

import { type Context, command, main, script } from "../lib/cli.ts";
import { type Outcome, ToolkitError } from "../lib/errors.ts";
import { commandMaker } from "../lib/invocation.ts";
import { resolvePlaces } from "../lib/paths.ts";
import type { ChangeOptions } from "../lib/sessions/change.ts";
import { isV1ConfigName, type Site } from "../lib/sessions/configs.ts";
import type { Fate, KillPlan } from "../lib/sessions/kill.ts";
import type { Spawned } from "../lib/sessions/spawn.ts";
import { printable, shellWord } from "../lib/text.ts";
import manifest from "../package.json" with { type: "json" };

const sessionWord = "Its id, or PROJECT/id where several projects have that id";

const list = command({
  summary: "Show the sessions of every project, or of one",
  args: {
    checkWorktrees: {
      type: "boolean",
      description: "Ask git about every worktree, also when there are more than 20",
    },
  },
  positionals: { project: { description: "Only this project", complete: "projects" } },
  examples: [
    { command: "", text: "All sessions" },
    {
      command: "integrator --check-worktrees",
      text: "One project, all checked",
    },
    { command: "--json", text: "For programs" },
  ],
  async run({ args, out, terminal, env }) {
    const { listSessions } = await import("../lib/sessions/list.ts");
    const { listDocument, listText } = await import("../lib/sessions/report.ts");
    const { baseDir } = resolvePlaces({ ...args, env });
    const { project, checkWorktrees: checkAll } = args;
    const listing = await listSessions(baseDir, { project, checkAll, env });
    const now = Date.now();
    out.result({
      json: () => listDocument(listing, baseDir, now),
      text: () => listText(listing, baseDir, now),
    });
    if (listing.unchecked > 0 && !out.json) {
      terminal.note(`${listing.unchecked} worktrees were not checked: add --check-worktrees`);
    }
    return "done";
  },
});

const info = command({
  summary: "Show one session, or the instance: hash, config, base dir, projects",
  positionals: { session: { description: sessionWord, complete: "sessions" } },
  examples: [
    { command: "", text: "The instance that commands here work on" },
    { command: "int-1", text: "One session" },
  ],
  async run(context) {
    const { args, out, terminal, env } = context;
    const site = siteOf(context);
    const { instanceText, sessionDocument, sessionText } = await import(
      "../lib/sessions/report.ts"
    );
    if (args.session === undefined) {
      const { describeInstance } = await import("../lib/sessions/info.ts");
      const instance = describeInstance(site);
      if (!out.json) for (const warning of instance.warnings) terminal.warn(printable(warning));
      out.result({ json: () => instance, text: () => instanceText(instance) });
      return "done";
    }
    const { findSession } = await import("../lib/sessions/find.ts");
    const { inspect } = await import("../lib/sessions/list.ts");
    const listed = await inspect(findSession(args.session, site), env);
    const session = sessionDocument(listed, { now: Date.now(), tmux: hasTmux(env) });
    out.result({
      json: () => ({ schemaVersion: 1, session }),
      text: () => sessionText(session),
    });
    return "done";
  },
});

const spawn = command({
  summary: "Make a session for an issue: number, worktree, branch, metadata, tmux",
  description:
    "The branch is feat/ISSUE, from the project's default branch as last fetched. The session runs the project's agent if it is installed, else $SHELL. Nothing is left of a spawn that fails.",
  args: {
    command: {
      type: "string",
      valueName: "LINE",
      description: "Run this line of shell instead",
    },
  },
  positionals: {
    project: { description: "Its name or id", complete: "projects", required: true },
    issue: { description: "What to work on, such as INT-100", required: true },
  },
  examples: [
    { command: "integrator INT-100", text: "With the project's agent" },
    { command: "web INT-7 --command htop", text: "With this" },
  ],
  async run(context) {
    const { args, terminal, env } = context;
    const site = siteOf(context);
    const { findStateDirs } = await import("../lib/sessions/state-dirs.ts");
    const { readConfigs } = await import("../lib/sessions/configs.ts");
    const projects = await import("../lib/sessions/projects.ts");
    const dirs = findStateDirs(site.places.baseDir);
    const configs = readConfigs(site, dirs);
    const all = projects.findProjects(site, dirs, configs);
    for (const fault of projects.faultsOf(configs)) terminal.warn(printable(fault));
    const project = projects.chooseProject(all, args.project);
    projects.checkProject(project, all);
    const { spawn } = await import("../lib/sessions/spawn.ts");
    const { issue, command } = args;
    const options = changeOptions(context, "spawn", args.project, issue);
    const spawned = await spawn({ project, issue, command, now: new Date() }, env, options);
    await showSpawned(context, spawned);
    terminal.note(`to go into it: ${callOf(context)("sessions", "attach", spawned.session.id)}`);
    return "done";
  },
});

const attach = command({
  summary: "Go into a session",
  description:
    "Finds the name under which tmux runs it and hands this terminal over to tmux; inside tmux the client switches to it.",
  positionals: { session: { description: sessionWord, complete: "sessions", required: true } },
  examples: [
    { command: "int-1", text: "By its id" },
    { command: "integrator/int-1", text: "Of this project" },
  ],
  async run(context): Promise<Outcome> {
    const { args, out, env } = context;
    if (out.json) {
      throw new ToolkitError("usage", "Cannot use --json: attach hands the terminal to tmux", {
        hint: `${callOf(context)("sessions", "info", args.session, "--json")} names its tmux session`,
      });
    }
    const { findSession } = await import("../lib/sessions/find.ts");
    const { attachCommand } = await import("../lib/sessions/attach.ts");
    const words = attachCommand(findSession(args.session, siteOf(context)), env);
    if (!env.TMUX && !(out.isTTY && context.terminal.interactive)) {
      throw new ToolkitError("usage", `Cannot attach to "${args.session}": this is no terminal`, {
        // Some shells expand a bare word that begins with `=`.
        hint: words.map((word) => (word.startsWith("=") ? `'${word}'` : shellWord(word))).join(" "),
      });
    }
    const { becomeProgram } = await import("../lib/sessions/exec.ts");
    becomeProgram(words, env);
    const child = Bun.spawn(words, { env: { ...env }, stdio: ["inherit", "inherit", "inherit"] });
    if ((await child.exited) === 0) return "done";
    throw new ToolkitError("refused", `Cannot attach to "${args.session}": tmux refused`);
  },
});

const kill = command({
  summary: "End a session and archive its metadata",
  description:
    "Ends its tmux session and moves its metadata to the archive. Its worktree is removed only when everything in it is committed and pushed; the branch stays.",
  args: {
    discardWorktree: {
      type: "boolean",
      description: "Remove the worktree with the work in it, after a second question",
    },
  },
  positionals: { session: { description: sessionWord, complete: "sessions", required: true } },
  examples: [
    { command: "int-1", text: "Keep the worktree if there is unsaved work in it" },
    { command: "int-1 --discard-worktree", text: "Throw such work away" },
  ],
  async run(context) {
    const { args, out, terminal } = context;
    const site = siteOf(context);
    const { findSession } = await import("../lib/sessions/find.ts");
    const killing = await import("../lib/sessions/kill.ts");
    const { killedText } = await import("../lib/sessions/kill-text.ts");
    const { baseDir, worktreeRoot } = site.places;
    const where = { baseDir, worktreeRoot, env: context.env };
    const plan = killing.planKill(findSession(args.session, site), where);
    await confirmKill(context, plan, args.discardWorktree === true);
    const discard = args.discardWorktree && (await confirmDiscard(context, plan.worktree));
    const options = changeOptions(context, "kill", args.session);
    const killed = await killing.kill({ ...plan, discard, now: new Date() }, where, options);
    const { id, dir } = plan.session;
    out.result({
      json: () => ({ schemaVersion: 1, id, project: dir.dirName, ...killed }),
      text: () => killedText(id, killed),
    });
    if (killed.worktree?.removed === false && args.discardWorktree) {
      terminal.warn(`--discard-worktree did not apply: ${killed.worktree.reason}`);
    }
    return "done";
  },
});

type Any = Pick<Context, "args" | "out" | "terminal" | "env" | "cwd" | "invocation" | "signal">;

function siteOf({ args, cwd, env }: Any): Site {
  const { config } = args;
  // A V1 config is not the registry; that is where it would be without the flag.
  const registry = config !== undefined && isV1ConfigName(config) ? undefined : config;
  return { places: resolvePlaces({ ...args, config: registry, env }), cwd, env, config };
}

function hasTmux(env: Context["env"]): boolean {
  return Bun.which("tmux", { PATH: env.PATH ?? "" }) !== null;
}

/** Makes commands of our scripts for this very disk. */
function callOf({ invocation, args }: Any) {
  return commandMaker(invocation, args);
}

function changeOptions(context: Any, ...words: string[]): ChangeOptions {
  const { terminal } = context;
  const call = callOf(context);
  const { places } = siteOf(context);
  return {
    baseDir: places.baseDir,
    toolVersion: manifest.version,
    command: call("sessions", ...words),
    rollback: (id) => call("rollback", id),
    onNote: (text) => terminal.note(printable(text)),
    signal: context.signal,
  };
}

async function showSpawned(context: Any, { session, base, program }: Spawned): Promise<void> {
  const { sessionDocument } = await import("../lib/sessions/report.ts");
  const { readSession } = await import("../lib/sessions/read.ts");
  const { inspect } = await import("../lib/sessions/list.ts");
  const { project, id, file, branch, worktree, tmuxName } = session;
  const read = readSession(project.dir, id, file) ?? { id, dir: project.dir, file, tmuxNames: [] };
  const listed = await inspect(read, context.env);
  context.out.result({
    json: () => ({
      schemaVersion: 1,
      session: sessionDocument(listed, { now: Date.now(), tmux: true }),
      base,
      command: program.words,
    }),
    text: () =>
      [
        `${id}  ${branch}${base === null ? " (was there already)" : ` from ${base.name}`}`,
        `tmux ${tmuxName} runs ${program.shown}`,
        worktree,
      ]
        .map(printable)
        .join("\n"),
  });
}

async function confirmKill(
  { args, terminal }: Any,
  plan: KillPlan,
  discards: boolean,
): Promise<void> {
  const { killQuestion } = await import("../lib/sessions/kill-text.ts");
  const go = await terminal.confirm({
    message: killQuestion(plan, discards),
    flag: "--yes",
    yes: args.yes,
  });
  if (!go) throw new ToolkitError("cancelled", "Cancelled: nothing was changed");
}

/** The second question; only work that would be lost is worth one. */
async function confirmDiscard({ args, terminal }: Any, worktree: Fate): Promise<boolean> {
  if (worktree.fate !== "work") return false;
  const go = await terminal.confirm({
    message: `Throw ${worktree.path} away for good, although ${worktree.reason}?`,
    flag: "--yes",
    yes: args.yes,
  });
  if (!go) throw new ToolkitError("cancelled", "Cancelled: nothing was changed");
  return true;
}

const sessions = script({
  name: "sessions",
  summary: "List, show, make, attach to and end AO sessions",
  description:
    "Works on every layout that is on the disk. No paths are needed: projects come from the registry, from the nearest agent-orchestrator.yaml, and from the disk itself.",
  examples: [
    { command: "list integrator", text: "The sessions of one project" },
    { command: "spawn integrator INT-100", text: "A session for an issue" },
    { command: "attach int-1", text: "Go into it" },
    { command: "kill int-1", text: "End it; unsaved work stays" },
  ],
  files: [
    { path: "BASE/*/sessions/, BASE/projects/*/sessions/", text: "metadata of sessions" },
    { path: "agent-orchestrator.yaml, BASE/config.yaml", text: "the projects" },
  ],
  commands: { list, info, spawn, attach, kill },
});

export default sessions;

if (import.meta.main) await main(sessions);
