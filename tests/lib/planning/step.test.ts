import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Agent } from "../../../lib/planning/agent.ts";
import { requireManifest } from "../../../lib/planning/manifest.ts";
import { refine } from "../../../lib/planning/refine.ts";
import { migrationDirOf, type Site } from "../../../lib/planning/site.ts";
import { loadState } from "../../../lib/planning/state-file.ts";
import { runStep } from "../../../lib/planning/step.ts";
import { treeDigest } from "../../../lib/planning/tree.ts";
import { goodAnswers, planFiles, scripted, shellAgent, writes } from "./scripted.ts";
import { makeSite, phaseText, type Told, toApproval, writePlan, writeText } from "./site.ts";

const slug = "shed";
const target = "Tidy the shed";
const step = (site: Site, agent: Agent) => runStep(site, { slug, agent, target });
const dirOf = (site: Site) => migrationDirOf(site, slug);
const stateIn = (site: Site) => loadState({ disk: site.disk, slug, dir: dirOf(site) });

/** Runs a step that fails, and demands that live stays as it was. */
async function failure(site: Site, agent: Agent): Promise<Error> {
  const before = treeDigest(site.disk, dirOf(site));
  const error = await step(site, agent).then(
    () => new Error("it was accepted"),
    (thrown: Error) => thrown,
  );
  expect(treeDigest(site.disk, dirOf(site))).toBe(before);
  expect(existsSync(join(site.root, "migrations/__transactions__"))).toBe(
    error.message.includes("staged"),
  );
  return error;
}

async function walk(site: Site, agent: Agent): Promise<string[]> {
  const steps: string[] = [];
  for (;;) {
    const result = await step(site, agent);
    steps.push(result.step);
    if (result.next.startsWith("terminal-")) return steps;
  }
}

