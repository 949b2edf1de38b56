import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadMigration } from "../../../lib/change/history.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { requireManifest } from "../../../lib/planning/manifest.ts";
import { type PhaseTickOptions, phaseTick } from "../../../lib/planning/phase-tick.ts";
import { migrationDirOf, type Site, stamp } from "../../../lib/planning/site.ts";
import { treeDigest } from "../../../lib/planning/tree.ts";
import { makeRepository } from "./git.ts";
import { scripted, shellAgent } from "./scripted.ts";
import { makeSite, type PlanSpec, type TestSite, testNow, toApproval, writePlan } from "./site.ts";

const slug = "shed";
const hour = 3_600_000;
const at = (hours: number) => stamp(new Date(testNow.getTime() + hours * hour));

const executor = (site: TestSite) => ({
  migrationsDir: join(site.root, ".workflow/migrations"),
  roots: [site.root],
  toolVersion: "0",
  commands: (id: string) => ({ resume: `resume ${id}`, rollback: `rollback ${id}` }),
});

/** An answer that makes a file. */
const making = (site: Site, name: string, report = "summary: made it\n") => {
  const operations: Operation[] = [
    { op: "create", path: join(site.root, name), content: "swept\n" },
  ];
  return `${"```json"}\n${JSON.stringify({ operations })}\n${"```"}\n=== phase report ===\n${report}=== end ===\n`;
};

const ready = (site: Site, name = slug, spec: PlanSpec = {}) =>
  writePlan(site, name, { told: toApproval, ...spec });

async function tick(site: TestSite, options: Partial<PhaseTickOptions>) {
  const agent = scripted({});
  const result = await phaseTick(site, { agent, executorFor: () => executor(site), ...options });
  if (result === null) throw new Error("nothing was due");
  return result;
}

const validation = (site: TestSite, command: string) => ({
  command,
  env: site.env,
  cwd: site.root,
});

const manifestOf = (site: Site, name = slug) =>
  requireManifest(site.disk, migrationDirOf(site, name));

describe("ready-check", () => {
  test.each(["ready: yes", "ready: YES - it is\nnoise after\n"])(
    "yes: %p executes",
    async (answer) => {
      using site = makeSite();
      ready(site);
      const agent = scripted({ "ready-check": answer, execute: making(site, "out.txt") });
      const result = await tick(site, { agent });
      expect(result).toMatchObject({ outcome: "commit", role: "phase.execute", failure: "none" });
      expect(agent.asked[0]?.prompt).toContain("Before sort.");
    },
  );

  test("no: put off, and an existing wake-up is kept", async () => {
    using site = makeSite();
    ready(site, slug, { manifest: { wakeUpOn: at(-1) } });
    const result = await tick(site, { agent: scripted({ "ready-check": "ready: no - not yet" }) });
    expect(result).toMatchObject({
      outcome: "not-routed",
      advice: "same-target",
      role: "phase.ready-check",
      failure: "phase-ready-no",
      deferred: [{ slug, reason: "not yet" }],
    });
    expect(manifestOf(site)).toMatchObject({
      wakeUpOn: at(-1),
      cooldownUntil: at(6),
      lastTouch: at(0),
      awaitingHumanReview: false,
    });
  });

  test("no without a wake-up wakes up in 7 days", async () => {
    using site = makeSite();
    ready(site);
    await tick(site, { agent: scripted({ "ready-check": "ready: no" }) });
    expect(manifestOf(site)).toMatchObject({ wakeUpOn: at(7 * 24), cooldownUntil: at(6) });
  });

  test("doubt about tests: no; doubt about human approval: blocked with flag and reason", async () => {
    using site = makeSite();
    ready(site);
    const tests = "ready: unverifiable - no fresh test evidence";
    const first = await tick(site, { agent: scripted({ "ready-check": tests }) });
    expect(first).toMatchObject({ outcome: "not-routed", failure: "phase-ready-no" });
    using other = makeSite();
    ready(other);
    const approval = "ready: unverifiable - somebody must approve";
    const second = await tick(other, { agent: scripted({ "ready-check": approval }) });
    expect(second).toMatchObject({
      outcome: "blocked",
      advice: "human-review",
      failure: "phase-ready-unverifiable",
    });
    expect(manifestOf(other)).toMatchObject({
      awaitingHumanReview: true,
      humanReviewReason: "somebody must approve",
    });
  });

  test.each([
    ["blank", "cat >/dev/null", "agent-infra-failure"],
    ["unparseable", "cat >/dev/null; echo ready: perhaps", "agent-infra-failure"],
    ["exit 7", "cat >/dev/null; echo ready: yes; exit 7", "agent-exited-nonzero"],
    ["agent error", "kill -KILL $$", "agent-infra-failure"],
  ])("%s: abandon, nothing saved", async (_, text, failure) => {
    using site = makeSite();
    const dir = ready(site);
    const before = treeDigest(site.disk, dir);
    const result = await tick(site, { agent: shellAgent(site, text) });
    expect(result).toMatchObject({ outcome: "abandon", role: "phase.ready-check", failure });
    expect(treeDigest(site.disk, dir)).toBe(before);
  });
});

