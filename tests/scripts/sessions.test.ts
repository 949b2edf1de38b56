/** The sessions script as a process, on real git and real tmux. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configHash } from "../../lib/paths.ts";
import {
  instanceDocumentSchema,
  listDocumentSchema,
  sessionDocumentSchema,
  spawnDocumentSchema,
} from "../../lib/sessions/document.ts";
import { hasSession } from "../../lib/tmux.ts";
import { readMetadata } from "../../node_modules/@composio/ao-core/dist/metadata.js";
import { git, writeFiles } from "../disk/repos.ts";
import { call, callJson, names, script } from "../lib/sessions/calling.ts";
import { type Home, makeExample, makeExampleRepos, makeHome } from "../lib/sessions/site.ts";
import { runInTerminal, runScript } from "../process.ts";

/** Attaches in a terminal, waits until tmux has that client in that session, and detaches it. */
async function attach(home: Home, cwd: string, session: string, tmuxName: string) {
  const sandbox = { home: home.home, env: home.env, [Symbol.dispose]() {} };
  const shown = runInTerminal(script, ["attach", session], [], { sandbox, cwd, timeoutMs: 20_000 });
  const tmux = (...args: string[]) =>
    Bun.spawnSync(["tmux", ...args], { env: home.env })
      .stdout.toString()
      .trim();
  const target = `=${tmuxName}:`;
  for (let tries = 0; tmux("list-clients", "-t", target) === ""; tries += 1) {
    if (tries === 200) throw new Error(`nobody attached to ${tmuxName}: ${(await shown).screen}`);
    await Bun.sleep(25);
  }
  // The script has become tmux: nothing stands between the client and whoever called it.
  const client = tmux("list-clients", "-t", target, "-F", "#{client_pid}");
  if (process.platform === "linux") {
    expect(readFileSync(`/proc/${client}/status`, "utf8")).toContain(`\nPPid:\t${process.pid}\n`);
  }
  tmux("detach-client", "-s", target);
  return shown;
}

