/**
 * The built-in planner on real disks: planned step by step, approved, carried out phase by phase,
 * and taken back.
 */

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../../lib/change/disk.ts";
import { listMigrations } from "../../../../lib/change/history.ts";
import { undo } from "../../../../lib/change/transaction.ts";
import { resolvePlaces } from "../../../../lib/paths.ts";
import { decisionText } from "../../../../lib/planning/builtin/source.ts";
import { type DiskLook, realLook } from "../../../../lib/planning/builtin/space.ts";
import { storageSource } from "../../../../lib/planning/builtin/storage.ts";
import { listRows } from "../../../../lib/planning/list.ts";
import { requireManifest } from "../../../../lib/planning/manifest.ts";
import { phaseTick } from "../../../../lib/planning/phase-tick.ts";
import { planningTick } from "../../../../lib/planning/planning-tick.ts";
import { refine } from "../../../../lib/planning/refine.ts";
import { approve } from "../../../../lib/planning/review.ts";
import { agentFor, executorFor } from "../../../../lib/planning/setup.ts";
import { migrationDirOf, type Site } from "../../../../lib/planning/site.ts";
import { loadState } from "../../../../lib/planning/state-file.ts";
import { runStep } from "../../../../lib/planning/step.ts";
import type { TickResult } from "../../../../lib/planning/tick-result.ts";
import { assess } from "../../../../lib/storage/assess.ts";
import { tmuxPort } from "../../../../lib/storage/execute.ts";
import { selectSteps } from "../../../../lib/storage/options.ts";
import type { Disk } from "../../../disk/spec.ts";
import { disks } from "../../../disk.ts";
import { diffTrees, readTree } from "../../../tree.ts";

const slug = "v3";

/** A disk with a root for plans beside it, and everything the commands would set up. */
function setUp(name: string, look: DiskLook = realLook) {
  const build = disks[name];
  if (build === undefined) throw new Error(`no disk ${name}`);
  const disk: Disk = build();
  const places = resolvePlaces({ home: disk.home, env: disk.env });
  const root = join(disk.root, "plans");
  mkdirSync(root);
  const site: Site = {
    root,
    stateDir: join(root, "state"),
    engineDirs: [join(places.baseDir, "migrations")],
    disk: { ...realDisk, sync() {} },
    env: disk.env,
    now: clock(),
  };
  const sources = [storageSource({ places, env: disk.env, tmux: true, look })];
  const limits = { timeoutMs: 1000, idleMs: 1000, model: undefined };
  const agent = agentFor(site, { with: "builtin", sources, ...limits });
  const setup = {
    sources,
    toolVersion: "0",
    baseDir: places.baseDir,
    tmux: tmuxPort(disk.env),
    invocation: "bun run scripts/migration.ts",
    flags: {},
    root: undefined,
    with: "builtin",
  };
  const plan = async () => {
    await runStep(site, { slug, agent, target: "storage" });
    const seen: string[] = [];
    for (;;) {
      const result = await planningTick(site, { agent });
      if (result === null) return seen;
      seen.push(`${result.role.replace("planning.", "")} ${result.outcome} ${result.summary}`);
      if (result.outcome !== "commit") return seen;
    }
  };
  const phases = async () => {
    const results: TickResult[] = [];
    for (;;) {
      const result = await phaseTick(site, {
        agent,
        executorFor: (candidate) => executorFor(site, candidate.slug, setup),
      });
      if (result === null) return results;
      results.push(result);
      if (result.outcome !== "commit") return results;
    }
  };
  const left = () =>
    assess({
      ...{ places, env: disk.env, now: site.now(), steps: selectSteps([], []) },
      ...{ answers: new Map(), tmux: true, sizes: false },
    }).plan.steps.map(({ id }) => id);
  const manifest = () => requireManifest(site.disk, migrationDirOf(site, slug));
  const state = () => {
    const found = loadState({ disk: site.disk, slug, dir: migrationDirOf(site, slug) });
    if (found === null) throw new Error("no state");
    return found;
  };
  return { disk, site, places, agent, plan, phases, left, manifest, state };
}

