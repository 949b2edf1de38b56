import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Agent, AgentError } from "../../../lib/planning/agent.ts";
import { type Manifest, requireManifest } from "../../../lib/planning/manifest.ts";
import { approve, hold, reviewable, reviewWith } from "../../../lib/planning/review.ts";
import { migrationDirOf, type Site } from "../../../lib/planning/site.ts";
import { treeDigest } from "../../../lib/planning/tree.ts";
import { makeRepository } from "./git.ts";
import { scripted, shellAgent } from "./scripted.ts";
import { makeSite, type PlanSpec, type Told, toApproval, writePlan, writeText } from "./site.ts";

const slug = "shed";
const told: Told = [...toApproval.slice(0, 4), ["final-review", "approve-needs-human"]];
const waiting = { awaitingHumanReview: true, humanReviewReason: "It moves 3 sessions." };

const plan = (site: Site, spec: PlanSpec = {}) =>
  writePlan(site, slug, { told, ...spec, manifest: { ...waiting, ...spec.manifest } });

/** Edits the manifest in the copy, as an agent does for its user. */
function clearing(change: Record<string, unknown>): (cwd: string) => void {
  return (cwd) => {
    const file = join(cwd, "manifest.json");
    const raw = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...raw, ...change }));
  };
}

const approved = { awaiting_human_review: false, human_review_reason: null };
const agentThat = (act: (cwd: string) => void) =>
  scripted({
    review: ({ cwd }) => {
      act(cwd);
      return "";
    },
  });

async function refused(site: Site, agent: Agent, detail: string): Promise<unknown> {
  const dir = migrationDirOf(site, slug);
  const before = treeDigest(site.disk, dir);
  const error = await reviewWith(site, slug, agent).catch((thrown: Error) => thrown);
  expect((error as Error).message).toContain(detail);
  expect(treeDigest(site.disk, dir)).toBe(before);
  return error;
}