describe("the complete example of V1's design", () => {
  let home: Home;
  let code: string;
  let hash: string;

  beforeAll(async () => {
    home = makeHome();
    code = makeExample(home);
    makeExampleRepos(home);
    hash = configHash(join(code, "agent-orchestrator.yaml"));
    for (const [project, issue] of [
      ["integrator", "INT-100"],
      ["backend", "BE-7"],
    ] as const) {
      const result = await call(home, code, "spawn", project, issue);
      expect(result).toMatchObject({ code: 0 });
    }
  });
  afterAll(() => home[Symbol.dispose]());

  test("has its directories, and nothing else but the toolkit's lock", () => {
    const found = readdirSync(home.baseDir, { recursive: true, encoding: "utf8" })
      .filter((path) => !/worktrees\/[^/]+\/./.test(path))
      .sort();
    expect(found).toEqual(
      [
        ...[`${hash}-integrator`, `${hash}-integrator/.origin`],
        ...[`${hash}-integrator/sessions`, `${hash}-integrator/sessions/int-1`],
        ...[`${hash}-integrator/worktrees`, `${hash}-integrator/worktrees/int-1`],
        ...[`${hash}-backend`, `${hash}-backend/.origin`],
        ...[`${hash}-backend/sessions`, `${hash}-backend/sessions/be-1`],
        ...[`${hash}-backend/worktrees`, `${hash}-backend/worktrees/be-1`],
        ...["migrations", "migrations/.lock"],
      ].sort(),
    );
    expect(readFileSync(join(home.baseDir, `${hash}-backend/.origin`), "utf8")).toBe(
      join(code, "agent-orchestrator.yaml"),
    );
  });

  test("has tmux sessions of the names it says", () => {
    expect(names(home)).toEqual([`${hash}-be-1`, `${hash}-int-1`]);
  });

  test("has metadata with its keys in its order, which AO's own core reads", () => {
    const sessions = join(home.baseDir, `${hash}-integrator/sessions`);
    const worktree = join(home.baseDir, `${hash}-integrator/worktrees/int-1`);
    const text = readFileSync(join(sessions, "int-1"), "utf8");
    expect(text.replace(/(createdAt=)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/, "$1TIME")).toBe(
      [
        ...["project=integrator", "issue=INT-100", "branch=feat/INT-100", "status=working"],
        ...[`tmuxName=${hash}-int-1`, `worktree=${worktree}`, "createdAt=TIME", ""],
      ].join("\n"),
    );
    expect(readMetadata(sessions, "int-1")).toMatchObject({
      ...{ worktree, branch: "feat/INT-100", status: "working", tmuxName: `${hash}-int-1` },
      ...{ issue: "INT-100", project: "integrator" },
    });
  });

  test("has worktrees on branches from each project's default branch", () => {
    const worktree = join(home.baseDir, `${hash}-integrator/worktrees/int-1`);
    expect(git(worktree, "branch", "--show-current")).toBe("feat/INT-100");
    expect(git(worktree, "rev-parse", "HEAD")).toBe(
      git(join(home.home, "repos/integrator"), "rev-parse", "origin/next"),
    );
    expect(git(worktree, "status", "--porcelain")).toBe("");
  });

  test("is listed, whole and by project, as text and as JSON", async () => {
    const { sessions } = await callJson(listDocumentSchema, home, "/", "list");
    expect(sessions).toMatchObject([
      { id: "be-1", issue: "BE-7", tmux: { alive: true }, worktree: { state: "clean" } },
      { id: "int-1", branch: "feat/INT-100", status: "working", layout: "v1", pr: null },
    ]);
    const { code, stdout, stderr } = await call(home, "/", "list", "backend");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^backend {2}[0-9a-f]{12}-backend {2}\(V1\)\nSESSION .*\nbe-1 +working +feat\/BE-7 +BE-7 +\d+s +tmux +clean +-\n$/,
    );
    expect(await call(home, "/", "list", "nothing")).toMatchObject({ code: 2, stdout: "" });
  });

  test("info shows the instance and a session", async () => {
    const instance = await callJson(instanceDocumentSchema, home, code, "info");
    expect(instance).toMatchObject({
      ...{ baseDir: home.baseDir, config: join(code, "agent-orchestrator.yaml"), hash },
      projects: [
        { project: `${hash}-integrator`, prefix: "int", defaultBranch: "next", sessions: 1 },
        { project: `${hash}-backend`, prefix: "be", defaultBranch: "main", sessions: 1 },
      ],
    });
    for (const word of ["int-1", "integrator/int-1", `${hash}-integrator/int-1`, `${hash}-int-1`]) {
      const { session } = await callJson(sessionDocumentSchema, home, "/", "info", word);
      expect(session).toMatchObject({ id: "int-1", tmux: { name: `${hash}-int-1`, alive: true } });
    }
    const text = await call(home, code, "info");
    expect(text.stdout).toContain(`hash      ${hash}\n`);
    expect((await call(home, "/", "info", "int-1")).stdout).toContain("clean");
    expect(await call(home, "/", "info", "int-2")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("no such session"),
    });
  });

  test("attach shows the session in this terminal, and only in a terminal", async () => {
    expect(await attach(home, "/", "int-1", `${hash}-int-1`)).toMatchObject({ code: 0 });
    expect(hasSession(`${hash}-int-1`, home.env)).toBe(true);
    expect(await call(home, "/", "attach", "int-1")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`attach-session -t '=${hash}-int-1:'`),
    });
    expect(await call(home, "/", "attach", "int-1", "--json")).toMatchObject({ code: 2 });
  });

  test("another config's state directory is refused, as AO refuses it", async () => {
    const origin = join(home.baseDir, `${hash}-backend/.origin`);
    const ours = readFileSync(origin, "utf8");
    writeFileSync(origin, "/elsewhere/agent-orchestrator.yaml");
    const { code: exit, stderr } = await call(home, code, "spawn", "backend", "BE-8");
    writeFileSync(origin, ours);
    expect({ exit, stderr }).toEqual({
      exit: 4,
      stderr: expect.stringContaining("belongs to another config"),
    });
  });
});

