import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Disk, realDisk } from "../../../lib/change/disk.ts";
import type { Mode } from "../../../lib/planning/consistency.ts";
import { PublishError, type PublishResult, publish } from "../../../lib/planning/publish.ts";
import { lockPathOf, takePublishLock } from "../../../lib/planning/publish-lock.ts";
import { migrationDirOf, transactionsDirOf } from "../../../lib/planning/site.ts";
import { treeDigest } from "../../../lib/planning/tree.ts";
import { changesDuring, filesBelow } from "../../tree.ts";
import { makeRepository } from "./git.ts";
import { makeSite, type TestSite, toApproval, writePlan, writeText } from "./site.ts";

const slug = "shed";
const noExchange: Partial<Disk> = {
  exchange() {
    throw Object.assign(new Error("cannot exchange"), { code: "ENOTSUP" });
  },
};

/** A live plan and a workspace that differs from it. */
function prepared(options: { disk?: Partial<Disk>; first?: boolean } = {}) {
  const site = makeSite({ disk: { ...realDisk, ...options.disk } });
  const made = writePlan(site, slug, { told: toApproval, files: { "old.md": "old" } });
  const base = options.first ? "absent" : treeDigest(site.disk, made);
  const workspace = join(site.home, "work", slug);
  cpSync(made, workspace, { recursive: true });
  rmSync(join(workspace, "old.md"));
  writeText(join(workspace, "plan.md"), "# A better plan\n");
  if (options.first) rmSync(join(site.root, "migrations"), { recursive: true });
  const baseDigest = options.first ? treeDigest(site.disk, made) : base;
  const live = migrationDirOf(site, slug);
  const go = (change: Partial<Parameters<typeof publish>[1]> = {}) =>
    publish(site, {
      slug,
      workspace,
      baseDigest,
      mode: "ready-publish" as Mode,
      operation: "migration.review",
      ...change,
    });
  return { site, workspace, live, baseDigest, go };
}

function refusal(action: () => unknown): PublishResult & { text: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof PublishError) return { ...error.result, text: error.message };
    throw error;
  }
  throw new Error("it was published");
}

const transactions = (site: TestSite) =>
  existsSync(transactionsDirOf(site)) ? readdirSync(transactionsDirOf(site)) : null;

