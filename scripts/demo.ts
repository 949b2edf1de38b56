#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * The whole story on a disk made for it: look, rehearse, execute, look again, take it back.
 *
 *     bun run demo            makes a sandbox, tells the story, leaves nothing
 *     bun run demo --keep     keeps the sandbox for playing
 *
 * Exit codes: 0 every chapter ended as it should, 1 one did not.
 */

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Context, main, script } from "../lib/cli.ts";
import type { Outcome } from "../lib/errors.ts";

const args = {
  keep: { type: "boolean", description: "Keep the sandbox and say where it is" },
} as const;

interface Chapter {
  /** Why, in one or two sentences. */
  text: string;
  script: string;
  args: string[];
  /** Exit code that is right here. */
  code: number;
}

const chapters: Chapter[] = [
  {
    text: "This is what the disk looks like today, what drifted, and the plan. Nothing changes.",
    script: "migrate",
    args: [],
    code: 0,
  },
  {
    text: "Before the real thing, a rehearsal on a copy: execute, roll back, compare byte by byte.",
    script: "migrate",
    args: ["--rehearse"],
    code: 0,
  },
  {
    text: "Now for real. Worktrees with uncommitted files move too, and git keeps knowing them.",
    script: "migrate",
    args: ["--execute", "--yes"],
    code: 0,
  },
  {
    text: "Looked at again, there is nothing left to do.",
    script: "migrate",
    args: ["--exit-code"],
    code: 0,
  },
  {
    text: "Every migration is on record …",
    script: "rollback",
    args: ["--list"],
    code: 0,
  },
  {
    text: "… and one command takes it back.",
    script: "rollback",
    args: ["--yes"],
    code: 0,
  },
  {
    text: "The disk is what it was, so there is a plan again (exit code 1 says so).",
    script: "migrate",
    args: ["--exit-code"],
    code: 1,
  },
];

const command = script({
  name: "demo",
  summary: "Show the whole story on a sandbox disk",
  description: "Makes a small AO disk with every common kind of drift in a temporary directory.",
  args,
  examples: [
    { command: "", text: "Tell the story and leave nothing" },
    { command: "--keep", text: "Keep the sandbox for playing" },
  ],
  async run(context) {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "ao-demo-")));
    try {
      return await tell(context, root);
    } finally {
      if (context.args.keep === true) context.terminal.note(`The sandbox stays at ${root}`);
      else rmSync(root, { recursive: true, force: true });
    }
  },
});

async function tell(context: Context<typeof args>, root: string): Promise<Outcome> {
  const { out, env } = context;
  const { makeDemoDisk } = await import("../lib/demo/disk.ts");
  const { compareTrees, treeOf } = await import("../lib/tree.ts");
  const { home, baseDir } = makeDemoDisk(root, env);
  const record = (path: string) => path === join(baseDir, "migrations");
  const before = treeOf(home, record);
  const failed: string[] = [];
  for (const [at, chapter] of chapters.entries()) {
    const words = [chapter.script, ...chapter.args].join(" ");
    out.print(
      `\n${out.style.cyan(`── ${at + 1}. ${chapter.text}`)}\n${out.style.dim(`$ ${words}`)}\n`,
    );
    const child = Bun.spawnSync({
      cmd: [
        process.execPath,
        ...["--no-env-file", "--no-install", "--config=/dev/null"],
        join(import.meta.dir, `${chapter.script}.ts`),
        ...chapter.args,
        ...["--home", home],
      ],
      env: {
        ...env,
        HOME: home,
        TMUX_TMPDIR: root,
        // Bun would keep its cache of transpiled files in that home.
        BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
        ...(out.isTTY && { FORCE_COLOR: "1" }),
      },
      stdout: "pipe",
      stderr: "inherit",
    });
    out.print(child.stdout.toString());
    if (child.exitCode !== chapter.code) failed.push(words);
  }
  const differences = compareTrees(before, treeOf(home, record));
  out.print(
    differences.length === 0
      ? "\nCompared with the start: not one byte differs (the migration's own record aside)."
      : `\nCompared with the start, these differ: ${differences.join(", ")}`,
  );
  const good = failed.length === 0 && differences.length === 0;
  out.result({
    json: () => ({ schemaVersion: 1, chapters: chapters.length, failed, differences }),
    text: () =>
      failed.length === 0 ? "" : `These did not end as they should: ${failed.join(", ")}`,
  });
  return good ? "done" : "findings";
}

export default command;
if (import.meta.main) await main(command);