test("two checkouts of one orchestrator do not meet: same ids, other hashes", async () => {
  using home = makeHome();
  const first = makeExample(home, "code/orchestrator");
  const second = makeExample(home, "code/orchestrator-v2");
  makeExampleRepos(home);
  for (const [cwd, issue] of [
    [first, "INT-1"],
    [second, "INT-2"],
  ] as const) {
    expect(await call(home, cwd, "spawn", "integrator", issue)).toMatchObject({ code: 0 });
  }
  const hashes = [first, second].map((dir) => configHash(join(dir, "agent-orchestrator.yaml")));
  expect(names(home)).toEqual(hashes.map((hash) => `${hash}-int-1`).sort());
  for (const [index, cwd] of [first, second].entries()) {
    const { session } = await callJson(sessionDocumentSchema, home, cwd, "info", "int-1");
    expect(session.tmux.name).toBe(`${hashes[index]}-int-1`);
  }
  const elsewhere = await call(home, "/", "info", "int-1");
  expect(elsewhere).toMatchObject({
    code: 4,
    stderr: expect.stringContaining(`${hashes[0]}-integrator/int-1`),
  });
  const spawned = await call(home, "/", "spawn", "integrator", "INT-3");
  expect(spawned).toMatchObject({ code: 4, stderr: expect.stringContaining("there are several") });
});

test("spawn, migrate, attach, roll back, attach", async () => {
  using home = makeHome();
  const code = makeExample(home);
  makeExampleRepos(home);
  const hash = configHash(join(code, "agent-orchestrator.yaml"));
  expect(await call(home, code, "spawn", "integrator", "INT-100")).toMatchObject({ code: 0 });
  const metadata = join(home.baseDir, `${hash}-integrator/sessions/int-1`);
  const before = readFileSync(metadata, "utf8");

  const other = { env: home.env, cwd: code, timeoutMs: 30_000 };
  const migrated = await runScript("scripts/migrate.ts", ["--execute", "--yes", "--force"], other);
  expect(migrated).toMatchObject({ code: 0 });
  expect(existsSync(metadata)).toBe(false);
  const { session } = await callJson(sessionDocumentSchema, home, code, "info", "int-1");
  expect(session).toMatchObject({
    layout: "v3",
    tmux: { name: "int-1", alive: true },
    worktree: { state: "clean" },
  });
  expect(await attach(home, code, "int-1", "int-1")).toMatchObject({ code: 0 });
  // The layout in use has changed, and with it that of the next session.
  const next = await callJson(spawnDocumentSchema, home, code, "spawn", "integrator", "INT-101");
  expect(next.session).toMatchObject({ id: "int-2", layout: "v3", tmux: { name: "int-2" } });
  expect(await call(home, code, "kill", "int-2", "--yes")).toMatchObject({ code: 0 });

  const undone = await runScript("scripts/rollback.ts", ["--yes"], other);
  expect(undone.stdout).toContain("Rolled back v3-");
  expect(readFileSync(metadata, "utf8")).toBe(before);
  expect(await attach(home, code, "int-1", `${hash}-int-1`)).toMatchObject({ code: 0 });
}, 60_000);

test("with --home and --base-dir, the command that is told for what comes next has them too", async () => {
  using home = makeHome();
  const disk = ["--home", home.home, "--base-dir", join(home.home, "state of mine")];
  const code = makeExample(home);
  makeExampleRepos(home);
  const { code: exit, stderr } = await call(home, code, "spawn", "integrator", "INT-1", ...disk);
  expect([exit, stderr]).toEqual([0, expect.stringContaining("to go into it: ")]);
  const told = /to go into it: (.*)/.exec(stderr)?.[1] ?? "";
  const words = Bun.spawnSync(["sh", "-c", `for word in ${told}; do echo "$word"; done`]);
  expect(words.stdout.toString().split("\n").slice(-6)).toEqual(["int-1", ...disk, ""]);
});

