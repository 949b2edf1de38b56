import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { examine, examineAll } from "../../../lib/planning/doctor.ts";
import { fixAll } from "../../../lib/planning/fix.ts";
import { requireManifest } from "../../../lib/planning/manifest.ts";
import { lockPathOf, takePublishLock } from "../../../lib/planning/publish-lock.ts";
import { doctorText } from "../../../lib/planning/report.ts";
import { type Site, transactionsDirOf } from "../../../lib/planning/site.ts";
import { changesDuring } from "../../tree.ts";
import { makeSite, toApproval, writePlan, writeText } from "./site.ts";

const codes = async (site: Site) =>
  (await examineAll(site)).map(({ slug, code }) => `${slug} ${code}`);

describe("doctor", () => {
  test("clean is silent; --all finds a folder without manifest", async () => {
    using site = makeSite();
    expect(await codes(site)).toEqual([]);
    writePlan(site, "shed", { told: toApproval });
    expect(doctorText(await examineAll(site), site.root)).toBe("");
    writeText(join(site.root, "migrations/attic/notes.md"), "x");
    expect(await codes(site)).toEqual(["attic missing-manifest"]);
    const text =
      "attic\terror\tmissing-manifest\tmigrations/attic/manifest.json\tthere is no manifest\n";
    expect(doctorText(await examineAll(site), site.root)).toBe(text);
  });

  test("planning without state; ready with heading drift; ready without plan", async () => {
    using site = makeSite();
    writePlan(site, "a", { state: false });
    writePlan(site, "b", { told: toApproval, files: { "phase-2-sweep.md": "# Sweep\n" } });
    writePlan(site, "c", { told: toApproval, files: { "plan.md": null } });
    expect(await codes(site)).toEqual([
      "a planning-state-missing",
      "b missing-phase-precondition",
      "b missing-phase-definition-of-done",
      "c missing-plan",
    ]);
    expect((await examine(site, "c")).map(({ code }) => code)).toEqual(["missing-plan"]);
  });

  test("times that would stop every tick, though the manifest loads", async () => {
    using site = makeSite();
    writePlan(site, "a", { manifest: { cooldownUntil: "2027-01-01", wakeUpOn: "tomorrow" } });
    writePlan(site, "b", { manifest: { createdAt: "2027-13-01T00:00:00Z" } });
    const found = (await examineAll(site)).map(({ slug, code, message }) => [slug, code, message]);
    expect(found).toEqual([
      ["a", "invalid-manifest", 'cooldown_until "2027-01-01" is no moment with an offset'],
      ["a", "invalid-manifest", 'wake_up_on "tomorrow" is no moment with an offset'],
      ["b", "invalid-manifest", 'created_at "2027-13-01T00:00:00Z" is no moment with an offset'],
    ]);
  });

  test("lock (owner shown) + leftover, last; and nothing is written by looking", async () => {
    using site = makeSite();
    writePlan(site, "zoo", { files: { "manifest.json": "{" } });
    const lock = takePublishLock(site, "planning.expand");
    if ("heldBy" in lock) throw new Error("held");
    writeText(join(transactionsDirOf(site), "0".repeat(32), "staged/plan.md"), "x");
    expect(await codes(site)).toEqual([
      "zoo invalid-manifest",
      "__transactions__ publish-lock-present",
      "__transactions__ transaction-leftover",
    ]);
    const message = (await examineAll(site))[1]?.message;
    expect(message).toContain(`planning.expand by process ${process.pid} since 2026-03-04`);
    expect(message).toStartWith("held since ");
    expect(await changesDuring(site.root, () => examineAll(site))).toEqual([]);
    lock.release();
  });

  test("plain file as transaction root", async () => {
    using site = makeSite();
    writeText(transactionsDirOf(site), "x");
    expect(await codes(site)).toEqual(["__transactions__ transaction-root-invalid"]);
  });
});

describe("doctor --fix", () => {
  test("mends what is mechanical and leaves the rest", async () => {
    using site = makeSite();
    const named = writePlan(site, "named", { told: toApproval, manifest: { name: "other" } });
    const lost = writePlan(site, "lost", { told: toApproval, manifest: { currentPhase: "" } });
    writePlan(site, "vague", { told: toApproval, files: { "plan.md": null } });
    writeText(lockPathOf(site), '{"pid":1,"operation":"x","created_at":"y"}');
    expect(await codes(site)).toHaveLength(4);
    const notes = await fixAll(site, null);
    expect(notes.sort()).toEqual([
      "lost: its current phase is sort, the first that is not done",
      "named: its manifest names its own folder now",
      "removed the lock of a dead run",
    ]);
    expect(await codes(site)).toEqual(["vague missing-plan"]);
    expect(requireManifest(site.disk, named).name).toBe("named");
    expect(requireManifest(site.disk, lost).currentPhase).toBe("sort");
    expect(existsSync(transactionsDirOf(site))).toBe(false);
    expect(await fixAll(site, null)).toEqual([]);
  });

  test("what it cannot mend stays byte for byte", async () => {
    using site = makeSite();
    const dir = writePlan(site, "shed", { files: { "manifest.json": "{" } });
    const changes = await changesDuring(site.root, () => fixAll(site, "shed"));
    expect(changes).toEqual([]);
    expect(readFileSync(join(dir, "manifest.json"), "utf8")).toBe("{");
    writeFileSync(join(dir, "manifest.json"), "[");
    expect(await codes(site)).toEqual(["shed invalid-manifest"]);
  });
});
