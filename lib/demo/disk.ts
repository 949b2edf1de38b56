/** A small AO disk with every common kind of drift, made in an empty directory for the demo. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configHash, projectIdOf } from "../paths.ts";
import { type Env, runOrThrow } from "../process.ts";

/** The places of a demo disk. */
export interface DemoDisk {
  home: string;
  baseDir: string;
  /** A session of the disk, as AO of that time named it in tmux, and where it works. */
  live: { name: string; cwd: string };
}

/**
 * Makes the disk: three real repositories, two with worktrees and one checked out twice, and four
 * generations of state.
 */
export function makeDemoDisk(root: string, env: Env): DemoDisk {
  const home = join(root, "home");
  const baseDir = join(home, ".agent-orchestrator");
  const maker = new Maker(home, baseDir, env);
  maker.repositories();
  maker.oldProject();
  maker.bareProject();
  maker.hashedProject();
  maker.leaks();
  const cwd = join(home, ".worktrees", "web-shop", "ws-1");
  return { home, baseDir, live: { name: "ws-ws-1", cwd } };
}

const origin = (name: string) => `https://github.com/example/${name}.git`;

class Maker {
  readonly code: string;

  constructor(
    readonly home: string,
    readonly baseDir: string,
    readonly env: Env,
  ) {
    this.code = join(home, "code");
  }

  #write(path: string, content: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  #base(name: string, content: string | object): void {
    const text = typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`;
    this.#write(join(this.baseDir, name), text);
  }

  #git(cwd: string, ...args: string[]): void {
    const env = {
      ...this.env,
      HOME: this.home,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "demo",
      GIT_AUTHOR_EMAIL: "demo@localhost",
      GIT_COMMITTER_NAME: "demo",
      GIT_COMMITTER_EMAIL: "demo@localhost",
    };
    runOrThrow("git", ["-C", cwd, ...args], { env });
  }

  #worktree(repo: string, path: string, branch: string): void {
    mkdirSync(dirname(path), { recursive: true });
    this.#git(join(this.code, repo), "worktree", "add", "-q", "-b", branch, path);
    this.#write(join(path, "work-in-progress.txt"), "not committed yet\n");
  }

  repositories(): void {
    for (const name of ["integrator", "web-shop", "api-server"]) {
      const path = join(this.code, name);
      mkdirSync(path, { recursive: true });
      this.#git(path, "init", "-q", "-b", "main");
      this.#write(join(path, "README.md"), `# ${name}\n`);
      this.#git(path, "add", ".");
      this.#git(path, "commit", "-q", "-m", "First commit");
      this.#git(path, "remote", "add", "origin", origin(name));
    }
    // Another checkout of one of them, registered like the first.
    this.#git(this.code, "clone", "-q", "web-shop", "web-shop-2");
    this.#git(join(this.code, "web-shop-2"), "remote", "set-url", "origin", origin("web-shop"));
  }

  /** V1: `{h12}-integrator`, key=value sessions, an archive, a feedback report. */
  oldProject(): void {
    const config = join(this.code, "agent-orchestrator.yaml");
    this.#write(
      config,
      `projects:\n  - path: ${this.code}/integrator\n    repo: example/integrator\n    defaultBranch: main\n    sessionPrefix: int\n`,
    );
    const hash = configHash(config);
    const dir = `${hash}-integrator`;
    this.#base(`${dir}/.origin`, config);
    for (const n of [1, 2]) {
      const worktree = join(this.baseDir, dir, "worktrees", `int-${n}`);
      this.#worktree("integrator", worktree, `feat/INT-10${n}`);
      this.#base(
        `${dir}/sessions/int-${n}`,
        `project=integrator\nissue=INT-10${n}\nbranch=feat/INT-10${n}\nstatus=working\ntmuxName=${hash}-int-${n}\nworktree=${worktree}\ncreatedAt=2026-02-17T10:30:0${n}Z\n`,
      );
    }
    this.#base(
      `${dir}/sessions/archive/int-3_2026-02-17T10-30-00`,
      "project=integrator\nbranch=feat/INT-90\nstatus=merged\n",
    );
    this.#base(`${dir}/feedback-reports/report_1.kv`, "kind=bug\ntitle=Spawn is slow\n");
  }

  /** V2 under a bare name: numbered orchestrators, doubled tmux names, a stranded worktree. */
  bareProject(): void {
    const worktree = join(this.home, ".worktrees", "web-shop", "ws-1");
    this.#worktree("web-shop", worktree, "feat/cart");
    const session = (id: string, fields: object) =>
      this.#base(`projects/web-shop/sessions/${id}.json`, { project: "web-shop", ...fields });
    session("ws-1", {
      branch: "feat/cart",
      status: "working",
      tmuxName: "ws-ws-1",
      worktree,
      createdAt: "2026-03-01T09:00:00Z",
      runtimeHandle: { id: "ws-ws-1", runtimeName: "tmux", data: { workspacePath: worktree } },
    });
    for (const n of [1, 2, 7]) {
      const id = `ws-orchestrator-${n}`;
      const createdAt = `2026-03-0${n}T08:00:00Z`;
      session(id, { sessionId: id, role: "orchestrator", status: "working", createdAt });
    }
    this.#base("projects/web-shop/code-reviews/runs/run-1.json", { session: "ws-1", score: 4 });
  }

  /** V2 as it should be, except for what V3 adds; text where JSON belongs; an empty file. */
  hashedProject(): void {
    const id = this.#apiServerId();
    const createdAt = "2026-04-01T12:00:00Z";
    const session = { project: id, branch: "fix/login", status: "pr_open", createdAt };
    this.#base(`projects/${id}/sessions/as-1.json`, session);
    this.#base(
      `projects/${id}/sessions/as-2.json`,
      `project=${id}\nbranch=fix/logout\nstatus=idle\n`,
    );
    this.#base(`projects/${id}/sessions/as-3.json`, "");
  }

  #apiServerId(): string {
    return projectIdOf({ path: join(this.code, "api-server"), originUrl: origin("api-server") });
  }

  /** Observability directories at the root, an empty hash dir, the registry with its comments. */
  leaks(): void {
    const id = this.#apiServerId();
    ["web-shop", id, "unknown"].forEach((projectId, n) => {
      const name = `${String(n).repeat(12)}-observability/processes/lifecycle-${100 + n}.json`;
      this.#base(name, { component: "lifecycle", projectId, counters: { polls: 12 * n } });
    });
    mkdirSync(join(this.baseDir, "00000000cafe", "sessions"), { recursive: true });
    this.#base(".migration-in-progress", "");
    this.#base(
      "config.yaml",
      [
        "# My projects; please keep the comments.",
        "projects:",
        "  web-shop: # the shop",
        `    path: ${this.code}/web-shop`,
        "    storageKey: 66c66786e971 # from an older AO",
        "    defaultBranch: main",
        "    sessionPrefix: ws",
        "  web-shop-2:",
        `    path: ${this.code}/web-shop-2`,
        "    sessionPrefix: ws2",
        `  ${id}:`,
        `    path: ${this.code}/api-server`,
        "    sessionPrefix: as",
        "  integrator:",
        `    path: ${this.code}/integrator`,
        "    sessionPrefix: int",
        "port: 3000   # dashboard",
        "",
      ].join("\n"),
    );
  }
}
