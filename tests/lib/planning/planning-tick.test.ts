import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type PlanningTickOptions, planningTick } from "../../../lib/planning/planning-tick.ts";
import type { Site } from "../../../lib/planning/site.ts";
import { treeDigest } from "../../../lib/planning/tree.ts";
import { makeRepository } from "./git.ts";
import { goodAnswers, scripted, shellAgent } from "./scripted.ts";
import { makeSite, type Told, toApproval, writePlan, writeText } from "./site.ts";

const slug = "shed";

async function tick(site: Site, options: Partial<PlanningTickOptions> = {}) {
  const result = await planningTick(site, { agent: scripted(goodAnswers), ...options });
  if (result === null) throw new Error("nothing was due");
  return result;
}

describe("planning tick", () => {
  test("nothing due: null", async () => {
    using site = makeSite();
    expect(await planningTick(site, { agent: scripted({}) })).toBeNull();
    writePlan(site, slug, { told: toApproval });
    expect(await planningTick(site, { agent: scripted({}) })).toBeNull();
  });

  test("runs one step of the oldest and says what to commit", async () => {
    using site = makeSite();
    writePlan(site, "young", { manifest: { createdAt: "2026-02-02T00:00:00Z" } });
    writePlan(site, "old", { manifest: { createdAt: "2026-01-01T00:00:00Z" } });
    const agent = scripted(goodAnswers);
    const result = await tick(site, { agent });
    expect(agent.asked).toHaveLength(1);
    expect(result).toMatchObject({
      outcome: "commit",
      advice: "none",
      role: "planning.approaches",
      failure: "none",
      slug: "old",
      next: "pick-best",
    });
    expect(result.commit?.subject).toBe("migration: planning/old/approaches");
    expect(result.commit?.body).toContain("next step: pick-best");
    expect((await tick(site, { slug: "young" })).slug).toBe("young");
  });

  test("skip set", async () => {
    using site = makeSite();
    writePlan(site, "a");
    writePlan(site, "b");
    expect((await tick(site, { skip: new Set(["a"]) })).slug).toBe("b");
  });

  const blocked: [string, (dir: string) => void, string][] = [
    ["missing state", (dir) => writeText(join(dir, "x"), ""), "planning-state-missing"],
    [
      "invalid state",
      (dir) => writeText(join(dir, ".planning/state.json"), "{"),
      "planning-state-invalid",
    ],
    ["slug mismatch", (dir) => rename(dir), "planning-consistency-error"],
  ];

  test.each(blocked)("%s: blocked before the step", async (name, change, failure) => {
    using site = makeSite();
    const dir = writePlan(site, slug, name === "missing state" ? { state: false } : {});
    change(dir);
    const before = treeDigest(site.disk, dir);
    const agent = scripted({});
    const result = await tick(site, { agent });
    expect(result).toMatchObject({
      outcome: "blocked",
      advice: "human-review",
      role: "planning.state",
      failure,
      slug,
    });
    expect(agent.asked).toEqual([]);
    expect(treeDigest(site.disk, dir)).toBe(before);
  });

  test("a terminal state under status planning is blocked", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval, manifest: { status: "planning" } });
    expect(await tick(site)).toMatchObject({ failure: "planning-state-invalid" });
  });

  test("a malformed manifest, of any migration, stops the tick before agents run", async () => {
    using site = makeSite();
    writePlan(site, "good");
    writePlan(site, "zbad", { files: { "manifest.json": "{" } });
    const agent = scripted({});
    expect(await tick(site, { agent })).toMatchObject({
      outcome: "abandon",
      advice: "new-target",
      role: "phase.execution-gate",
      failure: "migration-consistency-error",
    });
    expect(agent.asked).toEqual([]);
  });

  test("failed step's record has its per-attempt log paths; timeout kind", async () => {
    using site = makeSite();
    writePlan(site, slug);
    const agent = shellAgent(site, "cat >/dev/null; echo half; sleep 9", { timeoutMs: 150 });
    const result = await tick(site, { agent });
    expect(result).toMatchObject({
      outcome: "abandon",
      advice: "new-target",
      role: "planning.approaches",
      failure: "timeout",
    });
    const [log = ""] = result.logs;
    expect(log).toContain("/attempt-001/planning/approaches");
    expect(readFileSync(join(log, "stdout.md"), "utf8")).toBe("half\n");
    expect(existsSync(join(log, "prompt.md"))).toBe(true);
    const silent = shellAgent(site, "exec sleep 9", { idleMs: 100 });
    expect(await tick(site, { agent: silent })).toMatchObject({ failure: "stuck" });
    const failing = shellAgent(site, "exit 7");
    expect(await tick(site, { agent: failing })).toMatchObject({ failure: "agent-exited-nonzero" });
  });

  test("review-2 findings are a failed step, a blocked publish is blocked", async () => {
    using site = makeSite();
    const told: Told = ["approaches", "pick-best", "expand", ["review", "findings"], "revise"];
    writePlan(site, slug, { told });
    const agent = scripted({ "review-2": "1. still" });
    expect(await tick(site, { agent })).toMatchObject({
      outcome: "abandon",
      role: "planning.review-2",
      failure: "planning-step-failed",
    });
    const stray = scripted({
      "review-2": () => {
        writeText(join(site.root, "migrations/shed/stray.md"), "x");
        return "no findings";
      },
    });
    expect(await tick(site, { agent: stray })).toMatchObject({
      outcome: "blocked",
      advice: "human-review",
      role: "planning.publish",
      failure: "planning-publish-blocked",
    });
  });

  test("two ticks at once: one works, one is refused and names the other", async () => {
    using site = makeSite();
    writePlan(site, slug);
    const gate = Promise.withResolvers<string>();
    const slow = scripted({ approaches: () => gate.promise });
    const first = tick(site, { agent: slow });
    const second = planningTick(site, { agent: scripted({}) });
    await expect(second).rejects.toThrow(`planning by process ${process.pid} since`);
    gate.resolve("done");
    expect((await first).outcome).toBe("commit");
  });

  test("in a git work tree an uncommitted plan is refused, a committed one goes on", async () => {
    using site = makeSite();
    writePlan(site, slug);
    const git = makeRepository(site);
    const agent = scripted(goodAnswers);
    const refused = await tick(site, { agent });
    expect(refused).toMatchObject({ outcome: "abandon", role: "planning.approaches" });
    expect(refused.summary).toContain("to be committed first: migrations/shed/");
    expect(agent.asked).toEqual([]);
    git("add", "-A");
    git("commit", "-q", "-m", "plan");
    expect(await tick(site, { agent })).toMatchObject({ outcome: "commit" });
    expect(await tick(site, { agent })).toMatchObject({ outcome: "abandon" });
  });

  test("summaries have no private paths", async () => {
    using site = makeSite();
    writePlan(site, slug, { files: { ".planning/state.json": "{" } });
    const { summary } = await tick(site);
    expect(summary).toContain("<repo>/migrations/shed/.planning/state.json");
    expect(summary).not.toContain(site.root);
    expect(summary.length).toBeLessThanOrEqual(240);
  });
});

function rename(dir: string): void {
  const file = join(dir, "manifest.json");
  writeFileSync(file, readFileSync(file, "utf8").replace('"shed"', '"barn"'));
}
