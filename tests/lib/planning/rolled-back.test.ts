/** Phases that were done and then taken back by the change engine, which knows nothing of plans. */

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { realDisk } from "../../../lib/change/disk.ts";
import { listMigrations } from "../../../lib/change/history.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { undo } from "../../../lib/change/transaction.ts";
import { examine } from "../../../lib/planning/doctor.ts";
import { showDocument } from "../../../lib/planning/documents.ts";
import type { Executor } from "../../../lib/planning/execute.ts";
import { executedName } from "../../../lib/planning/executed-file.ts";
import { executionName } from "../../../lib/planning/execution-file.ts";
import { fixAll } from "../../../lib/planning/fix.ts";
import { listRows } from "../../../lib/planning/list.ts";
import { type Phase, requireManifest } from "../../../lib/planning/manifest.ts";
import { formatOperations } from "../../../lib/planning/operations-file.ts";
import { refine } from "../../../lib/planning/refine.ts";
import { showText } from "../../../lib/planning/report.ts";
import { approve, hold, reviewable, reviewWith } from "../../../lib/planning/review.ts";
import { show } from "../../../lib/planning/show.ts";
import { migrationDirOf } from "../../../lib/planning/site.ts";
import { tick } from "../../../lib/planning/tick.ts";
import { createStyle } from "../../../lib/terminal.ts";
import { changesDuring } from "../../tree.ts";
import { dyingDisk } from "./dying-disk.ts";
import { makeRepository } from "./git.ts";
import { scripted } from "./scripted.ts";
import { makeSite, testNow, toApproval, writePlan } from "./site.ts";

const slug = "shed";
const agent = scripted({ "ready-check": "ready: yes\n", revise: "revised\n" });

/** A plan of two phases, each of which creates a file, and a site that knows the engine's place. */
function stand() {
  let seconds = testNow.getTime() / 1000;
  // Every look at it is a second later, so that migrations have an order.
  const now = () => {
    seconds += 1;
    return new Date(seconds * 1000);
  };
  const site = makeSite({ disk: { ...realDisk, sync() {} }, now });
  const migrationsDir = join(site.home, "engine");
  site.engineDirs = [join(site.home, "nowhere"), migrationsDir];
  const operations = (name: string): Operation[] => [
    { op: "create", path: join(site.root, `${name}.txt`), content: `${name}\n` },
  ];
  const recorded = (name: string) =>
    formatOperations({
      ...{ script: "migration", title: name, roots: [site.root] },
      operations: operations(name),
    });
  const dir = writePlan(site, slug, {
    told: toApproval,
    files: {
      "phase-1-sort.operations.json": recorded("sort"),
      "phase-2-sweep.operations.json": recorded("sweep"),
    },
  });
  const executor: Executor = {
    migrationsDir,
    roots: [site.root],
    toolVersion: "0",
    commands: (id) => ({ resume: `resume ${id}`, rollback: `rollback ${id}` }),
  };
  return { site, dir, executor, migrationsDir, [Symbol.dispose]: () => site[Symbol.dispose]() };
}

type Stand = ReturnType<typeof stand>;

const run = ({ site, executor }: Stand, wanted?: string) =>
  tick(site, {
    agent,
    executorFor: () => executor,
    ...(wanted === undefined ? {} : { slug: wanted }),
  });

async function carryOut(at: Stand): Promise<void> {
  for (let left = 2; left > 0; left -= 1) {
    expect(await run(at)).toMatchObject({ outcome: "commit" });
  }
}

/** Takes back the newest migrations, as rollback does. */
async function takeBack({ site, migrationsDir }: Stand, count: number): Promise<string[]> {
  const { migrations } = await listMigrations(migrationsDir);
  const done = migrations.filter(({ state }) => state === "done").slice(-count);
  for (const { dir } of done.toReversed()) {
    const commands = { resume: "", rollback: "" };
    await undo({ migrationDir: dir, roots: [site.root], commands });
  }
  return done.map(({ id }) => id);
}

const isThere = ({ site }: Stand, name: string) => existsSync(join(site.root, `${name}.txt`));

