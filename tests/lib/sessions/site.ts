/** Disks for the tests of sessions: the seed of a V1 instance, and what the commands are given. */

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { resolvePlaces } from "../../../lib/paths.ts";
import type { ChangeOptions } from "../../../lib/sessions/change.ts";
import { readConfigs, type Site } from "../../../lib/sessions/configs.ts";
import {
  checkProject,
  chooseProject,
  findProjects,
  type Project,
} from "../../../lib/sessions/projects.ts";
import { findStateDirs } from "../../../lib/sessions/state-dirs.ts";
import { git, makeRepo, mkdirs, testEnv, writeFiles } from "../../disk/repos.ts";
import { makeTemp } from "../../temp.ts";

/** A private home with a tmux server of its own. */
export interface Home extends Disposable {
  home: string;
  baseDir: string;
  env: Record<string, string>;
}

export function makeHome(): Home {
  const root = makeTemp("sessions");
  const home = mkdirs(join(root, "home"));
  // A socket's path is short by law, so it stands apart from a long temporary directory.
  const tmux = realpathSync(mkdtempSync("/tmp/ao-tmux-"));
  const env = { ...testEnv(home, tmux), SHELL: "/bin/sh" };
  // Tests may change what is handed out.
  const own = { ...env };
  const end = () => {
    process.off("exit", end);
    Bun.spawnSync(["tmux", "kill-server"], { env: own, stdout: "ignore", stderr: "ignore" });
    for (const dir of [root, tmux]) rmSync(dir, { recursive: true, force: true });
  };
  process.on("exit", end);
  return { home, baseDir: join(home, ".agent-orchestrator"), env, [Symbol.dispose]: end };
}

/** The config of two projects: three fields each, and one prefix of its own. */
export const completeExample = `# ~/code/my-orchestrator/agent-orchestrator.yaml
projects:
  - path: ~/repos/integrator
    repo: ComposioHQ/integrator
    defaultBranch: next

  - path: ~/repos/backend
    repo: ComposioHQ/backend
    defaultBranch: main
    sessionPrefix: be # Override auto-generated "bac"
`;

/** A repository with `origin` and this branch on both sides. */
export function makeCheckout(path: string, branch = "main"): string {
  makeRepo(path, "https://github.com/o/x.git");
  if (branch !== "main") {
    git(path, "branch", "-m", "main", branch);
    git(path, "update-ref", `refs/remotes/origin/${branch}`, branch);
    git(path, "update-ref", "-d", "refs/remotes/origin/main");
  }
  return path;
}

/** A home with that example in it; returns the directory of the config. */
export function makeExample({ home }: Home, directory = "code/my-orchestrator"): string {
  const dir = mkdirs(join(home, directory));
  writeFiles(dir, { "agent-orchestrator.yaml": completeExample });
  return dir;
}

/** The repositories of the example. */
export function makeExampleRepos({ home }: Home): void {
  makeCheckout(join(home, "repos/integrator"), "next");
  makeCheckout(join(home, "repos/backend"), "main");
}

export function siteAt({ home, env }: Home, cwd: string): Site {
  return { places: resolvePlaces({ home, env }), cwd, env };
}

/** The project that a word means at a place, checked. */
export function projectAt(home: Home, cwd: string, word: string): Project {
  const site = siteAt(home, cwd);
  const dirs = findStateDirs(site.places.baseDir);
  const all = findProjects(site, dirs, readConfigs(site, dirs));
  const project = chooseProject(all, word);
  checkProject(project, all);
  return project;
}

/** Options of a change; notes are kept. */
export function changeOptions({ baseDir }: Home, notes: string[] = []): ChangeOptions {
  return {
    baseDir,
    toolVersion: "0.0.0",
    command: "bun run scripts/sessions.ts spawn x y",
    rollback: (id) => `bun run scripts/rollback.ts ${id}`,
    onNote: (text) => notes.push(text),
  };
}