describe("planning steps", () => {
  test("documents and state appear live together, from a folder that is not live", async () => {
    using site = makeSite();
    const agent = scripted({
      approaches: ({ cwd }) => {
        expect(cwd.startsWith(site.root)).toBe(false);
        expect(existsSync(dirOf(site))).toBe(false);
        writeText(join(cwd, "approaches/a.md"), "# A\n");
        return "one way\n";
      },
    });
    const result = await step(site, agent);
    expect(result).toMatchObject({ step: "approaches", outcome: "completed", next: "pick-best" });
    expect(readFileSync(join(dirOf(site), "approaches/a.md"), "utf8")).toBe("# A\n");
    expect(stateIn(site)).toMatchObject({ target, nextStep: "pick-best" });
    expect(requireManifest(site.disk, dirOf(site)).status).toBe("planning");
    expect(readdirSync(join(site.root, "migrations"))).toEqual([slug]);
  });

  test("non-zero agent: live digest, plan, stage file, cursor unchanged", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval.slice(0, 3) });
    const agent = shellAgent(site, "cat >/dev/null; echo partial; exit 3");
    const error = await failure(site, agent);
    expect(error.message).toContain("the agent exited with 3");
    expect(stateIn(site)?.nextStep).toBe("review");
    expect(existsSync(join(dirOf(site), ".planning/stages/review.stdout.md"))).toBe(false);
  });

  test("resume runs only the next step", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval.slice(0, 2) });
    const agent = scripted(goodAnswers);
    expect((await step(site, agent)).step).toBe("expand");
    expect(agent.asked.map(({ role }) => role)).toEqual(["planning.expand"]);
    expect(agent.asked[0]?.prompt).toContain("output of pick-best");
  });

  test("findings lead to revise, stored as ref", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval.slice(0, 3) });
    const result = await step(site, scripted({ review: "1. No undo\n" }));
    expect(result).toMatchObject({ outcome: "findings", next: "revise" });
    const ref = "migrations/shed/.planning/stages/review.stdout.md";
    expect(stateIn(site)?.reviewFindings).toBe(ref);
    expect(readFileSync(join(site.root, ref), "utf8")).toBe("1. No undo\n");
  });

  test("review-2 findings: nothing durable; two tries keep separate logs", async () => {
    using site = makeSite();
    const told: Told = ["approaches", "pick-best", "expand", ["review", "findings"], "revise"];
    writePlan(site, slug, { told });
    const agent = shellAgent(site, "cat >/dev/null; echo '1. Still no undo'");
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect((await failure(site, agent)).message).toContain("it still has findings");
    }
    expect(stateIn(site)?.nextStep).toBe("review-2");
    const runs = readdirSync(join(site.stateDir, slug));
    expect(runs).toHaveLength(2);
    for (const run of runs) {
      const log = join(site.stateDir, slug, run, "attempt-001/planning/review-2/stdout.md");
      expect(readFileSync(log, "utf8")).toBe("1. Still no undo\n");
    }
  });

  test("what was not accepted can be read, also of a planner that keeps no logs", async () => {
    using site = makeSite();
    const told: Told = ["approaches", "pick-best", "expand", ["review", "findings"], "revise"];
    writePlan(site, slug, { told });
    await failure(site, scripted({ "review-2": "1. Still no undo\n" }));
    const [run = ""] = readdirSync(join(site.stateDir, slug));
    const log = join(site.stateDir, slug, run, "attempt-001/planning/review-2/stdout.md");
    expect(readFileSync(log, "utf8")).toBe("1. Still no undo\n");
  });

  test("final review without decision line: nothing durable", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval.slice(0, 4) });
    const error = await failure(site, scripted({ "final-review": "Looks fine to me.\n" }));
    expect(error.message).toContain("no line says final-decision");
    expect(stateIn(site)?.nextStep).toBe("final-review");
  });

  test("approval with a missing Definition of Done heading: blocked, still planning, cursor stays", async () => {
    using site = makeSite();
    const files = { "phase-1-sort.md": "# Sort\n\n## Precondition\n\nx\n" };
    writePlan(site, slug, { told: toApproval.slice(0, 4), files });
    const error = await failure(site, scripted(goodAnswers));
    expect(error.message).toContain("missing-phase-definition-of-done");
    expect(requireManifest(site.disk, dirOf(site)).status).toBe("planning");
    expect(stateIn(site)?.nextStep).toBe("final-review");
  });

  const decisions = [
    ["approve-auto", "terminal-ready", { status: "ready", awaitingHumanReview: false }],
    [
      "approve-needs-human",
      "terminal-ready-awaiting-human",
      { status: "ready", awaitingHumanReview: true, humanReviewReason: "it is big" },
    ],
    ["reject", "terminal-skipped", { status: "skipped", awaitingHumanReview: false }],
  ] as const;

  test.each(decisions)(
    "decision %s: status, flag, reason, skip file",
    async (decision, next, expected) => {
      using site = makeSite();
      writePlan(site, slug, { told: toApproval.slice(0, 4) });
      const answer = `final-decision: ${decision} - it is big\n`;
      const result = await step(site, scripted({ "final-review": answer }));
      expect(result).toMatchObject({ next, reason: "it is big" });
      const skipped = join(site.root, "migrations/__intentional_skips__", slug);
      const dir = decision === "reject" ? skipped : dirOf(site);
      expect(existsSync(dirOf(site))).toBe(decision !== "reject");
      const manifest = requireManifest(site.disk, dir);
      expect(manifest).toMatchObject(expected);
      expect(manifest.phases).toHaveLength(2);
      const skip = join(dir, "intentional-skip.md");
      expect(existsSync(skip)).toBe(decision === "reject");
      if (decision !== "reject") return;
      const text = readFileSync(skip, "utf8");
      for (const part of [slug, "## Target\n\nTidy the shed", "## Blocker Reason\n\nit is big"]) {
        expect(text).toContain(part);
      }
    },
  );

  test("step order with and without findings; inputs of each prompt", async () => {
    using site = makeSite();
    const agent = scripted(goodAnswers);
    const plain = ["approaches", "pick-best", "expand", "review", "final-review"];
    expect(await walk(site, agent)).toEqual(plain);
    const prompts = new Map(agent.asked.map(({ role, prompt }) => [role, prompt]));
    for (const prompt of prompts.values()) expect(prompt).toContain(target);
    expect(prompts.get("planning.pick-best")).toContain("### approaches/a.md\n\n# A way");
    expect(prompts.get("planning.pick-best")).toContain("### approaches/b.md");
    expect(prompts.get("planning.expand")).toContain("A is best");
    expect(prompts.get("planning.review")).toContain("# Plan\n");
    expect(prompts.get("planning.final-review")).toContain("# Plan\n");
  });

  test("later reviews see the revised plan only, and revise uses the expand prompt", async () => {
    using site = makeSite();
    const agent = scripted({ ...goodAnswers, review: "1. No undo\n" });
    const long = [
      ...["approaches", "pick-best", "expand", "review"],
      ...["revise", "review-2", "final-review"],
    ];
    expect(await walk(site, agent)).toEqual(long);
    const prompt = (role: string) =>
      agent.asked.find((request) => request.role === `planning.${role}`)?.prompt ?? "";
    expect(prompt("revise")).toContain("1. No undo");
    for (const later of ["review-2", "final-review"]) {
      expect(prompt(later)).toContain("# Revised plan");
      expect(prompt(later)).not.toContain("# Plan\n");
    }
    const instruction = (text: string) => text.split("\n")[2];
    expect(instruction(prompt("revise"))).toBe(instruction(prompt("expand")));
    expect(instruction(prompt("review-2"))).toBe(instruction(prompt("review")));
    expect(prompt("revise")).toStartWith("# revise of shed");
    expect(prompt("review-2")).toStartWith("# review-2 of shed");
  });

  test("discovery only after expand and revise; current_phase initialised and repaired only then", async () => {
    using site = makeSite();
    const files = { "phase-1-sort.md": phaseText("x") };
    const dir = writePlan(site, slug, { told: ["approaches"], files });
    await step(site, scripted(goodAnswers));
    expect(requireManifest(site.disk, dir)).toMatchObject({ phases: [], currentPhase: "" });
    await step(site, scripted(goodAnswers));
    expect(requireManifest(site.disk, dir).currentPhase).toBe("sort");
    await step(site, scripted({ review: "1. Swap them\n" }));
    const swap: Agent = scripted({
      revise: ({ cwd }) => {
        rmSync(join(cwd, "phase-1-sort.md"));
        return "swapped\n";
      },
    });
    await step(site, swap);
    const manifest = requireManifest(site.disk, dir);
    expect(manifest.currentPhase).toBe("sweep");
    expect(manifest.phases.map(({ name }) => name)).toEqual(["sweep"]);
  });

  test("approval makes the first phase current, also one that a revision put before the others", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval });
    const revise = writes({ "phase-0-look.md": phaseText("Nothing."), "plan.md": "# More\n" });
    const agent = scripted({ ...goodAnswers, revise });
    await refine(site, { slug, agent, text: "Look first.", source: "message" });
    expect(requireManifest(site.disk, dirOf(site)).currentPhase).toBe("sort");
    await step(site, agent);
    await step(site, agent);
    expect(requireManifest(site.disk, dirOf(site))).toMatchObject({
      ...{ status: "ready", currentPhase: "look" },
    });
  });

  test("second final-review is -2, first file unchanged", async () => {
    using site = makeSite();
    const told: Told = [...toApproval, "revise", ["review-2", "clear"]];
    const dir = writePlan(site, slug, { told, anchors: [5] });
    await step(site, scripted(goodAnswers));
    const stage = (name: string) =>
      readFileSync(join(dir, ".planning/stages", `${name}.stdout.md`), "utf8");
    expect(stage("final-review")).toBe("output of final-review\n");
    expect(stage("final-review-2")).toContain("approve-auto");
    expect(stateIn(site)?.completedSteps.at(-1)?.outputs.stdout).toEndWith(
      "final-review-2.stdout.md",
    );
  });

  test("resume context comes from durable output even after run logs are deleted", async () => {
    using site = makeSite();
    const agent = scripted(goodAnswers);
    await step(site, agent);
    await step(site, agent);
    rmSync(site.stateDir, { recursive: true });
    await step(site, agent);
    expect(agent.asked.at(-1)?.prompt).toContain("A is best");
  });
});

