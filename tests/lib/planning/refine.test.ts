import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Agent } from "../../../lib/planning/agent.ts";
import { readFeedback } from "../../../lib/planning/feedback.ts";
import { type Manifest, requireManifest } from "../../../lib/planning/manifest.ts";
import { PublishError } from "../../../lib/planning/publish.ts";
import { isRefinable, refine } from "../../../lib/planning/refine.ts";
import { migrationDirOf, type Site } from "../../../lib/planning/site.ts";
import { loadState } from "../../../lib/planning/state-file.ts";
import { runStep } from "../../../lib/planning/step.ts";
import { treeDigest } from "../../../lib/planning/tree.ts";
import { goodAnswers, scripted, shellAgent } from "./scripted.ts";
import { makeSite, type PlanSpec, type Told, toApproval, writePlan, writeText } from "./site.ts";

const slug = "shed";
const text = "  Smaller steps,\n\tplease. \n";

const go = (site: Site, agent: Agent = scripted(goodAnswers)) =>
  refine(site, { slug, agent, text, source: "message" });
const dirOf = (site: Site) => migrationDirOf(site, slug);
const stateIn = (site: Site) => {
  const state = loadState({ disk: site.disk, slug, dir: dirOf(site) });
  if (state === null) throw new Error("no state");
  return state;
};

async function refused(spec: PlanSpec, detail: string): Promise<void> {
  using site = makeSite();
  const dir = writePlan(site, slug, spec);
  const before = treeDigest(site.disk, dir);
  await expect(go(site, scripted({}))).rejects.toThrow(detail);
  expect(treeDigest(site.disk, dir)).toBe(before);
}

const phasesDone = (site: Site, done: number, current: string): Partial<Manifest> => {
  const { phases } = requireManifest(site.disk, dirOf(site));
  return {
    phases: phases.map((phase, index) => ({ ...phase, done: index < done })),
    currentPhase: current,
  };
};