describe("publish", () => {
  test("first publish", () => {
    const { site, workspace, live, go } = prepared({ first: true });
    using _ = site;
    const result = go();
    expect(result.status).toBe("published");
    expect(treeDigest(site.disk, live)).toBe(treeDigest(site.disk, workspace));
    expect(result.liveDigest).toBe(treeDigest(site.disk, live));
    expect(transactions(site)).toBeNull();
  });

  test.each([{}, noExchange])(
    "replacement removes files the new copy lacks; rollback and transaction gone after",
    (disk) => {
      const { site, workspace, live, go } = prepared({ disk });
      using _ = site;
      expect(go().cleanupError).toBeUndefined();
      expect(existsSync(join(live, "old.md"))).toBe(false);
      expect(treeDigest(site.disk, live)).toBe(treeDigest(site.disk, workspace));
      expect(transactions(site)).toBeNull();
    },
  );

  test("other device: nothing moved, staged kept", async () => {
    const disk: Partial<Disk> = {
      lstat(path) {
        const stat = realDisk.lstat(path);
        return stat !== null && basename(path) === "staged" ? { ...stat, dev: 99n } : stat;
      },
    };
    const { site, live, go } = prepared({ disk });
    using _ = site;
    const before = treeDigest(site.disk, live);
    const result = refusal(go);
    expect(result.status).toBe("blocked");
    expect(result.text).toContain("on another device");
    expect(treeDigest(site.disk, live)).toBe(before);
    expect(existsSync(result.staged ?? "")).toBe(true);
  });

  test("staged invalid: workspace and staged validated in that order, live unchanged", () => {
    const seen: string[] = [];
    const disk: Partial<Disk> = {
      readFile(path) {
        const dir = path.includes("__transactions__") ? "staged" : "workspace";
        if (/\/(work\/shed|staged)\/manifest\.json$/.test(path)) seen.push(dir);
        const isStagedManifest = dir === "staged" && path.endsWith("/staged/manifest.json");
        return isStagedManifest ? Buffer.from("{") : realDisk.readFile(path);
      },
    };
    const { site, live, baseDigest, go } = prepared({ disk });
    using _ = site;
    const result = refusal(go);
    expect(result.text).toContain("the staged copy is not consistent: invalid-manifest");
    expect(seen.indexOf("workspace")).toBe(0);
    expect(seen.lastIndexOf("workspace")).toBeLessThan(seen.indexOf("staged"));
    expect(treeDigest(realDisk, live)).toBe(baseDigest);
    expect(existsSync(result.staged ?? "")).toBe(true);
  });

  test("an inconsistent workspace is blocked before anything is copied", () => {
    const { site, workspace, go } = prepared();
    using _ = site;
    rmSync(join(workspace, "plan.md"));
    const result = refusal(go);
    expect(result).toMatchObject({ status: "blocked", stale: false });
    expect(result.text).toContain("the workspace is not consistent: missing-plan");
    expect(transactions(site)).toBeNull();
    expect(go({ mode: "planning-snapshot" }).status).toBe("published");
  });

  test("stale base", () => {
    const { site, live, go, baseDigest } = prepared();
    using _ = site;
    writeText(join(live, "note.md"), "by hand");
    const result = refusal(go);
    expect(result).toMatchObject({ status: "blocked", stale: true });
    expect(result.text).toContain(baseDigest);
    expect(result.text).toContain(treeDigest(site.disk, live));
    expect(existsSync(join(live, "note.md"))).toBe(true);
  });

  test("stale base also when only a nested __transactions__ was added", () => {
    const { site, live, go } = prepared();
    using _ = site;
    mkdirSync(join(live, "approaches", "__transactions__"), { recursive: true });
    expect(refusal(go).stale).toBe(true);
  });

  test("install rename fails: old live restored, staged kept", () => {
    const disk: Partial<Disk> = {
      ...noExchange,
      renameNoReplace(from, to) {
        if (basename(from) === "staged") throw Object.assign(new Error("EIO"), { code: "EIO" });
        realDisk.renameNoReplace(from, to);
      },
    };
    const { site, live, go, baseDigest } = prepared({ disk });
    using _ = site;
    const result = refusal(go);
    expect(result.status).toBe("failed");
    expect(result.text).toContain("the old one is live");
    expect(treeDigest(site.disk, live)).toBe(baseDigest);
    expect(existsSync(result.staged ?? "")).toBe(true);
    expect(result.rollback).toBeUndefined();
  });

  test("naming the rollback copy fails after the exchange: exchanged back", () => {
    const disk: Partial<Disk> = {
      renameNoReplace(from, to) {
        if (basename(to) === "rollback") throw new Error("EIO");
        realDisk.renameNoReplace(from, to);
      },
    };
    const { site, live, go, baseDigest } = prepared({ disk });
    using _ = site;
    expect(refusal(go).text).toContain("the old one is live");
    expect(treeDigest(site.disk, live)).toBe(baseDigest);
  });

  test("install leaves a partial live: moved to failed, then restored", () => {
    const disk: Partial<Disk> = {
      ...noExchange,
      renameNoReplace(from, to) {
        if (basename(from) !== "staged") return realDisk.renameNoReplace(from, to);
        mkdirSync(to);
        writeFileSync(join(to, "half.md"), "half");
        throw new Error("EIO");
      },
    };
    const { site, live, go, baseDigest } = prepared({ disk });
    using _ = site;
    const result = refusal(go);
    expect(result.status).toBe("failed");
    expect(treeDigest(site.disk, live)).toBe(baseDigest);
    expect(readdirSync(result.failed ?? "")).toEqual(["half.md"]);
  });

  test("live invalid after the install: moved to failed, the old one back", () => {
    let installed = false;
    const disk: Partial<Disk> = {
      exchange(a, b) {
        realDisk.exchange(a, b);
        installed = true;
      },
      readFile(path) {
        const isLive = path.endsWith("migrations/shed/manifest.json");
        if (installed && isLive) {
          installed = false;
          return Buffer.from("[]");
        }
        return realDisk.readFile(path);
      },
    };
    const { site, live, go, baseDigest } = prepared({ disk });
    using _ = site;
    const result = refusal(go);
    expect(result.text).toContain("what became live is not consistent: invalid-manifest");
    expect(treeDigest(realDisk, live)).toBe(baseDigest);
    expect(existsSync(join(result.failed ?? "", "plan.md"))).toBe(true);
  });

  test("restore itself fails: text has live, rollback, staged, failed", () => {
    const disk: Partial<Disk> = {
      ...noExchange,
      renameNoReplace(from, to) {
        if (basename(from) === "rollback") throw new Error("second EIO");
        if (basename(from) !== "staged") return realDisk.renameNoReplace(from, to);
        mkdirSync(to);
        throw new Error("first EIO");
      },
    };
    const { site, live, go } = prepared({ disk });
    using _ = site;
    const { text, status } = refusal(go);
    expect(status).toBe("failed");
    expect(text).toContain("first EIO");
    expect(text).toContain("putting the old one back broke too: second EIO");
    for (const key of ["live", "rollback", "staged", "failed"]) {
      expect(text).toContain(`\n${key}: ${key === "live" ? live : ""}`);
    }
  });

  test("a first publish that fails leaves nothing live", () => {
    const disk: Partial<Disk> = {
      renameNoReplace() {
        throw new Error("EIO");
      },
    };
    const { site, live, go } = prepared({ first: true, disk });
    using _ = site;
    expect(refusal(go).text).toContain("nothing is live, as before");
    expect(existsSync(live)).toBe(false);
  });

  test("a full disk while staging: failed, live unchanged", () => {
    const disk: Partial<Disk> = {
      writeNew(path, content, options) {
        if (path.includes("/staged/")) throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
        realDisk.writeNew(path, content, options);
      },
    };
    const { site, live, go, baseDigest } = prepared({ disk });
    using _ = site;
    expect(refusal(go)).toMatchObject({ status: "failed" });
    expect(treeDigest(site.disk, live)).toBe(baseDigest);
  });

  test("lock held: path, pid, operation, time named", () => {
    const { site, live, go, baseDigest } = prepared();
    using _ = site;
    const lock = takePublishLock(site, "planning.expand");
    if ("heldBy" in lock) throw new Error("held");
    const { text, status } = refusal(go);
    lock.release();
    expect(status).toBe("blocked");
    expect(text).toContain(lockPathOf(site));
    expect(text).toContain(`planning.expand by process ${process.pid} since 2026-03-04T05:06:07`);
    expect(treeDigest(site.disk, live)).toBe(baseDigest);
    expect(go().status).toBe("published");
  });

  test("a dead lock holder never blocks, whether it held our lock or a directory", () => {
    const { site, go } = prepared();
    using _ = site;
    writeText(lockPathOf(site), '{"pid":1,"operation":"x","created_at":"y"}\n');
    expect(go().status).toBe("published");
    const dead = Bun.spawnSync(["true"]).pid;
    writeText(join(lockPathOf(site), "owner.json"), JSON.stringify({ pid: dead, operation: "x" }));
    writeText(join(site.home, "work", slug, "more.md"), "x");
    const baseDigest = treeDigest(site.disk, migrationDirOf(site, slug));
    expect(go({ baseDigest }).status).toBe("published");
    writeText(join(lockPathOf(site), "owner.json"), JSON.stringify({ pid: process.pid }));
    expect(refusal(() => go({ baseDigest })).status).toBe("blocked");
  });

  test("deleting lock or rollback fails: published + cleanup error, leftovers remain", () => {
    const disk: Partial<Disk> = {
      unlink(path) {
        if (/\/\.lock$|\/rollback\//.test(path)) throw new Error(`EPERM ${basename(path)}`);
        realDisk.unlink(path);
      },
    };
    const { site, workspace, live, go } = prepared({ disk });
    using _ = site;
    const result = go();
    expect(result.status).toBe("published");
    expect(result.cleanupError).toMatch(/EPERM .*; EPERM \.lock/);
    expect(treeDigest(site.disk, live)).toBe(treeDigest(site.disk, workspace));
    expect(filesBelow(transactionsDirOf(site)).length).toBeGreaterThan(1);
  });

  test.each([
    ["an unsafe slug", { slug: "__x" }],
    ["another workspace name", { workspace: "/tmp/other" }],
    ["an empty digest", { baseDigest: "" }],
  ])("%s is an error before the lock", async (_, change) => {
    const { site, go } = prepared();
    using _site = site;
    expect(
      await changesDuring(site.root, () => expect(() => go(change)).toThrow("Cannot")),
    ).toEqual([]);
  });

  test("a workspace inside the live directory is an error, also through a link", () => {
    const { site, go } = prepared();
    using _ = site;
    const inside = join(site.root, "migrations/deep", slug);
    cpSync(join(site.home, "work", slug), inside, { recursive: true });
    expect(() => go({ workspace: inside })).toThrow("inside the live directory");
  });
});

describe("publish in a git work tree", () => {
  test("dirty tracked + untracked named, transaction noise not; no transaction made", () => {
    const { site, live, go } = prepared();
    using _ = site;
    const git = makeRepository(site);
    git("add", "-A");
    git("commit", "-q", "-m", "all");
    writeText(join(live, "plan.md"), "edited");
    writeText(join(live, "new.md"), "new");
    writeText(join(transactionsDirOf(site), "0".repeat(32), "noise.md"), "noise");
    const before = transactions(site);
    const result = refusal(go);
    expect(result.dirtyPaths.sort()).toEqual(["migrations/shed/new.md", "migrations/shed/plan.md"]);
    expect(result.text).toContain("not committed: migrations/shed/");
    expect(result.text).not.toContain("noise");
    expect(transactions(site)).toEqual(before);
  });

  test("an ignored file counts as dirty and survives", () => {
    const { site, live, go } = prepared();
    using _ = site;
    const git = makeRepository(site);
    writeText(join(site.root, ".gitignore"), "*.log\n");
    git("add", "-A");
    git("commit", "-q", "-m", "all");
    writeText(join(live, "run.log"), "log");
    expect(refusal(go).dirtyPaths).toEqual(["migrations/shed/run.log"]);
    expect(existsSync(join(live, "run.log"))).toBe(true);
    rmSync(join(live, "run.log"));
    expect(go().status).toBe("published");
  });
});
