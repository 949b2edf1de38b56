#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * The whole story on a disk made for it: look, rehearse, execute, look again, take it back, have it
 * examined, and a short walk through AO itself.
 *
 *     bun run demo            makes a sandbox, tells the story, leaves nothing
 *     bun run demo --keep     keeps the sandbox for playing
 *
 * Exit codes: 0 every chapter ended as it should, 1 one did not, 130 cancelled.
 */

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Subprocess } from "bun";
import { type Context, main, script } from "../lib/cli.ts";
import type { Chapter } from "../lib/demo/chapters.ts";
import { errorCode, type Outcome, ToolkitError } from "../lib/errors.ts";
import { commandMaker } from "../lib/invocation.ts";
import { type Env, findProgram } from "../lib/process.ts";
import { wrap } from "../lib/text.ts";

const args = {
  keep: { type: "boolean", description: "Keep the sandbox and say where it is" },
} as const;

type DemoContext = Context<typeof args>;

const command = script({
  name: "demo",
  summary: "Show the whole story on a sandbox disk",
  description:
    "Makes a small AO disk with every common kind of drift in a temporary directory, and shows on it, with a line of explanation before each: the dry run, a rehearsal, the migration, the disk afterwards, the rollback, the disk as it was, the doctor, and a few smoke steps of the AO that came along. Nothing of yours is read or written.",
  args,
  examples: [
    { command: "", text: "Tell the story and leave nothing" },
    { command: "--keep", text: "Keep the sandbox for playing" },
  ],
  exits: {
    done: "every chapter ended as it should, and the disk is what it was",
    findings: "a chapter did not end as it should, or the disk differs",
  },
  files: [{ path: "TMPDIR/ao-demo-*/", text: "the sandbox; removed unless --keep" }],
  async run(context) {
    const root = makeRoot();
    const env = sandboxEnv(context.env, root);
    const clear = () => clearAway(root, env, context.args.keep === true);
    // A second signal ends the process at once, which only this sees.
    process.once("exit", clear);
    try {
      return await tell(context, root, env);
    } finally {
      process.off("exit", clear);
      clear();
    }
  },
});

function makeRoot(): string {
  try {
    return realpathSync(mkdtempSync(join(tmpdir(), "ao-demo-")));
  } catch (cause) {
    throw new ToolkitError(
      "invalid",
      `Cannot make a sandbox in "${tmpdir()}": ${errorCode(cause)}`,
      {
        hint: "name a directory with some space with TMPDIR",
        cause,
      },
    );
  }
}

/** The command of a chapter that runs now. */
let running: Subprocess | null = null;

/** Ends what runs in the sandbox, and removes it. */
function clearAway(root: string, env: Env, keep: boolean): void {
  if (running !== null) endNow(running, env);
  ask("tmux", ["kill-server"], env);
  if (!keep) rmSync(root, { recursive: true, force: true });
}

/** Ends a command and waits for it without the event loop: it has sandboxes of its own to clear. */
function endNow(child: Subprocess, env: Env): void {
  child.kill("SIGTERM");
  for (let tries = 0; tries < 100; tries += 1) {
    const state = ask("ps", ["-o", "stat=", "-p", String(child.pid)], env).trim();
    if (state === "" || state.startsWith("Z")) return;
    Bun.sleepSync(50);
  }
}

/** What a program says; nothing where it is not installed. */
function ask(program: string, args: string[], env: Env): string {
  const path = findProgram(program, env);
  if (path === null) return "";
  return Bun.spawnSync([path, ...args], { env, stderr: "ignore" }).stdout.toString();
}

/** The user's environment, with everything that leads to the user's own state led elsewhere. */
function sandboxEnv(env: Env, root: string): Record<string, string> {
  const given = Object.entries(env).filter(
    ([name, value]) => value !== undefined && !/^(TMUX|AO_|XDG_|CLAUDE_|CODEX_)/.test(name),
  );
  return {
    ...Object.fromEntries(given),
    HOME: join(root, "home"),
    TMPDIR: root,
    TMUX_TMPDIR: root,
    // Bun would keep its cache of transpiled files in that home.
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
  };
}

