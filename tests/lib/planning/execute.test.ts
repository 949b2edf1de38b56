import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import type { Agent } from "../../../lib/planning/agent.ts";
import { executePhase, type PhaseRequest } from "../../../lib/planning/execute.ts";
import { loadExecuted } from "../../../lib/planning/executed-file.ts";
import { executionName } from "../../../lib/planning/execution-file.ts";
import { requireManifest } from "../../../lib/planning/manifest.ts";
import { formatOperations } from "../../../lib/planning/operations-file.ts";
import { isEngineId, migrationDirOf, type Site } from "../../../lib/planning/site.ts";
import { treeDigest } from "../../../lib/planning/tree.ts";
import { splitCommand } from "../../../lib/planning/validation.ts";
import { dyingDisk } from "./dying-disk.ts";
import { scripted, shellAgent } from "./scripted.ts";
import { makeSite, type TestSite, toApproval, writePlan } from "./site.ts";

const slug = "shed";
const fence = "```";

function answer(operations: Operation[], report = "summary: made it\n"): string {
  const block = `${fence}json\n${JSON.stringify({ operations })}\n${fence}\n`;
  return `${block}=== phase report ===\n${report}=== end ===\n`;
}

const creating = (site: Site, name = "out.txt"): Operation[] => [
  { op: "create", path: join(site.root, name), content: "swept\n" },
];

function execute(site: TestSite, agent: Agent, change: Partial<PhaseRequest> = {}) {
  return executePhase(site, {
    slug,
    phase: "sort",
    agent,
    effort: "low",
    executor: {
      migrationsDir: join(site.root, ".workflow/migrations"),
      roots: [site.root],
      toolVersion: "0",
      commands: (id) => ({ resume: `resume ${id}`, rollback: `rollback ${id}` }),
    },
    logDir: join(site.home, "logs", String(Math.random())),
    cwd: site.root,
    ...change,
  });
}

const check = (site: TestSite, command: string) => ({ command, env: site.env, cwd: site.root });