test("a spawn does not wait for what a hook of git leaves running", async () => {
  using home = makeHome();
  const code = makeExample(home);
  makeExampleRepos(home);
  const hooks = join(home.home, "repos/integrator/.git/hooks");
  writeFiles(hooks, { "post-checkout": "#!/bin/sh\nsleep 8 &\n" });
  chmodSync(join(hooks, "post-checkout"), 0o755);
  const start = performance.now();
  expect(await call(home, code, "spawn", "integrator", "INT-1")).toMatchObject({ code: 0 });
  expect(performance.now() - start).toBeLessThan(6000);
});

test("20 spawns at once, each a process, give 20 sessions", async () => {
  using home = makeHome();
  const code = makeExample(home);
  makeExampleRepos(home);
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
  const results = await Promise.all(
    numbers.map((n) => call(home, code, "spawn", "integrator", `INT-${n}`, "--quiet")),
  );
  expect(results.filter(({ code: exit }) => exit !== 0)).toEqual([]);
  const { sessions } = await callJson(listDocumentSchema, home, "/", "list");
  expect(sessions.map(({ id }) => id)).toEqual(numbers.map((n) => `int-${n}`));
  expect(new Set(sessions.map(({ issue }) => issue)).size).toBe(20);
  for (const session of sessions) {
    expect(session).toMatchObject({ tmux: { alive: true }, worktree: { state: "clean" } });
    expect(session.branch).toBe(`feat/${session.issue}`);
  }
  expect(readdirSync(join(home.baseDir, "migrations"))).toEqual([".lock"]);
}, 60_000);

test("a spawn killed while git works is listed by its name, and kill cleans it", async () => {
  using home = makeHome();
  const code = makeExample(home);
  makeExampleRepos(home);
  const hooks = join(home.home, "repos/integrator/.git/hooks");
  // The hook's parent is git, and git's parent is the script.
  const hook = '#!/bin/sh\nkill -9 "$(ps -o ppid= -p "$PPID" | tr -d " ")"\n';
  writeFiles(hooks, { "post-checkout": hook });
  chmodSync(join(hooks, "post-checkout"), 0o755);
  expect(await call(home, code, "spawn", "integrator", "INT-1")).toMatchObject({ code: 137 });
  rmSync(join(hooks, "post-checkout"));
  const { sessions } = await callJson(listDocumentSchema, home, code, "list");
  expect(sessions).toMatchObject([{ id: "int-1", tmux: { alive: false } }]);
  const next = await callJson(spawnDocumentSchema, home, code, "spawn", "integrator", "INT-2");
  expect(next.session.id).toBe("int-2");
  expect(await call(home, code, "kill", "int-1", "--yes")).toMatchObject({ code: 0 });
  expect(existsSync(sessions[0]?.worktree.path ?? "")).toBe(false);
}, 30_000);

describe("hostile words", () => {
  let home: Home;
  let code: string;
  beforeAll(() => {
    home = makeHome();
    code = makeExample(home);
    makeExampleRepos(home);
  });
  afterAll(() => home[Symbol.dispose]());

  for (const issue of [
    "$(touch pwned)",
    "a;touch pwned",
    "../../x",
    "a b",
    "`id`",
    "a\nstatus=x",
  ]) {
    test(`${JSON.stringify(issue)} is no issue`, async () => {
      const { code: exit, stderr } = await call(home, code, "spawn", "integrator", issue);
      expect(exit).toBe(2);
      expect(stderr).toContain("Cannot use issue");
      expect(existsSync(home.baseDir)).toBe(false);
    });
  }

  test("are found nowhere as sessions and projects", async () => {
    for (const word of ["../../etc/passwd", "$(id)", "int-1/..", ".", ".."]) {
      for (const verb of ["info", "attach", "kill", "list"]) {
        const { code: exit } = await call(home, code, verb, word);
        expect({ verb, word, exit }).toEqual({ verb, word, exit: 2 });
      }
    }
    const { code: exit, stderr } = await call(home, code, "spawn", "$(id)", "INT-1");
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: expect.stringContaining("one of backend, integrator"),
    });
  });
});
