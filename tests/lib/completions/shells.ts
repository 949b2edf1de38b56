/** Asks real shells what they would offer for a command line, the way a Tab does. */

import { join } from "node:path";
import { findProgram } from "../../../lib/process.ts";
import { makeSandbox, root, runScript, type Sandbox } from "../../process.ts";

export type Shell = "bash" | "zsh" | "fish";

/** The shells of this machine; bash is always there, the others where they are installed. */
export const shells: Shell[] = (["bash", "zsh", "fish"] as const).filter(
  (shell) => findProgram(shell, process.env) !== null,
);

/** A home with the completions of every shell and a disk with ids, some of them hostile. */
export async function makeCompletionHome(): Promise<Sandbox> {
  const sandbox = makeSandbox();
  const write = (path: string, text = "{}\n") => Bun.write(join(sandbox.home, path), text);
  for (const shell of shells) {
    const { stdout } = await runScript("scripts/aokit.ts", ["completions", shell], { sandbox });
    await write(`completions.${shell}`, stdout);
  }
  const base = ".agent-orchestrator";
  await write(`${base}/migrations/v3-20260101-000000/manifest.json`);
  await write(`${base}/migrations/v3-20260202-000000/manifest.json`);
  await write(`${base}/projects/web_0123456789/sessions/web-1.json`);
  await write(`${base}/projects/web_0123456789/sessions/web-2.json`);
  await write(`${base}/projects/web_0123456789/sessions/archive/web-0_20260101T000000Z.json`);
  await write(`${base}/projects/web_0123456789/sessions/web-1.json.lock`);
  await write(`${base}/0123456789ab-shop/sessions/shop-7`, "status=working\n");
  await write(`${base}/migrations/v3-$(touch pwned)/manifest.json`);
  await write(`${base}/migrations/v3-\`touch pwned\`;touch pwned/manifest.json`);
  await write("other/base/migrations/v9-other/manifest.json");
  await write("work/migrations/2026-plan/manifest.yaml");
  return sandbox;
}

/** What the shell offers for the last word of the line, sorted. */
export function offered(shell: Shell, line: string, sandbox: Sandbox): string[] {
  const script = join(sandbox.home, `completions.${shell}`);
  const { stdout, stderr } = Bun.spawnSync(commandFor(shell, line, script), {
    cwd: sandbox.home,
    env: sandbox.env,
    timeout: 20_000,
  });
  if (stderr.length > 0) throw new Error(`${shell}: ${stderr}`);
  const lines = stdout.toString().split("\n").filter(Boolean);
  return lines.map((text) => (text.split("\t", 1)[0] ?? "").replace(/\/$/, "")).sort();
}

function commandFor(shell: Shell, line: string, script: string): string[] {
  if (shell === "fish") {
    const code = 'source $argv[1]; complete -C "$argv[2]"';
    return ["fish", "--no-config", "-c", code, "--", script, line];
  }
  if (shell === "bash") return ["bash", "--norc", "-c", bashDriver, "bash", script, ...words(line)];
  return ["zsh", "-f", join(root, "tests/lib/completions/complete.zsh"), script, line];
}

/** Splits as readline does, where `=` is a word of its own. */
function words(line: string): string[] {
  return line.split(/ |(=)/).filter((word) => word !== undefined);
}

const bashDriver = `
  source "$1"; shift
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  "$(complete -p "\${1##*/}" | sed 's/.*-F \\([^ ]*\\).*/\\1/')" 
  ((\${#COMPREPLY[@]})) && printf '%s\\n' "\${COMPREPLY[@]}"
  true`;