async function tell(context: DemoContext, root: string, env: Env): Promise<Outcome> {
  const { out, signal } = context;
  const { makeDemoDisk } = await import("../lib/demo/disk.ts");
  const { chaptersFor } = await import("../lib/demo/chapters.ts");
  const { compareTrees, treeOf } = await import("../lib/tree.ts");
  const { packagedAo } = await import("../lib/smoke/target.ts");
  const { newSession } = await import("../lib/tmux.ts");
  const { home, baseDir, live } = makeDemoDisk(root, env);
  const has = { tmux: findProgram("tmux", env) !== null, ao: packagedAo() !== undefined };
  if (has.tmux) newSession({ ...live, command: ["sleep", "600"] }, env);
  const record = (path: string) => path === join(baseDir, "migrations");
  const before = treeOf(home, record);
  const chapters = chaptersFor(has, join(root, "runs"));
  const failed: string[] = [];
  out.print(`A disk was made in ${root}; every command here is for that one.`);
  for (const [at, chapter] of chapters.entries()) {
    const words = [chapter.script, ...chapter.args].join(" ").replaceAll(root, "SANDBOX");
    const { cyan, dim } = out.style;
    const text = wrap(`── ${at + 1}. ${chapter.text}`, out.columns());
    out.print(`\n${cyan(text)}\n${dim(`$ ${words}`)}\n`);
    if ((await runChapter(context, chapter, { env, home })) !== chapter.code) failed.push(words);
    signal.throwIfAborted();
  }
  const differences = compareTrees(before, treeOf(home, record));
  const compared =
    differences.length === 0
      ? "Compared with the start: not one byte differs (the migration's own record aside)."
      : `Compared with the start, these differ: ${differences.join(", ")}`;
  out.print(`\n${wrap(compared, out.columns())}`);
  const good = failed.length === 0 && differences.length === 0;
  const keep = context.args.keep === true;
  out.result({
    json: () => ({
      ...{ schemaVersion: 1, chapters: chapters.length, failed, differences },
      sandbox: keep ? root : null,
    }),
    text: () => [...failed.map(failureText), nextText(context, home)].join("\n"),
  });
  return good ? "done" : "findings";
}

function failureText(words: string): string {
  return `Did not end as it should: ${words}`;
}

/** What to type next: with a sandbox that stays, and without one. */
function nextText({ args, invocation }: DemoContext, home: string): string {
  const own = `\nOn your own disk, changing nothing:\n  ${commandMaker(invocation, {})("migrate")}`;
  if (args.keep !== true) return own;
  const call = commandMaker(invocation, { home });
  const commands = [call("migrate", "--execute"), call("rollback"), call("doctor")];
  return [
    `\nThe sandbox stays. Play with it, then remove ${dirname(home)}:`,
    ...commands.map((command) => `  ${command}`),
    own,
  ].join("\n");
}

/** Shows what the chapter's command says, and returns its exit code. */
async function runChapter(
  { out, invocation }: DemoContext,
  chapter: Chapter,
  { env, home }: { env: Env; home: string },
): Promise<number> {
  const program = programOf(chapter.script, invocation);
  // Named, so that what it tells to type next is for this disk and not for the user's own.
  const child = Bun.spawn([...program, ...chapter.args, "--home", home], {
    env: { ...env, ...(out.isTTY && { FORCE_COLOR: "1" }) },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  running = child;
  const [said, complained] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const code = await child.exited;
  running = null;
  const isComplaintShown = chapter.code === 4 || code !== chapter.code;
  out.print(shownPart(said, chapter) + (isComplaintShown ? complained : ""));
  return code;
}

/** Calls a script as this one was called, so that the commands in its messages are alike. */
function programOf(script: string, invocation: string): string[] {
  if (Bun.isStandaloneExecutable) return [process.execPath, script];
  const words = invocation.endsWith(" demo") ? ["aokit.ts", script] : [`${script}.ts`];
  const [file = "", ...rest] = words;
  const runtime = ["--no-env-file", "--no-install", "--config=/dev/null"];
  return [process.execPath, ...runtime, join(import.meta.dir, file), ...rest];
}

/** The text from a heading on, where there is one, and without what ends up nowhere. */
function shownPart(text: string, { from, without }: Chapter): string {
  const all = text.split("\n");
  const lines = all.filter((line) => without === undefined || !line.startsWith(without));
  const at = lines.findIndex((line) => Bun.stripANSI(line) === from);
  return (at < 1 ? lines : ["…", ...lines.slice(at)]).join("\n");
}

export default command;
if (import.meta.main) await main(command);
