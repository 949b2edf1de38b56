#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * Every script as one command, and their completions for a shell.
 *
 *     bun run scripts/aokit.ts migrate --dry-run     the same as scripts/migrate.ts --dry-run
 *     bun run scripts/aokit.ts completions bash      prints what ~/.bashrc can source
 *
 * `bun run build` makes one executable of it. Exit codes: those of the script; 2 for no such one.
 */

import { commonFlags, type Flags, findFirstWord } from "../lib/args.ts";
import { command, ownInvocation, main as runScript, type Script, script } from "../lib/cli.ts";
import { ToolkitError } from "../lib/errors.ts";
import { executableCall } from "../lib/invocation.ts";
import manifest from "../package.json" with { type: "json" };
import demo from "./demo.ts";
import doctor from "./doctor.ts";
import migrate from "./migrate.ts";
import migrateSessions from "./migrate-sessions.ts";
import migration from "./migration.ts";
import repair from "./repair.ts";
import rollback from "./rollback.ts";
import sessions from "./sessions.ts";
import smokeRunbook from "./smoke-runbook.ts";

const scripts: readonly Script[] = [
  ...[migrate, rollback, migrateSessions, doctor, repair],
  ...[sessions, smokeRunbook, migration, demo],
];

const shells = ["bash", "zsh", "fish"] as const;

const completions = command({
  summary: "Print the completions of everything here for a shell",
  description:
    "They are made from the tables that command lines are read with, and look ids up on the disk; no program of ours runs when Tab is pressed.",
  positionals: {
    shell: { description: `One of ${shells.join(", ")}`, required: true, complete: shells },
  },
  examples: [
    { command: "bash > ~/.aokit.bash", text: "For bash: source it from ~/.bashrc" },
    { command: "zsh > ~/.zfunc/_aokit", text: "For zsh: in a directory of $fpath" },
    { command: "fish > aokit.fish", text: "For fish: in ~/.config/fish/completions" },
  ],
  async run({ args, out }) {
    const text = await completionsFor(args.shell);
    out.result({ json: () => ({ schemaVersion: 1, shell: args.shell, text }), text: () => text });
    return "done";
  },
});

async function completionsFor(shell: string): Promise<string> {
  const { commandChoices, shortcutsOf } = await import("../lib/completions/model.ts");
  const { allChecks } = await import("../lib/doctor/checks.ts");
  const commands = commandChoices(aokit, {
    checks: allChecks.map(({ id }) => id),
    fixes: allChecks.flatMap(({ fix }) => fix?.name ?? []),
  });
  const shortcuts = shortcutsOf(Object.keys(manifest.bin), commands);
  const model = { program: aokit.name, shortcuts, commands };
  if (shell === "bash") return (await import("../lib/completions/bash.ts")).bashCompletions(model);
  if (shell === "zsh") return (await import("../lib/completions/zsh.ts")).zshCompletions(model);
  if (shell === "fish") return (await import("../lib/completions/fish.ts")).fishCompletions(model);
  throw new ToolkitError("usage", `Cannot complete "${shell}": expected ${shells.join(", ")}`);
}

const aokit = script({
  name: "aokit",
  summary: "Every script of the toolkit as one command",
  description:
    "Each command is the script of that name, with the same flags, output and exit codes. AO's state is changed only where a word says so, and all but sessions spawn ask first.",
  examples: [
    { command: "demo", text: "What all this looks like, on a disk made for it" },
    { command: "migrate", text: "What is on this disk, and the plan; changes nothing" },
    { command: "doctor", text: "Is everything well?" },
    { command: "completions zsh > ~/.zfunc/_aokit", text: "Completions for a shell" },
  ],
  files: [
    { path: "BASE/", text: "AO's state; the base directory" },
    { path: "BASE/migrations/ID/", text: "plan, journal and trash: what a rollback needs" },
  ],
  commands: { ...Object.fromEntries(scripts.map((each) => [each.name, each])), completions },
});

/**
 * Runs the script that the first word names as if it had been called itself, so that the commands
 * in its messages name it; anything else is for `aokit`.
 */
async function main(aokit: Script): Promise<void> {
  const argv = process.argv.slice(2);
  const flags: Flags = Object.assign({}, ...scripts.map(({ args }) => args), commonFlags);
  const at = findFirstWord(argv, flags);
  const chosen = scripts.find(({ name }) => name === argv[at]);
  const invocation = Bun.isStandaloneExecutable
    ? executableCall(process.execPath, { cwd: process.cwd(), env: process.env })
    : ownInvocation(import.meta.path);
  if (chosen === undefined) return runScript(aokit, { invocation });
  await runScript(chosen, {
    argv: argv.toSpliced(at, 1),
    invocation: `${invocation} ${chosen.name}`,
  });
}

export default aokit;
if (import.meta.main) await main(aokit);