describe("execution", () => {
  test("green: done, next current, markers cleared; last phase: done", async () => {
    using site = makeSite();
    const manifest = { wakeUpOn: "w", cooldownUntil: "c" };
    const dir = writePlan(site, slug, { told: toApproval, manifest });
    const agent = scripted({ execute: answer(creating(site)) });
    const result = await execute(site, agent, { validation: check(site, "test -f out.txt") });
    expect(result).toMatchObject({ done: true, attempts: 1, summary: "made it" });
    expect(requireManifest(site.disk, dir)).toMatchObject({
      currentPhase: "sweep",
      status: "ready",
      wakeUpOn: null,
      cooldownUntil: null,
    });
    expect(existsSync(join(dir, executionName))).toBe(false);
    const last = scripted({ execute: answer([]) });
    expect((await execute(site, last, { phase: "sweep" })).done).toBe(true);
    expect(requireManifest(site.disk, dir)).toMatchObject({ status: "done", currentPhase: "" });
  });

  test("red despite the agent's claim: reverted, manifest unchanged", async () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: toApproval });
    const before = treeDigest(site.disk, dir);
    const report = "phase_reached: yes\ndecision: done\nsummary: all tests pass\n";
    const agent = scripted({ execute: answer(creating(site), report) });
    const result = await execute(site, agent, { validation: check(site, "false") });
    expect(result).toMatchObject({ done: false, failure: "validation-failed", attempts: 1 });
    expect(existsSync(join(site.root, "out.txt"))).toBe(false);
    expect(treeDigest(site.disk, dir)).toBe(before);
  });

  test("plans are no matter of a phase: it neither approves itself nor throws one away", async () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: toApproval });
    const other = writePlan(site, "barn");
    const edits = [{ pointer: "/status", before: "ready", after: "done" }];
    const cases: [Operation, string][] = [
      [{ op: "patchJson", path: join(dir, "manifest.json"), edits }, "shed/manifest.json"],
      [{ op: "trash", path: other }, "barn"],
      [{ op: "trash", path: join(site.root, "migrations") }, "migrations"],
      [{ op: "move", from: join(site.root, "a"), to: join(other, "a") }, "barn/a"],
    ];
    const before = treeDigest(site.disk, join(site.root, "migrations"));
    for (const [operation, path] of cases) {
      const { done, summary } = await execute(site, scripted({ execute: answer([operation]) }));
      expect([done, summary]).toEqual([
        false,
        expect.stringContaining(`${path}", where plans are`),
      ]);
    }
    expect(treeDigest(site.disk, join(site.root, "migrations"))).toBe(before);
    const beside = creating(site, "migrations/001.sql");
    expect((await execute(site, scripted({ execute: answer(beside) }))).done).toBe(true);
  });

  test("a definition of done that does not hold is red", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval });
    const agent = scripted({ execute: answer(creating(site)) });
    const executor = {
      migrationsDir: join(site.root, ".workflow/migrations"),
      roots: [site.root],
      toolVersion: "0",
      commands: () => ({ resume: "", rollback: "" }),
      verify: async () => "two sessions are left",
    };
    const result = await execute(site, agent, { executor });
    expect(result.summary).toContain("two sessions are left");
    expect(existsSync(join(site.root, "out.txt"))).toBe(false);
  });

  test.each([
    ["agent error", "kill -KILL $$", "agent-infra-failure"],
    ["non-zero", "cat >/dev/null; echo '=== phase report ==='; exit 4", "agent-exited-nonzero"],
    ["no operations", "cat >/dev/null; echo done", "agent-infra-failure"],
  ] as const)("%s: no validation; the reason is the summary", async (_, text, failure) => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: toApproval });
    const before = treeDigest(site.disk, dir);
    const validation = check(site, `touch ${site.root}/validated`);
    const agent = shellAgent(site, text);
    const result = await execute(site, agent, { validation, maxAttempts: 3 });
    expect(result).toMatchObject({ done: false, failure, attempts: 1 });
    expect(result.summary).toContain("Cannot");
    expect(existsSync(join(site.root, "validated"))).toBe(false);
    expect(treeDigest(site.disk, dir)).toBe(before);
  });

  test("agent non-zero with a report: its summary is in the reason, raw output is not", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval });
    const report = "=== phase report ===\nsummary: two files are locked\n=== end ===";
    const agent = shellAgent(site, `cat >/dev/null; echo raw; printf '${report}\n'; exit 4`);
    const { summary } = await execute(site, agent, {});
    expect(summary).toBe(
      'Cannot accept "phase.execute": the agent exited with 4: two files are locked',
    );
  });

  test("red then green: context only in try 2", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval });
    const report = "summary: s\nnext_retry_focus: the second file\n";
    const agent = scripted({ execute: answer(creating(site), report) });
    const file = join(site.home, "count");
    const command = `sh -c 'echo x >> ${file}; test $(wc -l < ${file}) -ge 2'`;
    const result = await execute(site, agent, { validation: check(site, command), maxAttempts: 3 });
    expect(result).toMatchObject({ done: true, attempts: 2 });
    const [first, second] = agent.asked;
    expect(first?.prompt).not.toContain("## The last try");
    expect(second?.prompt).toContain("## The last try\n\nvalidation exited with 1\n");
    expect(second?.prompt).toContain("the second file");
    expect(first?.logDir).not.toBe(second?.logDir);
  });

  test("unlimited tries; budget spent", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval });
    const agent = scripted({ execute: answer(creating(site)) });
    const file = join(site.home, "count");
    const command = `sh -c 'echo x >> ${file}; test $(wc -l < ${file}) -ge 6'`;
    const validation = check(site, command);
    const spent = await execute(site, agent, { validation, maxAttempts: 2 });
    expect(spent).toMatchObject({ done: false, attempts: 2 });
    const unlimited = await execute(site, agent, { validation, maxAttempts: 0 });
    expect(unlimited).toMatchObject({ done: true, attempts: 4 });
  });

  test("validation cannot run: retried, then validation-infra-failure", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval });
    const agent = scripted({ execute: answer(creating(site)) });
    const validation = check(site, "no-such-program --check");
    const result = await execute(site, agent, { validation, maxAttempts: 2 });
    expect(result).toMatchObject({
      done: false,
      failure: "validation-infra-failure",
      attempts: 2,
    });
    expect(existsSync(join(site.root, "out.txt"))).toBe(false);
  });

  test("unknown phase: no side effect", async () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: toApproval });
    const before = treeDigest(site.disk, dir);
    const agent = scripted({});
    await expect(execute(site, agent, { phase: "x" })).rejects.toThrow('Cannot execute "x"');
    expect(treeDigest(site.disk, dir)).toBe(before);
    expect(agent.asked).toEqual([]);
  });

  test("recorded operations need no agent; stale ones change nothing", async () => {
    using site = makeSite();
    const plan = {
      script: "migration",
      title: "t",
      roots: [site.root],
      operations: creating(site),
    };
    const files = { "phase-1-sort.operations.json": formatOperations(plan) };
    const dir = writePlan(site, slug, { told: toApproval, files });
    writeFileSync(join(site.root, "out.txt"), "somebody's own\n");
    const stale = await execute(site, scripted({}));
    expect(stale.done).toBe(false);
    expect(readFileSync(join(site.root, "out.txt"), "utf8")).toBe("somebody's own\n");
    expect(existsSync(join(dir, executionName))).toBe(false);
    rmSync(join(site.root, "out.txt"));
    expect((await execute(site, scripted({}))).done).toBe(true);
  });

  test("cancelled while it is validated: the next run goes on from there, and says yes or no", async () => {
    for (const [command, isDone] of [
      ["true", true],
      ["false", false],
    ] as const) {
      using site = makeSite();
      const dir = writePlan(site, slug, { told: toApproval });
      const agent = scripted({ execute: answer(creating(site)) });
      const stop = new AbortController();
      setTimeout(() => stop.abort(), 150);
      const sleeping = { validation: check(site, "sleep 20"), signal: stop.signal };
      const error = await execute(site, agent, sleeping).catch((thrown) => thrown);
      const [id] = readdirSync(join(site.root, ".workflow/migrations")).filter(isEngineId);
      expect(error).toMatchObject({
        outcome: "interrupted",
        message: expect.stringContaining("after its changes and before they were checked"),
        hint: `to go on: resume ${id}\nto go back: rollback ${id}`,
      });
      expect(existsSync(join(site.root, "out.txt"))).toBe(true);
      expect(existsSync(join(dir, executionName))).toBe(true);
      const next = await execute(site, scripted({}), { validation: check(site, command) });
      expect(next.done).toBe(isDone);
      expect(existsSync(join(site.root, "out.txt"))).toBe(isDone);
      expect(existsSync(join(dir, executionName))).toBe(false);
    }
  });

  test("a validation that is a path is meant from the root", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval });
    const agent = scripted({ execute: answer(creating(site)) });
    writeFileSync(join(site.root, "check.sh"), "#!/bin/sh\ntest -f out.txt\n", { mode: 0o755 });
    expect((await execute(site, agent, { validation: check(site, "./check.sh") })).done).toBe(true);
  });

  test("operations outside the roots are refused", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval });
    const outside: Operation[] = [
      { op: "create", path: join(site.home, "outside.txt"), content: "x" },
    ];
    const result = await execute(site, scripted({ execute: answer(outside) }));
    expect(result.done).toBe(false);
    expect(existsSync(join(site.home, "outside.txt"))).toBe(false);
  });
});

