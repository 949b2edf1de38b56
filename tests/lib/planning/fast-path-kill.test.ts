/**
 * The fast path's own files and kills: `fast-path.json`, which holds back or allows, and
 * `review.json`, which it becomes beside what it had allowed. Killed at each write, a hold is there
 * or is not, what was held stays held, and the next command tidies up.
 */

import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import { newMigrationId } from "../../../lib/change/history.ts";
import type { EngineOptions } from "../../../lib/change/options.ts";
import { applyPlan, resume, undo } from "../../../lib/change/transaction.ts";
import type { BuiltinPlan } from "../../../lib/planning/builtin/source.ts";
import {
  fastPathFile,
  fileFastPath,
  loadFastPath,
  reservationOf,
} from "../../../lib/planning/fast-path.ts";
import {
  approveFastPath,
  holdFastPath,
  lookAtFastPath,
  type PlannedFastPath,
  refineFastPath,
} from "../../../lib/planning/fast-path-review.ts";
import { settleFastPath } from "../../../lib/planning/fast-path-settle.ts";
import { dyingDisk } from "./dying-disk.ts";
import { makeSite, type TestSite } from "./site.ts";

/** A kill cannot undo what the kernel has: flushing only costs time here. */
const disk = { ...realDisk, sync() {} };

/** A fast path whose plan makes two files. */
function pathIn(site: TestSite): PlannedFastPath {
  const operations = ["a", "b"].map((name) => {
    return { op: "create" as const, path: join(site.root, name), content: `${name}\n` };
  });
  const phase = { name: "files", title: "Files", description: "", details: [], operations };
  const plan: BuiltinPlan = {
    ...{ id: "0123456789abcdef", title: "Two files", script: "migrate", phases: [phase] },
    ...{ decisions: [], warnings: [], blockers: [], live: [], roots: [site.root] },
    measure: () => ({ place: site.root, bytes: 0, devices: [] }),
  };
  const migrationsDir = join(site.home, "migrations");
  const source = { target: "storage", plan: async () => plan };
  return { target: "storage", migrationsDir, disk: site.disk, now: site.now, source };
}

type Act = (path: PlannedFastPath) => Promise<void>;
const hold: Act = (path) => holdFastPath(path, "Wait.");
const refine: Act = (path) => refineFastPath(path, { text: "Smaller.", source: "message" });
const approve: Act = async (path) => approveFastPath(path, await lookAtFastPath(path));
const forget: Act = async (path) => {
  const { record, plan } = await lookAtFastPath(path);
  await approveFastPath(path, { record, plan: { ...plan, phases: [] } });
};

/** What stood before, what is done, and whether its end is held back. */
const acts: [string, Act[], Act, boolean][] = [
  ["the first hold", [], hold, true],
  ["a hold of what was approved", [hold, approve], hold, true],
  ["feedback on what is held", [hold], refine, true],
  ["an approval", [hold], approve, false],
  ["a review that forgets", [hold], forget, false],
];

describe("a change of what is held back, killed at each write", () => {
  test.each(acts)("%s leaves the old or the new, and the next one works", async (...given) => {
    const [, before, act, isHeld] = given;
    for (let at = 1; ; at += 1) {
      using site = makeSite({ disk });
      const path = pathIn(site);
      for (const step of before) await step(path);
      const old = readText(fastPathFile(path));
      const dying = dyingDisk(disk, at);
      await act({ ...path, disk: dying.disk }).catch(() => null);
      dying.bury();
      const seen = readText(fastPathFile(path));
      const held = reservationOf(path)?.waits ?? null;
      if (seen === old) expect(held === null).toBe(before.at(-1) !== hold);
      else expect(held !== null).toBe(isHeld);
      expect(readdirSync(site.root)).toEqual([]);
      if (!dying.isDead()) {
        expect(seen).not.toBe(old);
        expect(at).toBeGreaterThan(2);
        break;
      }
      await hold(path);
      expect(loadFastPath(path)?.awaitingHumanReview).toBe(true);
      expect(readdirSync(path.migrationsDir).sort()).toEqual([".lock", "fast-path.json"]);
    }
  });
});

