/**
 * What the lanes find in a sandbox: the GH and LP repositories and the agents on PATH.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { runProcess } from "./processes.ts";
import { resolveProgram, type Sandbox } from "./sandbox.ts";

export interface Repositories {
  /** Clone whose origin is a GitHub address and which has `origin/main`. */
  gh: string;
  /** Local-only repository with one commit on `main`. */
  lp: string;
  originUrl: string;
}

/** Names of the agents' binaries, as AO looks them up. */
export const agentBinaries = [
  "claude",
  "codex",
  "opencode",
  "grok",
  "cursor-agent",
  "qwen",
  "copilot",
  "kimi",
] as const;

/**
 * A stand-in for an agent: answers probes (no terminal) at once, and in a pane says how it was
 * called and stays, as an agent that waits for a prompt does.
 */
const fakeAgent = `#!/bin/sh
[ -t 0 ] || { echo "1.0.0 (fake)"; exit 0; }
echo "fake agent: $0 $*"
exec sleep 86400
`;

/** Puts fake agents first on the sandbox's PATH. */
export function stageAgents(sandbox: Sandbox, names: readonly string[] = agentBinaries): void {
  for (const name of names) {
    const file = join(sandbox.root, "agents", name);
    writeFileSync(file, fakeAgent);
    chmodSync(file, 0o755);
  }
}

/** Makes GH and LP offline; `slug` is the OWNER/REPO that GH's origin names. */
export async function stageRepositories(sandbox: Sandbox, slug: string): Promise<Repositories> {
  const folder = join(sandbox.root, "repos");
  const bare = join(folder, "widgets.git");
  const gh = join(folder, "gh");
  const lp = join(folder, "lp");
  const originUrl = `https://github.com/${slug}.git`;
  const git = (cwd: string, ...args: string[]) => runGit(sandbox, cwd, args);
  mkdirSync(lp, { recursive: true });
  await git(folder, "init", "-q", "-b", "main", lp);
  // No README: builds from R on open one as a preview, which adds events of its own.
  writeFileSync(join(lp, "first.txt"), "first\n");
  await git(lp, "add", "first.txt");
  await git(lp, "commit", "-q", "-m", "First commit");
  await git(folder, "clone", "-q", "--bare", lp, bare);
  await git(folder, "clone", "-q", bare, gh);
  await git(gh, "remote", "set-url", "origin", originUrl);
  return { gh, lp, originUrl };
}

async function runGit(sandbox: Sandbox, cwd: string, args: readonly string[]): Promise<void> {
  const program = resolveProgram(sandbox, "git");
  const result = await runProcess({ program, args, env: sandbox.env, cwd, timeout: 20_000 });
  if (result.exit === 0) return;
  const command = `git ${args.join(" ")}`;
  const state = result.timedOut ? "no answer in 20 s" : result.stderr.trim();
  throw new ToolkitError("invalid", `Cannot stage "${command}": ${state}`);
}
