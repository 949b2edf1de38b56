/** Ticks on a disk that fails at one write: a clean result, and the plan is as it says. */

import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { type Disk, realDisk } from "../../../lib/change/disk.ts";
import { ToolkitError } from "../../../lib/errors.ts";
import { asDiskFailure } from "../../../lib/planning/disk-failure.ts";
import { examineAll } from "../../../lib/planning/doctor.ts";
import { changeFastPath, loadFastPath } from "../../../lib/planning/fast-path.ts";
import { listRows } from "../../../lib/planning/list.ts";
import { planningTick } from "../../../lib/planning/planning-tick.ts";
import { recover, recoverForLook } from "../../../lib/planning/recover.ts";
import { migrationDirOf, type Site } from "../../../lib/planning/site.ts";
import { loadState } from "../../../lib/planning/state-file.ts";
import { updateManifest } from "../../../lib/planning/update.ts";
import { goodAnswers, scripted } from "./scripted.ts";
import { makeSite, toApproval, writePlan } from "./site.ts";

const slug = "shed";

const writes = [
  ...(["makeDir", "removeDir", "writeNew", "renameNoReplace", "exchange", "replace"] as const),
  ...(["unlink", "copyFile", "copyAttributes", "sync", "tryLock"] as const),
];

/** Flushing only costs time here. */
const unflushed: Disk = { ...realDisk, sync() {} };

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: the disk failed`), { code });
}

/** A disk of which one write fails, counted from 1, and all others work. */
function failingAt(at: number): { disk: Disk; count(): number } {
  let count = 0;
  const disk = { ...unflushed };
  for (const name of writes) {
    const act = disk[name] as (...values: unknown[]) => unknown;
    (disk as unknown as Record<string, unknown>)[name] = (...values: unknown[]) => {
      count += 1;
      if (count === at) throw diskError("EIO");
      return act(...values);
    };
  }
  return { disk, count: () => count };
}

const cursorIn = (site: Site) =>
  loadState({ disk: realDisk, slug, dir: migrationDirOf(site, slug) })?.nextStep;

describe("a tick on a disk that fails at one write", () => {
  test("says what failed, and says that it is done only when it is", async () => {
    const outcomes = new Set<string>();
    for (let at = 1; ; at += 1) {
      using site = makeSite({ disk: unflushed });
      writePlan(site, slug, { told: toApproval.slice(0, 4) });
      const failing = failingAt(at);
      const here = { ...site, disk: failing.disk };
      const result = await planningTick(here, { agent: scripted(goodAnswers) });
      if (failing.count() < at) {
        expect(at).toBeGreaterThan(60);
        break;
      }
      const outcome = result?.outcome ?? "none";
      outcomes.add(outcome);
      const isDone = outcome === "commit";
      expect([at, cursorIn(site)]).toEqual([at, isDone ? "terminal-ready" : "final-review"]);
      if (!isDone) expect(result?.summary).toContain("EIO");
      recover(site);
      if (!isDone) await planningTick(site, { agent: scripted(goodAnswers) });
      expect(cursorIn(site)).toBe("terminal-ready");
    }
    expect([...outcomes].sort()).toEqual(["abandon", "commit"]);
  }, 60_000);

  test("changing a manifest and settling what was left fail cleanly too", async () => {
    for (let at = 1; at < 6; at += 1) {
      using site = makeSite();
      writePlan(site, slug, { told: toApproval.slice(0, 4) });
      const here = { ...site, disk: failingAt(at).disk };
      const change = updateManifest(here, slug, "test", (manifest) => manifest);
      const error = await change.then(
        () => null,
        (thrown) => thrown,
      );
      expect(error === null || error instanceof ToolkitError).toBe(true);
      mkdirSync(`${site.root}/migrations/__transactions__`, { recursive: true });
      expect(() => recover({ ...site, disk: failingAt(1).disk })).toThrow("Cannot settle");
    }
  });
});

/** A disk on which everything below one directory is somebody else's. */
function closedBelow(dir: string): Disk {
  const disk = { ...unflushed };
  for (const name of ["lstat", "readDir", "readFile", "realPath", ...writes] as const) {
    const act = disk[name] as (...values: unknown[]) => unknown;
    (disk as unknown as Record<string, unknown>)[name] = (...values: unknown[]) => {
      const isBelow = values.some((path) => typeof path === "string" && path.startsWith(`${dir}/`));
      if (isBelow) throw diskError("EACCES");
      return act(...values);
    };
  }
  return disk;
}

describe("a plan that may not be looked into", () => {
  const stand = () => {
    const site = makeSite();
    const disk = closedBelow(writePlan(site, "closed"));
    writePlan(site, slug, { told: toApproval.slice(0, 4) });
    return { ...site, disk };
  };

  test("stops neither recovery nor a list, which says what is the matter with it", async () => {
    using site = stand();
    expect(recover(site)).toEqual([]);
    const rows = await listRows(site, {});
    expect(rows.map((row) => [row.slug, row.cursor, row.reason])).toEqual([
      ["closed", "blocked", "invalid-manifest: EACCES"],
      [slug, "planning:final-review", null],
    ]);
  });

  test("is a finding of doctor, and stops a tick as any manifest that cannot be read", async () => {
    using site = stand();
    const codes = (await examineAll(site)).map((finding) => [finding.slug, finding.code]);
    expect(codes).toEqual([["closed", "invalid-manifest"]]);
    expect(await planningTick(site, { agent: scripted(goodAnswers) })).toMatchObject({
      outcome: "abandon",
      failure: "migration-consistency-error",
    });
  });
});

test("whoever only looks is told what cannot be settled, and goes on", () => {
  using site = makeSite();
  mkdirSync(`${site.root}/migrations/__transactions__`, { recursive: true });
  const told: string[] = [];
  recoverForLook({ ...site, disk: failingAt(1).disk, onNote: (note) => told.push(note) });
  expect(told).toEqual([expect.stringContaining("EIO")]);
});

test("a hold that cannot be written down says so, and holds nothing", async () => {
  for (let at = 1; at < 4; at += 1) {
    using site = makeSite();
    const { disk } = failingAt(at);
    const path = { target: "storage" as const, migrationsDir: site.home, now: site.now };
    const held = changeFastPath({ ...path, disk }, (record) => record);
    await expect(held).rejects.toThrow("Cannot change what is said of storage: EIO");
    expect(loadFastPath({ ...path, disk: realDisk })).toBeNull();
  }
});

test("a mistake of the program stays one, whatever code the runtime gave it", () => {
  const mistake = Object.assign(new TypeError("x"), { code: "ERR_INVALID_ARG_TYPE" });
  expect(asDiskFailure(mistake, "work")).toBe(mistake);
  expect(asDiskFailure(diskError("ENOSPC"), "work")).toMatchObject({
    outcome: "interrupted",
    message: "Cannot work: ENOSPC: the disk failed",
  });
});