/** Every look at it is a second later, so that migrations have an order. */
function clock(): () => Date {
  let seconds = Date.parse("2026-11-21T10:00:00Z") / 1000;
  return () => {
    seconds += 1;
    return new Date(seconds * 1000);
  };
}

/** The disk without plans and the engine's records. */
function treeOf(disk: Disk) {
  const tree = readTree(disk.root);
  const records = join(".agent-orchestrator", "migrations");
  for (const path of [...tree.keys()]) {
    if (path.includes(records) || path === "plans" || path.startsWith("plans/")) tree.delete(path);
  }
  return tree;
}

async function takeBack(migrationsDir: string, roots: string[]): Promise<void> {
  const { migrations } = await listMigrations(migrationsDir);
  for (const { dir } of migrations.toReversed()) {
    const commands = { resume: "", rollback: "" };
    const result = await undo({ migrationDir: dir, roots, commands });
    expect(result.kept).toEqual([]);
  }
}

/** One for each kind of drift; the storage migration itself is tested on all there are. */
const names = [
  "v1AndV2Mix",
  "dualRegistered",
  "observabilityLeak",
  "strandedWorktrees",
  "numberedOrchestrators",
  "sameSessionTwoHashDirs",
  "dirtyWorktree",
  "kvInJson",
];

describe.each(names)("on the disk %s", (name) => {
  test("every phase holds its definition of done, and all of them go back", async () => {
    const { disk, places, site, plan, phases, left, manifest } = setUp(name);
    using _ = disk;
    const before = treeOf(disk);
    await plan();
    if (manifest().awaitingHumanReview) await approve(site, slug);
    expect(diffTrees(before, treeOf(disk))).toEqual([]);
    const results = await phases();
    expect(results.filter(({ outcome }) => outcome !== "commit")).toEqual([]);
    expect(manifest().status).toBe("done");
    expect(left()).toEqual([]);
    await takeBack(join(places.baseDir, "migrations"), [disk.root]);
    expect(diffTrees(before, treeOf(disk))).toEqual([]);
  }, 30_000);
});

test("a plan that was rolled back runs again after its review, and goes back again", async () => {
  const { disk, places, site, plan, phases, left, manifest } = setUp("v1AndV2Mix");
  using _ = disk;
  const before = treeOf(disk);
  await plan();
  if (manifest().awaitingHumanReview) await approve(site, slug);
  for (let round = 1; round <= 2; round += 1) {
    const results = await phases();
    expect(results.filter(({ outcome }) => outcome !== "commit")).toEqual([]);
    expect([manifest().status, left()]).toEqual(["done", []]);
    await takeBack(join(places.baseDir, "migrations"), [disk.root]);
    expect(diffTrees(before, treeOf(disk))).toEqual([]);
    expect(await listRows(site, {})).toMatchObject([{ status: "rolled-back" }]);
    if (round === 1) await approve(site, slug);
  }
}, 30_000);

const story = (told: string[]) => told.map((line) => line.split(" ").slice(0, 2).join(" "));

