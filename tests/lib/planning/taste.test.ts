import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { phaseTick } from "../../../lib/planning/phase-tick.ts";
import { reviewWith } from "../../../lib/planning/review.ts";
import { agentFor } from "../../../lib/planning/setup.ts";
import { runStep } from "../../../lib/planning/step.ts";
import { stepNames } from "../../../lib/planning/steps.ts";
import { readTaste } from "../../../lib/planning/taste.ts";
import { goodAnswers, planFiles, scripted } from "./scripted.ts";
import { makeSite, type TestSite, toApproval, writePlan, writeText } from "./site.ts";

const words = "Small steps.\n\nNo clever names.";
const shown = `## Taste of the project's owner\n\n${words}\n`;

const placesOf = (site: TestSite, file?: string) => {
  return { file, cwd: site.home, root: site.root, home: site.home };
};

describe("readTaste", () => {
  test("what was named, then the project's, then the user's, then nothing", () => {
    using site = makeSite();
    expect(readTaste(placesOf(site))).toBeNull();
    writeText(join(site.home, ".config/ao-toolkit/taste.md"), "the user's\n");
    expect(readTaste(placesOf(site))).toBe("the user's");
    writeText(join(site.root, "migrations/taste.md"), "the project's\n");
    expect(readTaste(placesOf(site))).toBe("the project's");
    writeText(join(site.home, "mine.md"), words);
    expect(readTaste(placesOf(site, "mine.md"))).toBe(words);
    writeText(join(site.home, "mine.md"), " \n");
    expect(readTaste(placesOf(site, "mine.md"))).toBeNull();
  });

  test("one that cannot be read is an error with its place, not silence", () => {
    using site = makeSite();
    expect(() => readTaste(placesOf(site, "gone.md"))).toThrow("Cannot read taste");
    const project = join(site.root, "migrations/taste.md");
    mkdirSync(project, { recursive: true });
    expect(() => readTaste(placesOf(site))).toThrow(project);
    writeFileSync(join(site.home, "latin.md"), Buffer.from([0x63, 0xe9]));
    expect(() => readTaste(placesOf(site, "latin.md"))).toThrow("it is not UTF-8");
  });
});

describe("the taste of an agent", () => {
  test("ends the prompt of every planning step", async () => {
    using site = makeSite();
    const agent = { ...scripted({ ...goodAnswers, review: "1. No undo\n" }), taste: words };
    const first = await runStep(site, { slug: "shed", agent, target: "Tidy" });
    for (let { next } = first; next !== "terminal-ready"; ) {
      ({ next } = await runStep(site, { slug: "shed", agent }));
    }
    expect(agent.asked.map(({ role }) => role)).toEqual(
      stepNames.map((name) => `planning.${name}`),
    );
    for (const { prompt } of agent.asked) expect(prompt).toEndWith(`\n\n${shown}`);
  });

  test("ends the prompts of ready-check, execution and review too", async () => {
    using site = makeSite();
    const waiting = { awaitingHumanReview: true, humanReviewReason: "Why?" };
    writePlan(site, "barn", { told: toApproval, manifest: waiting, files: planFiles });
    writePlan(site, "shed", { told: toApproval, files: planFiles });
    const none = '```json\n{"operations": []}\n```\n';
    const answers = { "phase.ready-check": "ready: yes\n", "phase.execute": none };
    const agent = { ...scripted({ ...answers, "migration.review": "" }), taste: words };
    const executor = {
      migrationsDir: join(site.home, "engine"),
      roots: [site.root],
      toolVersion: "0",
      commands: () => ({ resume: "resume", rollback: "rollback" }),
    };
    await phaseTick(site, { agent, executorFor: () => executor });
    await reviewWith(site, "barn", agent).catch(() => {});
    const roles = ["phase.ready-check", "phase.execute", "migration.review"];
    expect(agent.asked.map(({ role }) => role)).toEqual(roles);
    for (const { prompt } of agent.asked) expect(prompt).toEndWith(`\n\n${shown}`);
  });

  test("without one no prompt speaks of it, and an empty file is none", async () => {
    using site = makeSite();
    writeText(join(site.root, "migrations/taste.md"), "\n");
    const limits = { timeoutMs: 5000, idleMs: 5000, model: undefined, sources: [] };
    const command = "cat > seen.md; mkdir approaches; mv seen.md approaches/seen.md";
    const { cwd, home, file } = placesOf(site);
    const setup = { with: command, ...limits, taste: { cwd, home, file } };
    await runStep(site, { slug: "shed", agent: agentFor(site, setup), target: "Tidy" });
    const seen = join(site.root, "migrations/shed/approaches/seen.md");
    expect(await Bun.file(seen).text()).not.toContain("Taste");
    writeText(join(site.root, "migrations/taste.md"), words);
    await runStep(site, { slug: "barn", agent: agentFor(site, setup), target: "Tidy" });
    expect(await Bun.file(seen.replace("shed", "barn")).text()).toEndWith(shown);
  });
});