function readText(file: string): string | null {
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** Carries the plan out as the scripts do. */
async function run(path: PlannedFastPath, root: string): Promise<void> {
  const { plan } = await lookAtFastPath(path);
  const record = loadFastPath(path);
  const id = newMigrationId(new Date(record?.createdAt ?? 0), "v3");
  const { operations } = plan.phases[0] ?? { operations: [] };
  const title = plan.title;
  await applyPlan({
    ...engine(path, root, id),
    plan: { script: "migrate", title, operations, roots: [root] },
    toolVersion: "0",
  });
  fileFastPath(path, id);
}

function engine({ migrationsDir, disk }: PlannedFastPath, root: string, id: string): EngineOptions {
  const commands = { resume: "resume", rollback: "rollback" };
  return { migrationDir: join(migrationsDir, id), roots: [root], commands, disk };
}

const idsIn = (path: PlannedFastPath) =>
  readdirSync(path.migrationsDir).filter((name) => name.startsWith("v3-"));

describe("a run of what was approved, killed at each write", () => {
  test("is started anew, resumed, or filed by the next command, which says so", async () => {
    const ends = { anew: 0, resumed: 0, filed: 0 };
    for (let at = 1; ; at += 1) {
      using site = makeSite({ disk });
      const path = pathIn(site);
      await hold(path);
      await approve(path);
      const dying = dyingDisk(disk, at);
      await run({ ...path, disk: dying.disk }, site.root).catch(() => null);
      dying.bury();
      const [said] = await settleFastPath(path);
      const [id] = idsIn(path);
      const isFiled = id !== undefined && existsSync(join(path.migrationsDir, id, "review.json"));
      expect(existsSync(fastPathFile(path))).toBe(!isFiled);
      if (said !== undefined) {
        expect(said).toBe(`put the review of storage beside what it had allowed (${id})`);
        ends.filed += 1;
      } else if (id === undefined) {
        await run(path, site.root);
        ends.anew += 1;
      } else if (!isFiled) {
        await resume(engine(path, site.root, id));
        fileFastPath(path, id);
        ends.resumed += 1;
      }
      expect(await settleFastPath(path)).toEqual([]);
      expect(readdirSync(site.root).sort()).toEqual(["a", "b"]);
      const [done = ""] = idsIn(path);
      const told = JSON.parse(readText(join(path.migrationsDir, done, "review.json")) ?? "null");
      expect(told).toMatchObject({ approved_plan: "0123456789abcdef" });
      expect(idsIn(path)).toHaveLength(1);
      if (!dying.isDead()) break;
    }
    expect(Math.min(...Object.values(ends))).toBeGreaterThan(0);
  }, 20_000);
});

describe("what settling leaves alone", () => {
  test("an approval that was not used, a hold made since, a damaged record, a run under way", async () => {
    using site = makeSite({ disk });
    const path = pathIn(site);
    expect(await settleFastPath(path)).toEqual([]);
    await hold(path);
    await approve(path);
    expect(await settleFastPath(path)).toEqual([]);
    const approval = readText(fastPathFile(path)) ?? "";
    await run(path, site.root);
    writeFileSync(fastPathFile(path), "{");
    expect(await settleFastPath(path)).toEqual([]);
    writeFileSync(fastPathFile(path), approval);
    await hold(path);
    expect(await settleFastPath(path)).toEqual([]);
    expect(loadFastPath(path)?.awaitingHumanReview).toBe(true);
    writeFileSync(fastPathFile(path), approval);
    // Beside what was carried out there is a review already: this is not what had allowed it.
    expect(await settleFastPath(path)).toEqual([]);
    const [id = ""] = idsIn(path);
    disk.unlink(join(path.migrationsDir, id, "review.json"));
    const lock = disk.tryLock(join(path.migrationsDir, ".lock"));
    expect(await settleFastPath(path)).toEqual([]);
    lock?.close();
    expect(await settleFastPath(path)).toHaveLength(1);
  });

  test("one that was carried out and taken back since is used up all the same", async () => {
    using site = makeSite({ disk });
    const path = pathIn(site);
    await hold(path);
    await approve(path);
    const approval = readText(fastPathFile(path)) ?? "";
    await run(path, site.root);
    const [id = ""] = idsIn(path);
    const dir = join(path.migrationsDir, id);
    disk.unlink(join(dir, "review.json"));
    writeFileSync(fastPathFile(path), approval);
    await undo(engine(path, site.root, id));
    expect(await settleFastPath(path)).toHaveLength(1);
    expect(readText(join(dir, "review.json"))).toBe(approval);
    expect(reservationOf(path)).toBeNull();
  });
});