describe("phase tick", () => {
  test("nothing due, also while review is awaited", async () => {
    using site = makeSite();
    const options = { agent: scripted({}), executorFor: () => executor(site) };
    expect(await phaseTick(site, options)).toBeNull();
    ready(site, slug, { manifest: { awaitingHumanReview: true, humanReviewReason: "x" } });
    expect(await phaseTick(site, options)).toBeNull();
  });

  test("commit subject has the file name, not a number; run settings passed through", async () => {
    using site = makeSite();
    ready(site);
    const execute = making(site, "out.txt", "summary: s\ncommit_rationale: because\n");
    const agent = scripted({ "ready-check": "ready: yes", execute });
    const check = validation(site, "true --strict");
    const result = await tick(site, { agent, effort: "medium", validation: check });
    expect(result.commit?.subject).toBe("migration: migration/shed/phase-1-sort.md");
    expect(result.commit?.body).toBe("Why:\nbecause\n\nValidation:\ntrue --strict\n");
    expect(agent.asked.map(({ effort }) => effort)).toEqual(["medium", "medium"]);
    expect(agent.asked[1]?.prompt).toContain("true --strict");
    expect(result.next).toBe("phase-2-sweep.md");
  });

  test("failed phase: no commit, retry count kept, paths sanitised", async () => {
    using site = makeSite();
    const dir = ready(site);
    const before = treeDigest(site.disk, dir);
    const agent = scripted({ "ready-check": "ready: yes", execute: making(site, "out.txt") });
    const check = validation(site, `test -e ${site.root}/never`);
    const result = await tick(site, { agent, validation: check, maxAttempts: 2 });
    expect(result).toMatchObject({
      outcome: "abandon",
      advice: "new-target",
      role: "phase.validation",
      failure: "validation-failed",
      commit: null,
    });
    expect(agent.asked).toHaveLength(3);
    expect(result.summary).not.toContain(site.root);
    expect(treeDigest(site.disk, dir)).toBe(before);
    expect(existsSync(join(site.root, "out.txt"))).toBe(false);
  });

  test("gate errors stop the tick, and so does a malformed manifest", async () => {
    using site = makeSite();
    ready(site, slug, { files: { "plan.md": null } });
    expect(await tick(site, {})).toMatchObject({
      outcome: "abandon",
      role: "phase.execution-gate",
      failure: "migration-consistency-error",
      summary: "the migration is not consistent: missing-plan",
    });
    ready(site, "zbad", { files: { "manifest.json": "[]" } });
    expect(await tick(site, {})).toMatchObject({ slug: null, outcome: "abandon" });
  });

  test("deferral of either kind leaves the tree clean for the next check", async () => {
    using site = makeSite();
    const names = ["a", "b", "c"];
    for (const [index, name] of names.entries()) {
      ready(site, name, { manifest: { createdAt: at(index) } });
    }
    raiseEffort(site, "b");
    const git = makeRepository(site);
    git("add", "-A");
    git("commit", "-q", "-m", "all");
    const seen: string[] = [];
    const agent = scripted({
      "ready-check": ({ slug }) => {
        seen.push(git("status", "--porcelain"));
        return slug === "a" ? "ready: no" : "ready: yes";
      },
      execute: making(site, "out.txt"),
    });
    const result = await tick(site, { agent, maxEffort: "medium" });
    expect(result).toMatchObject({ outcome: "commit", slug: "c" });
    expect(seen).toEqual(["", ""]);
    expect(manifestOf(site, "a").cooldownUntil).toBeNull();
  });

  test("queued deferral saved when a later candidate blocks", async () => {
    using site = makeSite();
    ready(site, "a", { manifest: { createdAt: at(0) } });
    ready(site, "b", { manifest: { createdAt: at(1) } });
    const agent = scripted({
      "ready-check": ({ slug }) => (slug === "a" ? "ready: no" : "ready: unverifiable - ask"),
    });
    const result = await tick(site, { agent });
    expect(result).toMatchObject({ outcome: "blocked", slug: "b" });
    expect(result.deferred.map(({ slug }) => slug)).toEqual(["a", "b"]);
    expect(manifestOf(site, "a")).toMatchObject({
      cooldownUntil: at(6),
      awaitingHumanReview: false,
    });
    expect(manifestOf(site, "b").awaitingHumanReview).toBe(true);
  });

  test("queued deferral dropped when a later candidate errs", async () => {
    using site = makeSite();
    ready(site, "a", { manifest: { createdAt: at(0) } });
    ready(site, "b", { manifest: { createdAt: at(1) } });
    const agent = scripted({ "ready-check": ({ slug }) => (slug === "a" ? "ready: no" : "") });
    expect(await tick(site, { agent })).toMatchObject({ outcome: "abandon", slug: "b" });
    expect(manifestOf(site, "a").cooldownUntil).toBeNull();
  });

  test("over budget: no ready-check; at the cap: both calls escalated", async () => {
    using site = makeSite();
    ready(site);
    raiseEffort(site, slug);
    const idle = scripted({});
    expect(await tick(site, { agent: idle, maxEffort: "medium" })).toMatchObject({
      outcome: "not-routed",
      role: "phase.effort-budget",
      failure: "phase-effort-over-budget",
    });
    expect(idle.asked).toEqual([]);
    const agent = scripted({ "ready-check": "ready: yes", execute: making(site, "out.txt") });
    expect(await tick(site, { agent, maxEffort: "high" })).toMatchObject({ outcome: "commit" });
    expect(agent.asked.map(({ effort }) => effort)).toEqual(["high", "high"]);
  });

  test("a refused confirmation changes nothing", async () => {
    using site = makeSite();
    const dir = ready(site);
    const before = treeDigest(site.disk, dir);
    const agent = scripted({ "ready-check": "ready: yes" });
    await expect(tick(site, { agent, confirm: async () => false })).rejects.toThrow("Cancelled");
    expect(treeDigest(site.disk, dir)).toBe(before);
  });

  test("the operations can be taken back with the engine", async () => {
    using site = makeSite();
    ready(site);
    const agent = scripted({ "ready-check": "ready: yes", execute: making(site, "out.txt") });
    await tick(site, { agent });
    const [id = ""] = readdirSync(executor(site).migrationsDir).filter((name) => name[0] !== ".");
    const summary = await loadMigration(join(executor(site).migrationsDir, id));
    expect(summary).toMatchObject({ state: "done", title: "shed: sort", script: "migration" });
    expect(readFileSync(join(site.root, "out.txt"), "utf8")).toBe("swept\n");
  });
});

function raiseEffort(site: Site, name: string): void {
  const file = join(migrationDirOf(site, name), "manifest.json");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace('"required_effort": null', '"required_effort": "high"'));
}