describe("a plan whose phases were rolled back", () => {
  test("is rolled-back in list, show and doctor, which say how it runs again; they write nothing", async () => {
    using at = stand();
    const { site } = at;
    await carryOut(at);
    const done = await listRows(site, {});
    expect(done).toMatchObject([{ status: "done", awaitingReview: false }]);
    const [first, second] = await takeBack(at, 2);
    const changes = await changesDuring(site.root, async () => {
      expect(await listRows(site, {}, { awaitingReview: true })).toMatchObject([
        {
          ...{ slug, status: "rolled-back", cursor: "phase-1-sort.md" },
          reason:
            `phase sort was rolled back (${first}); phase sweep was rolled back (${second}); ` +
            "review shed lets it run again",
        },
      ]);
      const shown = await show(site, slug);
      if (shown === null) throw new Error("nothing shown");
      v.parse(showDocument, { schemaVersion: 1, ...shown });
      const text = showText(shown, createStyle(false));
      expect(text).toMatch(/^status +rolled-back$/m);
      expect(text).toMatch(/^run again +review shed, then tick shed$/m);
      expect(text).toMatch(/^rolled-back +sort /m);
      expect((await examine(site, slug)).map(({ code, message }) => [code, message])).toEqual([
        [
          "phase-rolled-back",
          `phase sort was rolled back (${first}); review shed lets it run again`,
        ],
        [
          "phase-rolled-back",
          `phase sweep was rolled back (${second}); review shed lets it run again`,
        ],
      ]);
    });
    expect(changes).toEqual([]);
  });

  test("runs again once a person has approved, and not before", async () => {
    using at = stand();
    const { site, dir } = at;
    await carryOut(at);
    await takeBack(at, 2);
    const waiting = await run(at, slug);
    expect(waiting).toMatchObject({ outcome: "nothing" });
    expect(waiting.summary).toMatch(/^phase sort was rolled back .*; review lets it run again$/);
    const { manifest } = await reviewable(site, slug);
    expect(manifest.humanReviewReason).toContain("phase sort was rolled back");
    await approve(site, slug);
    expect(requireManifest(site.disk, dir)).toMatchObject({
      ...{ status: "ready", currentPhase: "sort", awaitingHumanReview: false },
      humanReviewReason: null,
    });
    await carryOut(at);
    expect([isThere(at, "sort"), isThere(at, "sweep")]).toEqual([true, true]);
    expect(await listRows(site, {})).toMatchObject([{ status: "done", reason: null }]);
    expect(await examine(site, slug)).toEqual([]);
  });

  test("with one of two taken back only that one runs again", async () => {
    using at = stand();
    const { site, dir } = at;
    await carryOut(at);
    await takeBack(at, 1);
    expect([isThere(at, "sort"), isThere(at, "sweep")]).toEqual([true, false]);
    await approve(site, slug);
    const { phases, currentPhase } = requireManifest(site.disk, dir);
    expect([currentPhase, phases.map(({ done }) => done)]).toEqual(["sweep", [true, false]]);
    expect(await run(at)).toMatchObject({ outcome: "commit", next: "done" });
  });

  test("keeps later phases back, and does not stop other plans", async () => {
    using at = stand();
    const { site } = at;
    expect(await run(at)).toMatchObject({ outcome: "commit", next: "phase-2-sweep.md" });
    await takeBack(at, 1);
    const summary = "nothing is due; 1 plan waiting for a person: list --awaiting-review";
    expect(await run(at)).toMatchObject({ outcome: "nothing", summary });
    expect(await listRows(site, {}, { awaitingReview: true })).toMatchObject([
      { status: "rolled-back" },
    ]);
    writePlan(site, "barn", { told: toApproval });
    const none = '```json\n{"operations": []}\n```\n';
    const other = scripted({ "ready-check": "ready: yes\n", execute: none });
    const ran = await tick(site, { agent: other, executorFor: () => at.executor });
    expect(ran).toMatchObject({ outcome: "commit", slug: "barn" });
    expect(isThere(at, "sweep")).toBe(false);
  });

  test("can be held, reviewed with a command, refined, or mended by doctor --fix", async () => {
    {
      using at = stand();
      await carryOut(at);
      await takeBack(at, 2);
      await hold(at.site, slug, "Not again.");
      expect(requireManifest(at.site.disk, at.dir)).toMatchObject({
        ...{ status: "ready", awaitingHumanReview: true, humanReviewReason: "Not again." },
      });
    }
    {
      using at = stand();
      await carryOut(at);
      await takeBack(at, 2);
      const approving = scripted({
        "migration.review": ({ cwd, prompt }) => {
          expect(prompt).toContain("phase sort was rolled back");
          const file = join(cwd, "manifest.json");
          const text = readFileSync(file, "utf8")
            .replace('"awaiting_human_review": true', '"awaiting_human_review": false')
            .replace(/"human_review_reason": "[^"]*"/, '"human_review_reason": null');
          writeFileSync(file, text);
          return "";
        },
      });
      await reviewWith(at.site, slug, approving);
      await carryOut(at);
    }
    {
      using at = stand();
      await carryOut(at);
      await takeBack(at, 2);
      const refined = await refine(at.site, { slug, agent, text: "Smaller.", source: "message" });
      expect(refined).toMatchObject({ step: "revise", next: "review-2" });
      expect(requireManifest(at.site.disk, at.dir)).toMatchObject({ status: "planning" });
    }
    using at = stand();
    await carryOut(at);
    await takeBack(at, 2);
    const [note] = await fixAll(at.site, slug);
    expect(note).toStartWith("shed: phase sort was rolled back");
    expect(await listRows(at.site, {}, { awaitingReview: true })).toMatchObject([
      { status: "ready", cursor: "phase-1-sort.md" },
    ]);
    expect(await fixAll(at.site, slug)).toEqual([]);
    await approve(at.site, slug);
    await carryOut(at);
  }, 20_000);

  test("in git the review publishes the change, and leaves a clean start for it", async () => {
    using at = stand();
    const { site } = at;
    const git = makeRepository(site);
    git("add", "-A");
    git("commit", "-q", "-m", "start");
    for (let left = 2; left > 0; left -= 1) {
      await run(at);
      git("add", "-A");
      git("commit", "-q", "-m", "phase");
    }
    await takeBack(at, 2);
    await approve(site, slug);
    expect(git("status", "--porcelain")).toContain("M migrations/shed/manifest.json");
  });

  test("a rollback cut short is finished first; what was kept is told", async () => {
    using at = stand();
    const { site, migrationsDir } = at;
    await carryOut(at);
    writeFileSync(join(site.root, "sweep.txt"), "mine now\n");
    const [id = ""] = await takeBack(at, 1);
    expect(await listRows(site, {})).toMatchObject([{ status: "rolled-back" }]);
    expect((await examine(site, slug))[0]?.message).toContain("rolled back in part");
    const journal = join(migrationsDir, id, "journal.jsonl");
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    writeFileSync(journal, `${lines.slice(0, -1).join("\n")}\n`);
    const message = (await examine(site, slug))[0]?.message;
    expect(message).toContain("being rolled back, which has not come to its end");
    await expect(approve(site, slug)).rejects.toThrow(`the rollback of ${id} has not come to its`);
    expect(await fixAll(site, slug)).toEqual([]);
  });

  test("a phase cut short and then taken back has not begun: it is asked for, and can be held", async () => {
    using at = stand();
    const { site, executor, migrationsDir, dir } = at;
    const dying = dyingDisk(site.disk, (_, values) => values.includes(join(site.root, "sort.txt")));
    await run({ ...at, site: { ...site, disk: dying.disk } }).catch(() => null);
    dying.bury();
    const underWay = "a phase of it is under way";
    await expect(hold(site, slug, "wait")).rejects.toThrow(underWay);
    // Its operations must not change under it.
    const feedback = { text: "Smaller.", source: "message" } as const;
    await expect(refine(site, { slug, agent, ...feedback })).rejects.toThrow(underWay);
    const [begun] = (await listMigrations(migrationsDir)).migrations;
    const commands = { resume: "", rollback: "" };
    await undo({ migrationDir: begun?.dir ?? "", roots: [site.root], commands });
    await hold(site, slug, "wait");
    await approve(site, slug);
    expect(existsSync(join(dir, executionName))).toBe(true);
    const asked: string[] = [];
    const confirm = async (_: unknown, { name }: Phase) => asked.push(name) === 0; // No.
    const refused = tick(site, { agent, executorFor: () => executor, confirm });
    await expect(refused).rejects.toThrow("Cancelled: nothing was changed");
    expect(asked).toEqual(["sort"]);
    expect(isThere(at, "sort")).toBe(false);
    expect(await run(at)).toMatchObject({ outcome: "commit", next: "phase-2-sweep.md" });
  });

  test("a damaged record of a phase under way is a finding with its place", async () => {
    using at = stand();
    writeFileSync(join(at.dir, executionName), '{"phase": 1}');
    const [finding] = await examine(at.site, slug);
    expect(finding?.code).toBe("planning-state-invalid");
    expect(finding?.message).toContain(`"${join(at.dir, executionName)}:1:`);
  });

  test("a damaged record is a finding with its place, and nothing runs", async () => {
    using at = stand();
    const { site, dir } = at;
    expect(await run(at)).toMatchObject({ outcome: "commit" });
    for (const text of ["{", '{"sort": 1}', '{"sort": "../../x"}']) {
      writeFileSync(join(dir, executedName), text);
      expect((await examine(site, slug)).map(({ code }) => code)).toEqual([
        "planning-state-invalid",
      ]);
      expect(await listRows(site, {})).toMatchObject([{ cursor: "blocked" }]);
      expect(await run(at)).toMatchObject({ outcome: "nothing" });
      await expect(show(site, slug)).rejects.toThrow(executedName);
    }
    expect(migrationDirOf(site, slug)).toBe(dir);
  });
});