describe("review", () => {
  test("not awaiting: plain hint if refinable, guarded if not", async () => {
    using site = makeSite();
    const hint = async (manifest: Partial<Manifest>) => {
      rmSync(migrationDirOf(site, slug), { recursive: true, force: true });
      plan(site, { manifest: { awaitingHumanReview: false, ...manifest } });
      try {
        await reviewable(site, slug);
      } catch (error) {
        return String((error as { hint?: string }).hint);
      }
      throw new Error("it was taken");
    };
    expect(await hint({})).toContain("refine shed changes it");
    expect(await hint({ status: "done" })).toContain("only plans of which no phase has run");
    for (const status of ["ready", "done"] as const) {
      expect(await hint({ status })).toContain("list --awaiting-review");
    }
  });

  test("a manifest that is missing or broken has no refine hint", async () => {
    using site = makeSite();
    plan(site, { files: { "manifest.json": "{" } });
    await expect(reviewable(site, slug)).rejects.toThrow("not JSON");
    rmSync(join(migrationDirOf(site, slug), "manifest.json"));
    await expect(reviewable(site, slug)).rejects.toThrow("it has no manifest");
  });

  test("the agent runs in …/work/<slug> at high; the prompt names both folders", async () => {
    using site = makeSite();
    const dir = plan(site);
    const agent = agentThat(clearing(approved));
    await reviewWith(site, slug, agent);
    const [asked] = agent.asked;
    expect(asked?.cwd).toEndWith(`/work/${slug}`);
    expect(asked?.effort).toBe("high");
    for (const part of [site.root, asked?.cwd ?? "", dir, "It moves 3 sessions.", "# Plan\n"]) {
      expect(asked?.prompt).toContain(part);
    }
    expect(asked?.prompt).toContain("current phase: sort");
    expect(requireManifest(site.disk, dir)).toMatchObject({
      status: "ready",
      awaitingHumanReview: false,
      humanReviewReason: null,
    });
  });

  test("empty current_phase shows as none", async () => {
    using site = makeSite();
    plan(site, { manifest: { currentPhase: "" } });
    const agent = agentThat(() => {});
    await refused(site, agent, "not consistent: invalid-current-phase");
    expect(agent.asked[0]?.prompt).toContain("current phase: none");
  });

  test("agent exit 7: its code is told", async () => {
    using site = makeSite();
    plan(site);
    const error = await refused(site, shellAgent(site, "exit 7"), "exited with 7");
    expect(error).toBeInstanceOf(AgentError);
    expect((error as AgentError).exitCode).toBe(7);
  });

  test("stale base: hints", async () => {
    using site = makeSite();
    const dir = plan(site);
    const agent = agentThat((cwd) => {
      clearing(approved)(cwd);
      writeText(join(dir, "plan.md"), "# Changed meanwhile\n");
    });
    const error = await reviewWith(site, slug, agent).catch((thrown) => thrown);
    expect(error.message).toContain("the live folder changed meanwhile");
    expect(error.hint).toContain("doctor");
    expect(requireManifest(site.disk, dir).awaitingHumanReview).toBe(true);
  });

  test("headings broken: refused; flag or reason left: refused; history changed: refused", async () => {
    using site = makeSite();
    plan(site);
    const broken = agentThat((cwd) => {
      clearing(approved)(cwd);
      writeText(join(cwd, "phase-1-sort.md"), "# Sort\n");
    });
    await refused(site, broken, "missing-phase-precondition");
    await refused(
      site,
      agentThat(() => {}),
      "awaiting_human_review is still true",
    );
    const half = agentThat(clearing({ awaiting_human_review: false }));
    await refused(site, half, "human_review_reason is still there");
    const history = agentThat((cwd) => writeText(join(cwd, ".planning/state.json"), "{}"));
    await refused(site, history, "changed .planning/state.json");
  });

  test("dirty live: refused before the agent runs", async () => {
    using site = makeSite();
    plan(site);
    makeRepository(site);
    const agent = agentThat(() => {});
    await refused(site, agent, "to be committed first");
    expect(agent.asked).toEqual([]);
  });

  test("a person's own approval does the same, and leaves the planning state alone", async () => {
    using site = makeSite();
    const dir = plan(site);
    const state = readFileSync(join(dir, ".planning/state.json"), "utf8");
    await approve(site, slug);
    expect(requireManifest(site.disk, dir).awaitingHumanReview).toBe(false);
    expect(readFileSync(join(dir, ".planning/state.json"), "utf8")).toBe(state);
    await expect(approve(site, slug)).rejects.toThrow("does not await a review");
  });
});

describe("holding back", () => {
  test("a ready plan waits for a review again, a plan in progress too", async () => {
    using site = makeSite();
    const cases: [PlanSpec, Manifest["status"]][] = [
      [{ told: toApproval }, "ready"],
      [{ told: toApproval.slice(0, 2) }, "planning"],
    ];
    for (const [spec, status] of cases) {
      rmSync(migrationDirOf(site, slug), { recursive: true, force: true });
      const dir = writePlan(site, slug, spec);
      await hold(site, slug, "wait for the release");
      expect(requireManifest(site.disk, dir)).toMatchObject({
        status,
        awaitingHumanReview: true,
        humanReviewReason: "wait for the release",
      });
      await approve(site, slug);
      expect(requireManifest(site.disk, dir)).toMatchObject({ status, awaitingHumanReview: false });
    }
  });

  test("is refused at the end of its life, and without a reason", async () => {
    using site = makeSite();
    plan(site, { manifest: { status: "done" } });
    await expect(hold(site, slug, "x")).rejects.toThrow("it is done");
    rmSync(migrationDirOf(site, slug), { recursive: true });
    writePlan(site, slug);
    await expect(hold(site, slug, " ")).rejects.toThrow("the reason is blank");
  });
});