describe("a misbehaving agent", () => {
  const told = toApproval.slice(0, 3);
  const plan = (site: Site) => writePlan(site, slug, { told });

  test("that writes its own history is refused", async () => {
    using site = makeSite();
    plan(site);
    const agent = scripted({ review: writes({ ".planning/state.json": "{}" }, "no findings") });
    expect((await failure(site, agent)).message).toContain("changed .planning/state.json");
    const approving = scripted({ review: writes({ "manifest.json": "{}" }, "no findings") });
    expect((await failure(site, approving)).message).toContain("changed manifest.json");
  });

  test("that changes what it reviews is refused", async () => {
    using site = makeSite();
    plan(site);
    const agent = scripted({ review: writes({ "plan.md": "# Mine\n" }, "no findings") });
    expect((await failure(site, agent)).message).toContain("the agent changed plan.md");
  });

  test("whose tools leave hidden files at the top: those are not published, and no fault", async () => {
    using site = makeSite();
    const dir = plan(site);
    const files = { ".tool/settings.json": "{}", ".cache": "x" };
    const result = await step(site, scripted({ review: writes(files, "no findings") }));
    expect(result.next).toBe("final-review");
    expect(readdirSync(dir).filter((name) => name.startsWith("."))).toEqual([".planning"]);
  });

  test("that writes to the live folder makes the publish stale", async () => {
    using site = makeSite();
    const dir = plan(site);
    const agent = scripted({
      review: () => {
        writeText(join(dir, "stray.md"), "x");
        return "no findings";
      },
    });
    await expect(step(site, agent)).rejects.toThrow("the live folder changed meanwhile");
    expect(stateIn(site)?.nextStep).toBe("review");
  });

  test("that leaves a link is refused", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: toApproval.slice(0, 2) });
    const agent = shellAgent(site, "cat >/dev/null; ln -s /etc/passwd plan.md");
    expect((await failure(site, agent)).message).toContain("files and directories only");
  });

  test("that never ends, and its children, are killed when time is up", async () => {
    using site = makeSite();
    plan(site);
    const text = `cat >/dev/null; echo on; sh -c 'sleep 60; echo no' & echo $! > ${site.home}/pid; sleep 60`;
    const started = performance.now();
    const agent = shellAgent(site, text, { timeoutMs: 300 });
    expect((await failure(site, agent)).message).toContain("timed out");
    expect(performance.now() - started).toBeLessThan(3000);
    const pid = Number(readFileSync(join(site.home, "pid"), "utf8"));
    await Bun.sleep(30);
    expect(isRunning(pid)).toBe(false);
  });

  test("that is silent is killed", async () => {
    using site = makeSite();
    plan(site);
    const agent = shellAgent(site, "exec sleep 60", { idleMs: 200 });
    expect((await failure(site, agent)).message).toContain("produced no output");
  });

  test("that leaves a child with its pipes is not waited for", async () => {
    using site = makeSite();
    plan(site);
    const agent = shellAgent(site, "cat >/dev/null; echo no findings; sleep 60 & exit 0");
    const started = performance.now();
    expect((await step(site, agent)).next).toBe("final-review");
    expect(performance.now() - started).toBeLessThan(3000);
  });

  test("that reads nothing, writes no UTF-8, or is not there", async () => {
    using site = makeSite();
    const dir = plan(site);
    writeText(join(dir, "plan.md"), "x".repeat(1_000_000));
    const agent = shellAgent(site, "printf 'no findings \\377\\n'");
    expect((await step(site, agent)).next).toBe("final-review");
    const missing = { ...shellAgent(site, "/no/such/program") };
    await expect(step(site, missing)).rejects.toThrow("the agent exited with 127");
  });

  test("that floods is stopped", async () => {
    using site = makeSite();
    plan(site);
    const error = await failure(site, shellAgent(site, "exec yes"));
    expect(error.message).toContain("wrote too much");
  });

  test("that dies of a signal", async () => {
    using site = makeSite();
    plan(site);
    const error = await failure(site, shellAgent(site, "kill -TERM $$"));
    expect(error.message).toMatch(/died of|exited with/);
  });
});

test("a folder without manifest, or without state, is refused", async () => {
  using site = makeSite();
  const dir = writePlan(site, slug, { files: { "manifest.json": null } });
  expect((await failure(site, scripted(goodAnswers))).message).toContain("it has no manifest");
  rmSync(dir, { recursive: true });
  writePlan(site, slug, { state: false });
  expect((await failure(site, scripted(goodAnswers))).message).toContain("no planning state");
  rmSync(dir, { recursive: true });
  writePlan(site, slug, { told: toApproval, manifest: { status: "planning" } });
  expect((await failure(site, scripted(goodAnswers))).message).toContain(
    "stands at terminal-ready",
  );
  expect(Object.keys(planFiles)).toHaveLength(3);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has collected yet is dead too.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
