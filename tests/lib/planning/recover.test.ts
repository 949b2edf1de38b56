/**
 * A publish that is killed at each of its writes: the live directory is the old or the new plan,
 * and the next command finishes or undoes it and says so.
 */

import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Disk, realDisk } from "../../../lib/change/disk.ts";
import { publish } from "../../../lib/planning/publish.ts";
import { recover } from "../../../lib/planning/recover.ts";
import { migrationDirOf, transactionsDirOf } from "../../../lib/planning/site.ts";
import { leftovers } from "../../../lib/planning/transactions.ts";
import { treeDigest } from "../../../lib/planning/tree.ts";
import { dyingDisk } from "./dying-disk.ts";
import { makeSite, toApproval, writePlan, writeText } from "./site.ts";

const slug = "shed";
/** A kill cannot undo what the kernel has: flushing only costs time here. */
const disk: Disk = { ...realDisk, sync() {} };

function killedAt(at: number, base: Disk, first: boolean) {
  const site = makeSite({ disk });
  const source = writePlan(site, slug, { told: toApproval });
  const workspace = join(site.home, "work", slug);
  cpSync(source, workspace, { recursive: true });
  if (first) realDisk.renameNoReplace(source, join(site.home, "elsewhere"));
  writeText(join(workspace, "plan.md"), "# New\n");
  const live = migrationDirOf(site, slug);
  const baseDigest = treeDigest(realDisk, live);
  const next = treeDigest(realDisk, workspace);
  const dying = dyingDisk(base, at);
  const request = { slug, workspace, baseDigest, mode: "ready-publish", operation: "o" } as const;
  let died = false;
  try {
    publish({ ...site, disk: dying.disk }, request);
  } catch (error) {
    died = dying.isDead();
    if (!died) throw error;
  }
  dying.bury();
  return { site, live, baseDigest, next, died: died || dying.isDead() };
}

describe("a publish killed at each write", () => {
  const kinds: [string, Disk, boolean][] = [
    ["with exchange", disk, false],
    ["as the first one", disk, true],
  ];
  test.each(kinds)("%s leaves old or new, and is settled next", (_, base, first) => {
    let notes = 0;
    for (let at = 1; ; at += 1) {
      const { site, live, baseDigest, next, died } = killedAt(at, base, first);
      using _site = site;
      if (!died) {
        expect(at).toBeGreaterThan(20);
        break;
      }
      expect([baseDigest, next]).toContain(treeDigest(realDisk, live));
      const said = recover(site);
      notes += said.length;
      expect([baseDigest, next]).toContain(treeDigest(realDisk, live));
      const isNew = treeDigest(realDisk, live) === next;
      if (said.length > 0) expect(said[0]).toStartWith(isNew ? "finished" : "undid");
      expect(existsSync(transactionsDirOf(site))).toBe(false);
      expect(recover(site)).toEqual([]);
    }
    expect(notes).toBeGreaterThan(20);
  });

  test("without exchange the next command brings back what was between two names", () => {
    const renames: Disk = {
      ...disk,
      exchange() {
        throw Object.assign(new Error("no"), { code: "ENOTSUP" });
      },
    };
    let missing = 0;
    for (let at = 1; ; at += 1) {
      const { site, live, baseDigest, next, died } = killedAt(at, renames, false);
      using _site = site;
      if (!died) break;
      if (!existsSync(live)) missing += 1;
      recover(site);
      expect([baseDigest, next]).toContain(treeDigest(realDisk, live));
      expect(existsSync(transactionsDirOf(site))).toBe(false);
    }
    expect(missing).toBeGreaterThan(0);
  });

  test("a recovery that is killed itself is finished by the next", () => {
    const { site: probe, died } = killedAt(30, disk, false);
    probe[Symbol.dispose]();
    expect(died).toBe(true);
    for (let at = 1; at < 30; at += 1) {
      const { site, live, baseDigest, next } = killedAt(30, disk, false);
      using _site = site;
      const dying = dyingDisk(disk, at);
      try {
        recover({ ...site, disk: dying.disk });
      } catch {
        // It died.
      }
      dying.bury();
      expect([baseDigest, next]).toContain(treeDigest(realDisk, live));
      recover(site);
      expect(existsSync(transactionsDirOf(site))).toBe(false);
    }
  });
});

describe("what recovery leaves alone", () => {
  test("a leftover without a record, and one that failed", () => {
    using site = makeSite();
    const other = join(transactionsDirOf(site), "f".repeat(32));
    writeText(join(other, "staged/manifest.json"), "{}");
    expect(recover(site)).toEqual([]);
    expect(readdirSync(other)).toEqual(["staged"]);
  });

  test("live edited since: both are kept for a look", () => {
    for (let at = 1; ; at += 1) {
      const { site, live, next, died } = killedAt(at, disk, false);
      using _site = site;
      if (!died) throw new Error("never installed");
      const left = leftovers(site);
      if (treeDigest(realDisk, live) !== next || left.length === 0) continue;
      writeFileSync(join(live, "plan.md"), "# By hand\n");
      expect(recover(site)[0]).toContain("live changed since");
      expect(recover(site)).toEqual([]);
      expect(leftovers(site)[0]?.record?.state).toBe("failed");
      return;
    }
  });
});