describe("refine", () => {
  test("message xor file; file text kept verbatim; blank file refused", async () => {
    using site = makeSite();
    const file = join(site.home, "feedback.md");
    writeText(file, text);
    expect(readFeedback({ file, decide: [] }, "/")).toEqual({ text, source: "file" });
    expect(readFeedback({ message: "m", decide: [] }, "/")).toEqual({
      text: "m",
      source: "message",
    });
    expect(() => readFeedback({ decide: [] }, "/")).toThrow("give --message, --file or --decide");
    expect(() => readFeedback({ file: `${file}.gone`, decide: [] }, "/")).toThrow("Cannot read");
    writeFileSync(file, Buffer.from("a\r\nbü", "latin1"));
    const unread = () => readFeedback({ file, decide: [] }, "/");
    expect(unread).toThrow("it is not UTF-8");
    expect(unread).toThrow(expect.objectContaining({ place: { file, line: 2, column: 2 } }));
    writePlan(site, slug);
    const blank = refine(site, { slug, agent: scripted({}), text: " \n", source: "file" });
    await expect(blank).rejects.toThrow("the feedback is blank");
  });

  test("planning: the current step runs with the feedback, and effort high is recorded", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval.slice(0, 1) });
    const agent = scripted(goodAnswers);
    const result = await go(site, agent);
    expect(result).toMatchObject({ step: "pick-best", next: "expand" });
    expect(agent.asked[0]).toMatchObject({ effort: "high", role: "planning.pick-best" });
    expect(agent.asked[0]?.prompt).toContain(
      "## Feedback to take into account\n\n  Smaller steps,",
    );
    const state = stateIn(site);
    expect(state.feedback).toMatchObject([{ source: "message", text }]);
    expect(state.revisionBases).toEqual([]);
    expect(state.completedSteps.at(-1)).toMatchObject({ effort: "high", agent: "scripted" });
  });

  test("log mirroring: what a command writes is passed on", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval.slice(0, 1) });
    const heard: string[] = [];
    const { commandAgent } = await import("../../../lib/planning/agent.ts");
    const agent = commandAgent({
      command: "cat >/dev/null; echo picked; echo thinking >&2",
      env: site.env,
      disk: site.disk,
      onOutput: (part) => heard.push(part),
    });
    await go(site, agent);
    expect(heard.sort()).toEqual(["picked\n", "thinking\n"]);
  });

  test("ready: one revise, anchor [5], old outputs kept; second cycle [5, 8]", async () => {
    using site = makeSite();
    const manifest = { cooldownUntil: "2020-01-01T00:00:00Z", wakeUpOn: "2020-01-01T00:00:00Z" };
    const dir = writePlan(site, slug, { told: toApproval, manifest });
    const agent = scripted(goodAnswers);
    expect(await go(site, agent)).toMatchObject({ step: "revise", next: "review-2" });
    expect(agent.asked.map(({ role }) => role)).toEqual(["planning.revise"]);
    expect(agent.asked[0]?.prompt).toContain("## Input\n\n  Smaller steps,");
    expect(stateIn(site)).toMatchObject({ revisionBases: [5], finalDecision: null });
    expect(requireManifest(site.disk, dir)).toMatchObject({
      status: "planning",
      awaitingHumanReview: false,
      cooldownUntil: null,
      wakeUpOn: "2020-01-01T00:00:00Z",
      currentPhase: "sort",
    });
    const stage = join(dir, ".planning/stages/expand.stdout.md");
    expect(readFileSync(stage, "utf8")).toBe("output of expand\n");
    for (const step of ["review-2", "final-review"]) {
      expect((await runStep(site, { slug, agent })).step).toBe(step as "review-2");
    }
    expect(requireManifest(site.disk, dir).status).toBe("ready");
    await go(site, agent);
    expect(stateIn(site).revisionBases).toEqual([5, 8]);
    expect(existsSync(join(dir, ".planning/stages/revise-2.stdout.md"))).toBe(true);
  });

  test("at review-2: back to revise, output revise-2", async () => {
    using site = makeSite();
    const told: Told = ["approaches", "pick-best", "expand", ["review", "findings"], "revise"];
    const dir = writePlan(site, slug, { told });
    expect(await go(site)).toMatchObject({ step: "revise", next: "review-2" });
    expect(existsSync(join(dir, ".planning/stages/revise-2.stdout.md"))).toBe(true);
    expect(stateIn(site)).toMatchObject({ revisionBases: [5], reviewFindings: null });
  });

  test("awaiting review: flag cleared, back to planning", async () => {
    using site = makeSite();
    const told: Told = [...toApproval.slice(0, 4), ["final-review", "approve-needs-human"]];
    const manifest = { awaitingHumanReview: true, humanReviewReason: "why" };
    const dir = writePlan(site, slug, { told, manifest });
    await go(site);
    expect(requireManifest(site.disk, dir)).toMatchObject({
      status: "planning",
      awaitingHumanReview: false,
      humanReviewReason: null,
    });
  });

  test("refused, live unchanged: in-progress, done, skipped; skipped state", async () => {
    for (const status of ["in-progress", "done", "skipped"] as const) {
      await refused({ told: toApproval, manifest: { status } }, `its status is ${status}`);
    }
    const told: Told = [...toApproval.slice(0, 4), ["final-review", "reject"]];
    await refused({ told, manifest: { status: "ready" } }, "stands at terminal-skipped");
    await refused({ told: toApproval, state: false }, "no planning state");
    await refused({ told: toApproval, files: { ".planning/state.json": "{" } }, "not JSON");
    const none = { status: "ready" as const, phases: [], currentPhase: "" };
    await refused({ told: toApproval, manifest: none }, "has no phases");
  });

  test("refused, live unchanged: phase done; cursor advanced", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval });
    await refused(
      { told: toApproval, manifest: phasesDone(site, 1, "sweep") },
      "its phase sort is done",
    );
    const advanced = phasesDone(site, 0, "sweep");
    await refused({ told: toApproval, manifest: advanced }, "past its first phase");
    expect(isRefinable(site, slug)).toBe(true);
    rmSync(dirOf(site), { recursive: true });
    expect(isRefinable(site, slug)).toBe(false);
  });

  test("refused when nobody can tell how far a phase is", async () => {
    const files = { ".planning/execution.json": '{"phase": "sort"}' };
    await refused({ told: toApproval, files }, "migration_dir is missing");
  });

  test("agent failure and stale base leave live (feedback too) unchanged", async () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: toApproval });
    const before = treeDigest(site.disk, dir);
    const failing = shellAgent(site, "exit 7");
    await expect(go(site, failing)).rejects.toThrow("the agent exited with 7");
    expect(treeDigest(site.disk, dir)).toBe(before);
    const stray = scripted({
      revise: () => {
        writeText(join(dir, "stray.md"), "x");
        return "revised";
      },
    });
    const error = await go(site, stray).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(PublishError);
    expect(error.hint).toContain("run doctor if in doubt, then run it again");
    expect(stateIn(site).feedback).toEqual([]);
  });
});
