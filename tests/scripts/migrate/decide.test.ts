/** Decisions: each kind is asked, answered, refused when the answer is none, and carried out. */

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { PlanRecord } from "../../../lib/storage/record.ts";
import { git } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { stateOf } from "../../lib/storage/journey.ts";
import { diffTrees } from "../../tree.ts";
import { call } from "./call.ts";

async function decisionsOf(disk: Disk): Promise<PlanRecord["decisions"]> {
  const { stdout } = await call("migrate", disk, "--json");
  return (JSON.parse(stdout) as PlanRecord).decisions;
}

/** The one decision of a kind; throws when there is none or more. */
async function decisionOf(disk: Disk, kind: string): Promise<PlanRecord["decisions"][number]> {
  const found = (await decisionsOf(disk)).filter(({ key }) => key.startsWith(`${kind}:`));
  const [decision] = found;
  if (decision === undefined || found.length > 1) throw new Error(`${found.length} of ${kind}`);
  return decision;
}

/** Executes with an answer, looks that nothing is left, and gives back what takes it back. */
async function executeWith(disk: Disk, key: string, value: string, ...more: string[]) {
  const before = stateOf(disk);
  const argv = ["--execute", "--yes", "--json", "--decide", `${key}=${value}`, ...more];
  const { code, stdout } = await call("migrate", disk, ...argv);
  expect({ code, left: JSON.parse(stdout).leftovers }).toEqual({ code: 0, left: [] });
  return async () => {
    expect((await call("migrate", disk, "--exit-code")).code).toBe(0);
    expect((await call("rollback", disk, "--yes")).code).toBe(0);
    expect(diffTrees(before, stateOf(disk))).toEqual([]);
  };
}

const kinds = {
  identity: "unknownBareProject",
  "same-repo": "twoCheckouts",
  worktree: "contestedWorktree",
  orchestrator: "twoLiveOrchestrators",
} as const;

function build(name: string): Disk {
  const make = disks[name];
  if (make === undefined) throw new Error(`no disk "${name}"`);
  return make();
}

describe.each(Object.entries(kinds))("a decision of kind %s", (kind, name) => {
  test("is listed with its choices, its default, and how to answer it", async () => {
    using disk = build(name);
    const decisions = (await decisionsOf(disk)).filter(({ key }) => key.startsWith(`${kind}:`));
    expect(decisions.length).toBeGreaterThan(0);
    const { stdout } = await call("migrate", disk);
    for (const { key, choices, default: initial, chosen, decidedBy } of decisions) {
      expect([chosen, decidedBy]).toEqual([initial, "default"]);
      expect(choices.map(({ value }) => value)).toContain(initial);
      expect(stdout.replaceAll(/\s+/g, "")).toContain(`--decide'${key}=VALUE'`);
      for (const { value } of choices) expect(stdout).toContain(`${value}: `);
    }
  });

  test("refuses an answer that is no choice, and names the choices", async () => {
    using disk = build(name);
    const [decision] = (await decisionsOf(disk)).filter(({ key }) => key.startsWith(`${kind}:`));
    const { key = "", choices = [] } = decision ?? {};
    const { code, stderr } = await call("migrate", disk, "--decide", `${key}=nonsense`);
    expect(code).toBe(2);
    for (const { value } of choices) expect(stderr).toContain(value);
  });
});

test("an answer to what nobody asked, or without a value, is a usage error", async () => {
  using disk = build("cleanV2");
  const unknown = await call("migrate", disk, "--decide", "identity:nobody=leave");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('Cannot decide "identity:nobody"');
  expect((await call("migrate", disk, "--decide", "identity:nobody")).code).toBe(2);
});

test("identity: a directory that nothing proves goes to the project that was chosen", async () => {
  using disk = build("unknownBareProject");
  const found = (await decisionsOf(disk)).find(({ key }) => key.endsWith("mystery"));
  const { id } = disk.project("integrator");
  expect(found?.choices.map(({ value }) => value)).toEqual(["leave", id]);
  const takeBack = await executeWith(disk, found?.key ?? "", id);
  expect(existsSync(join(disk.baseDir, "projects", id, "sessions", "mys-1.json"))).toBe(true);
  expect(existsSync(join(disk.baseDir, "projects", "mystery"))).toBe(false);
  await takeBack();
});

test("same repository: merging brings sessions and worktrees together and takes the entry out", async () => {
  using disk = build("twoCheckouts");
  const [into, from] = [disk.project("integrator"), disk.project("second")];
  const { key } = await decisionOf(disk, "same-repo");
  const statuses = from.sessions.map(({ worktree = "" }) =>
    git(worktree, "log", "-1", "--format=%D"),
  );
  const takeBack = await executeWith(disk, key, `into:${into.key}`);

  const registry = parse(readFileSync(disk.configFile, "utf8"));
  expect(Object.keys(registry.projects)).toEqual([into.key]);
  expect(registry.projectOrder).toEqual([into.key]);
  expect(existsSync(from.stateDir)).toBe(false);
  for (const [at, { id, branch }] of from.sessions.entries()) {
    // Its own sessions and the other checkout's have one prefix or another; both are there.
    const names = [id, `${id}__from-${from.key}`];
    const file = names
      .map((name) => join(into.stateDir, "sessions", `${name}.json`))
      .find((path) => existsSync(path) && JSON.parse(readFileSync(path, "utf8")).branch === branch);
    const session = JSON.parse(readFileSync(file ?? "", "utf8"));
    expect(session.worktree.startsWith(join(into.stateDir, "worktrees"))).toBe(true);
    expect(git(session.worktree, "log", "-1", "--format=%D")).toBe(statuses[at] ?? "");
  }
  for (const { file } of into.sessions) expect(existsSync(file)).toBe(true);
  await takeBack();
});

test("worktree: of two sessions that name it the chosen one gets it, and both know the place", async () => {
  using disk = build("contestedWorktree");
  const { key, choices } = await decisionOf(disk, "worktree");
  const owner = disk.project("backend");
  const value = choices.find((choice) => choice.value.startsWith(owner.id))?.value ?? "";
  const takeBack = await executeWith(disk, key, value);
  const place = join(owner.stateDir, "worktrees", owner.sessions[0]?.id ?? "");
  for (const project of disk.projects) {
    for (const { file } of project.sessions) {
      expect(JSON.parse(readFileSync(file, "utf8")).worktree).toBe(place);
    }
  }
  expect(git(place, "rev-parse", "--show-toplevel")).toBe(place);
  await takeBack();
});

test("orchestrator: of two live ones the chosen one stays, the other is archived and goes on", async () => {
  using disk = build("twoLiveOrchestrators");
  const { key } = await decisionOf(disk, "orchestrator");
  const { stateDir } = disk.project("agent-orchestrator");
  const takeBack = await executeWith(disk, key, "ao-orchestrator-2", "--force");
  const sessions = join(stateDir, "sessions");
  const kept = JSON.parse(readFileSync(join(sessions, "ao-orchestrator.json"), "utf8"));
  expect(kept.branch).toBe("orchestrator/ao-orchestrator-2");
  expect(existsSync(join(sessions, "ao-orchestrator-1.json"))).toBe(false);
  const listed = Bun.spawnSync(["tmux", "list-sessions", "-F", "#{session_name}"], {
    env: disk.env,
  });
  expect(listed.stdout.toString().trim().split("\n").sort()).toEqual([
    "ao-orchestrator",
    "ao-orchestrator-1",
  ]);
  await takeBack();
});