test("a phase killed at each write is finished by the next run, once", async () => {
  for (let at = 1; ; at += 1) {
    using site = makeSite();
    const operations: Operation[] = [
      { op: "makeDir", path: join(site.root, "new") },
      { op: "create", path: join(site.root, "new/out.txt"), content: "swept\n" },
    ];
    const plan = { script: "migration", title: "t", roots: [site.root], operations };
    const files = { "phase-1-sort.operations.json": formatOperations(plan) };
    writePlan(site, slug, { told: toApproval, files });
    const dying = dyingDisk({ ...realDisk, sync() {} }, at);
    const mortal = { ...site, disk: dying.disk };
    await execute(mortal, scripted({})).catch(() => undefined);
    dying.bury();
    if (!dying.isDead()) {
      expect(at).toBeGreaterThan(20);
      return;
    }
    const manifest = requireManifest(site.disk, migrationDirOf(site, slug));
    if (manifest.currentPhase === "sort") await execute(site, scripted({}));
    expect(readFileSync(join(site.root, "new/out.txt"), "utf8")).toBe("swept\n");
    const dir = migrationDirOf(site, slug);
    expect(requireManifest(site.disk, dir).currentPhase).toBe("sweep");
    expect(loadExecuted(site.disk, dir).map(({ phase }) => phase)).toEqual(["sort"]);
    const hidden = [...readdirSync(dir), ...readdirSync(join(dir, ".planning"))];
    expect(hidden.filter((name) => name.endsWith(".tmp"))).toEqual([]);
  }
}, 20_000);

test("a validation command is split as a shell would, without one", () => {
  expect(splitCommand("a  'b c' \"d \\\" e\" f\\ g ''")).toEqual(["a", "b c", 'd " e', "f g", ""]);
  expect(splitCommand("bun test $HOME; rm")).toEqual(["bun", "test", "$HOME;", "rm"]);
  for (const bad of ["", "  ", "a 'b", 'a "b'])
    expect(() => splitCommand(bad)).toThrow("Cannot run");
});