describe("the built-in planner", () => {
  test("compares two approaches by the disk's own figures", async () => {
    const { disk, site, plan } = setUp("v1AndV2Mix");
    using _ = disk;
    await plan();
    const read = (file: string) => readFileSync(join(migrationDirOf(site, slug), file), "utf8");
    expect(read("approaches/in-place.md")).toMatch(/^- 8 phases, \d+ operations\.$/m);
    const space = /^- Space: about [\d.]+ KB at \S+; [\d.]+ [MGT]B free\.$/m;
    expect(read("approaches/in-place.md")).toMatch(space);
    expect(read("approaches/copy-then-switch.md")).toMatch(space);
    const picked = read(".planning/stages/pick-best.stdout.md");
    expect(picked).toStartWith("Picked: in-place.");
    expect(read("plan.md")).toContain("1. import-v1-hash-dirs: Import V1");
    expect(read("phase-1-import-v1-hash-dirs.md")).toContain("## Definition of Done\n\nAll ");
  });

  test("open decisions are findings first, then taken by default and shown to a person", async () => {
    const { disk, plan, manifest, state } = setUp("contestedWorktree");
    using _ = disk;
    expect(story(await plan())).toEqual([
      ...["pick-best commit", "expand commit", "review commit"],
      ...["revise commit", "review-2 commit", "final-review commit"],
    ]);
    expect(manifest()).toMatchObject({ status: "ready", awaitingHumanReview: true });
    expect(manifest().humanReviewReason).toContain("decisions taken by default: worktree:");
    expect(state().finalDecision).toBe("approve-needs-human");
  });

  test("a decision that was taken changes the plan, and needs no review of its own", async () => {
    const { disk, site, agent, plan, manifest, state } = setUp("contestedWorktree");
    using _ = disk;
    await plan();
    const dir = migrationDirOf(site, slug);
    const review = readFileSync(join(dir, ".planning/stages/review.stdout.md"), "utf8");
    const found = /\((worktree:[^;]+); one of ([^;]+); default ([^)]+)\)/.exec(review);
    const [, key = "", choices = "", chosen = ""] = found ?? [];
    const value = choices.split(", ").find((choice) => choice !== chosen) ?? "";
    expect(value).not.toBe("");
    const before = readFileSync(join(dir, "plan.md"), "utf8");
    expect(before).toContain(`  - or \`${value}\`: `);
    expect(before).toContain("\nAnswered with `refine --decide KEY=VALUE`.\n");
    const odd = refine(site, { slug, agent, text: decisionText("odd", "x"), source: "message" });
    await expect(odd).rejects.toThrow('Cannot decide "odd": the plan does not ask that');
    expect(state().feedback).toEqual([]);
    const text = decisionText(key, value);
    const refined = await refine(site, { slug, agent, text, source: "message" });
    expect(refined).toMatchObject({ step: "revise", next: "review-2" });
    expect(readFileSync(join(dir, "plan.md"), "utf8")).toContain(`: ${value} (decided)`);
    for (let left = 2; left > 0; left -= 1) await planningTick(site, { agent });
    expect(state().revisionBases).toHaveLength(1);
    expect(manifest().humanReviewReason ?? "").not.toContain("taken by default");
  });

  test("a decision that puts a phase before the others: that one runs first, and all of them run", async () => {
    const { disk, site, agent, plan, phases, left, manifest } = setUp("twoCheckouts");
    using _ = disk;
    await plan();
    const first = manifest().currentPhase;
    const [key = ""] = /same-repo:\S+/.exec(manifest().humanReviewReason ?? "") ?? [];
    const text = decisionText(key, `into:${disk.project("integrator").key}`);
    await refine(site, { slug, agent, text, source: "message" });
    for (let step = 2; step > 0; step -= 1) await planningTick(site, { agent });
    expect(manifest()).toMatchObject({ status: "ready", currentPhase: "same-repo-merge" });
    expect(manifest().phases[1]?.name).toBe(first);
    if (manifest().awaitingHumanReview) await approve(site, slug);
    const results = await phases();
    expect(results.filter(({ outcome }) => outcome !== "commit")).toEqual([]);
    expect(manifest()).toMatchObject({ status: "done", currentPhase: "" });
    expect(manifest().phases.filter(({ done }) => !done)).toEqual([]);
    expect(left()).toEqual([]);
  }, 20_000);

  test("the disk changed after it was planned: a stale base is a finding", async () => {
    const { disk, site, agent, places } = setUp("v1AndV2Mix");
    using _ = disk;
    await runStep(site, { slug, agent, target: "storage" });
    for (let left = 2; left > 0; left -= 1) await planningTick(site, { agent });
    const projects = join(places.baseDir, "projects");
    for (const name of readdirSync(projects)) rmSync(join(projects, name), { recursive: true });
    expect(await planningTick(site, { agent })).toMatchObject({
      role: "planning.review",
      next: "revise",
    });
    const stage = join(migrationDirOf(site, slug), ".planning/stages/review.stdout.md");
    expect(readFileSync(stage, "utf8")).toContain("stale base: the disk has changed");
  });

  test("nothing to do is rejected, and blockers keep the plan from passing its review", async () => {
    const clean = setUp("cleanV3");
    using _clean = clean.disk;
    const told = await clean.plan();
    expect(told.at(-1)).toBe("final-review commit there is nothing to do");
    expect(existsSync(join(clean.site.root, "migrations/__intentional_skips__", slug))).toBe(true);
    const broken = setUp("configIsDirectory");
    using _broken = broken.disk;
    const steps = await broken.plan();
    expect(steps.at(-1)).toStartWith("review-2 abandon");
    expect(broken.manifest().status).toBe("planning");
  });

  test("where it does not fit a person is asked, and no phase runs until it does", async () => {
    let free = 1000;
    const { disk, site, plan, phases, manifest } = setUp("v1AndV2Mix", {
      ...realLook,
      free: () => free,
    });
    using _ = disk;
    const before = treeOf(disk);
    await plan();
    const read = (file: string) => readFileSync(join(migrationDirOf(site, slug), file), "utf8");
    const picked = read(".planning/stages/pick-best.stdout.md");
    expect(picked).toContain("Neither way can be gone now; a person has to make room first");
    expect(picked).toContain("- a copy has no space at /");
    expect(manifest()).toMatchObject({ status: "ready", awaitingHumanReview: true });
    expect(manifest().humanReviewReason).toMatch(/KB are needed at \S+, 1000 B are free/);
    await approve(site, slug);
    const [result] = await phases();
    expect(result).toMatchObject({ outcome: "not-routed", failure: "phase-ready-no" });
    expect(diffTrees(before, treeOf(disk))).toEqual([]);
    free = 1e9;
    const again = await phases();
    expect(again.map(({ outcome }) => outcome)).toContain("commit");
  });

  test("nothing is approved automatically that could not be carried out on this disk", async () => {
    const looks: [Partial<DiskLook>, string | null][] = [
      [{}, null],
      [{ writable: () => false }, "cannot be written to"],
      [{ free: () => 10 }, "10 B are free"],
    ];
    for (const [change, reason] of looks) {
      const { disk, plan, manifest, state } = setUp("cleanV2", { ...realLook, ...change });
      using _ = disk;
      await plan();
      expect(state().finalDecision).toBe(reason === null ? "approve-auto" : "approve-needs-human");
      if (reason !== null) expect(manifest().humanReviewReason).toContain(reason);
    }
  });

  test("while AO or a session is at work no phase runs", async () => {
    const { disk, site, plan, phases, manifest } = setUp("liveSessions");
    using _ = disk;
    const before = treeOf(disk);
    await plan();
    if (manifest().awaitingHumanReview) await approve(site, slug);
    const [result] = await phases();
    expect(result).toMatchObject({ outcome: "not-routed", failure: "phase-ready-no" });
    expect(result?.summary).toContain("at work now: session ao-1 runs in tmux");
    expect(manifest().cooldownUntil).not.toBeNull();
    expect(diffTrees(before, treeOf(disk))).toEqual([]);
  });

  test("a disk that changed before its phase blocks, and asks a person", async () => {
    const { disk, site, places, plan, phases, manifest } = setUp("v1AndV2Mix");
    using _ = disk;
    await plan();
    if (manifest().awaitingHumanReview) await approve(site, slug);
    const dirs = readdirSync(places.baseDir).filter((name) => /^[0-9a-f]{12}-/.test(name));
    for (const name of dirs) rmSync(join(places.baseDir, name), { recursive: true });
    const [result] = await phases();
    expect(result).toMatchObject({ outcome: "blocked", failure: "phase-ready-unverifiable" });
    expect(manifest().humanReviewReason).toContain("the disk changed since it was planned");
  });
});
