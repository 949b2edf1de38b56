/** A publish that was killed is settled by whatever comes next, which says so whatever it does itself. */

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import type { Agent } from "../../../lib/planning/agent.ts";
import { refine } from "../../../lib/planning/refine.ts";
import { resolveSlug, settledSlug } from "../../../lib/planning/resolve.ts";
import { reviewWith } from "../../../lib/planning/review.ts";
import { liveDirOf, migrationDirOf, type Site } from "../../../lib/planning/site.ts";
import { checkNewSlug } from "../../../lib/planning/slug.ts";
import { loadState } from "../../../lib/planning/state-file.ts";
import { runStep } from "../../../lib/planning/step.ts";
import { tick } from "../../../lib/planning/tick.ts";
import { leftovers } from "../../../lib/planning/transactions.ts";
import { dyingDisk } from "./dying-disk.ts";
import { goodAnswers, scripted } from "./scripted.ts";
import { makeSite, type TestSite, type Told, toApproval, writePlan } from "./site.ts";

const slug = "shed";
/** A kill cannot undo what the kernel has: flushing only costs time here. */
const disk = { ...realDisk, sync() {} };
const finished = (step: string) =>
  `finished the interrupted publish of "${slug}" (planning.${step})`;
const target = "Tidy the shed";

/** A site that hears what is settled. */
function hearing(site: TestSite): { site: Site; heard: string[] } {
  const heard: string[] = [];
  return { heard, site: { ...site, onNote: (note) => heard.push(note) } };
}

/** Runs a step and kills it when its publish has been checked in full and live is still the old. */
async function killReady(site: TestSite, told?: Told): Promise<void> {
  if (told !== undefined) writePlan(site, slug, { told });
  const cursor = () => loadState({ disk, slug, dir: migrationDirOf(site, slug) })?.nextStep ?? null;
  const before = cursor();
  const live = migrationDirOf(site, slug);
  const dying = dyingDisk(disk, (name, values) => name === "exchange" || values[1] === live);
  const agent = scripted(goodAnswers);
  await runStep({ ...site, disk: dying.disk }, { slug, agent, target }).catch(() => null);
  dying.bury();
  expect(leftovers(site).map(({ record }) => record?.state)).toEqual(["ready"]);
  expect(cursor()).toBe(before);
}

const options = (agent: Agent, site: Site) => ({
  agent,
  executorFor: () => ({
    ...{ migrationsDir: join(site.root, ".workflow"), roots: [site.root], toolVersion: "0" },
    commands: () => ({ resume: "", rollback: "" }),
  }),
});

const failing = scripted({});

describe("what a killed publish left is told by the next command", () => {
  test("a tick whose own step fails", async () => {
    using at = makeSite({ disk });
    await killReady(at, ["approaches"]);
    const { site, heard } = hearing(at);
    const agent = scripted({
      expand: () => {
        throw new Error("broken");
      },
    });
    await expect(tick(site, options(agent, site))).rejects.toThrow("broken");
    expect(heard).toEqual([finished("pick-best")]);
  });

  test("a tick that fails as an agent does, in its result too", async () => {
    using at = makeSite({ disk });
    await killReady(at, [...toApproval.slice(0, 3), ["review", "findings"], "revise"]);
    const { site, heard } = hearing(at);
    const agent = scripted({ "final-review": "I do not know.\n" });
    expect(await tick(site, options(agent, site))).toMatchObject({
      ...{ outcome: "abandon", role: "planning.final-review" },
      recovered: [finished("review-2")],
    });
    expect(heard).toEqual([finished("review-2")]);
  });

  test("a tick that finds nothing left to plan goes on with the phase, not with the old step", async () => {
    using at = makeSite({ disk });
    await killReady(at, toApproval.slice(0, 4));
    const { site } = hearing(at);
    const agent = scripted({ "ready-check": "ready: no - not today" });
    expect(await tick(site, options(agent, site))).toMatchObject({
      ...{ outcome: "not-routed", role: "phase.ready-check" },
      recovered: [finished("final-review")],
    });
    expect(agent.asked.map(({ role }) => role)).toEqual(["phase.ready-check"]);
  });

  test("a tick that goes on with a phase which was killed", async () => {
    using at = makeSite({ disk });
    const dir = writePlan(at, slug, { told: toApproval });
    const path = join(at.root, "made.txt");
    const operations = JSON.stringify({ operations: [{ op: "create", path, content: "x" }] });
    const fence = "```";
    const execute = `${fence}json\n${operations}\n${fence}\n`;
    const dying = dyingDisk(disk, (_, values) => values.includes(path));
    const killed = { ...at, disk: dying.disk };
    const agent = scripted({ "ready-check": "ready: yes", execute });
    await tick(killed, options(agent, killed)).catch(() => null);
    dying.bury();
    expect(existsSync(join(dir, ".planning/execution.json"))).toBe(true);
    expect(existsSync(path)).toBe(false);
    const { site, heard } = hearing(at);
    const told = `went on with phase sort of "${slug}", which had been cut short`;
    expect(await tick(site, options(failing, site))).toMatchObject({
      ...{ outcome: "commit", role: "phase.execute", recovered: [told] },
    });
    expect(heard).toEqual([told]);
    expect(existsSync(path)).toBe(true);
  });

  test("a tick with nothing to do says so, and what waits for a person", async () => {
    using at = makeSite({ disk });
    writePlan(at, slug, { told: toApproval, manifest: { awaitingHumanReview: true } });
    writePlan(at, "over", { manifest: { awaitingHumanReview: true, status: "done" } });
    const { summary } = await tick(at, options(failing, at));
    expect(summary).toBe("nothing is due; 1 plan waiting for a person: list --awaiting-review");
  });

  test("refine and review that are refused", async () => {
    using at = makeSite({ disk });
    await killReady(at, ["approaches"]);
    const { site, heard } = hearing(at);
    await expect(
      refine(site, { slug, agent: failing, text: "Smaller.", source: "message" }),
    ).rejects.toThrow("no answer for planning.expand");
    expect(heard).toEqual([finished("pick-best")]);
    heard.length = 0;
    await killReady(at);
    await expect(reviewWith(site, slug, failing)).rejects.toThrow("does not await a review");
    expect(heard).toEqual([finished("expand")]);
  });
});

describe("a plan whose first publish was killed", () => {
  test("is found by its slug, and only then settled", async () => {
    using at = makeSite({ disk });
    await killReady(at);
    expect(existsSync(migrationDirOf(at, slug))).toBe(false);
    const { site, heard } = hearing(at);
    expect(() => resolveSlug(site, slug)).toThrow("it does not exist");
    expect(heard).toEqual([]);
    expect(settledSlug(site, slug)).toBe(slug);
    expect(heard).toEqual([finished("approaches")]);
    expect(() => settledSlug(site, "barn")).toThrow("it does not exist");
  });

  test("is not planned anew under the same slug", async () => {
    using at = makeSite({ disk });
    await killReady(at);
    const { site, heard } = hearing(at);
    expect(() => checkNewSlug(site, slug)).toThrow(`Cannot make "${slug}": it exists already`);
    expect(heard).toEqual([finished("approaches")]);
    expect(existsSync(join(liveDirOf(site), "__transactions__"))).toBe(false);
  });
});
