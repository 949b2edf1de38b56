/**
 * The fast path and its gate: `review` and `refine` hold back and change what `migrate --execute`
 * and `migrate-sessions` would do, and these two keep to it.
 */

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { realDisk } from "../../../lib/change/disk.ts";
import { execute, type Script } from "../../../lib/cli.ts";
import { errorDocumentSchema } from "../../../lib/documents.ts";
import { fastPathDocument, listDocument } from "../../../lib/planning/documents.ts";
import type { Site } from "../../../lib/planning/site.ts";
import migrate from "../../../scripts/migrate.ts";
import migrateSessions from "../../../scripts/migrate-sessions.ts";
import migration from "../../../scripts/migration.ts";
import rollback from "../../../scripts/rollback.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { makeHost } from "../../host.ts";
import { testNow, toApproval, writePlan, writeText } from "../../lib/planning/site.ts";
import { makeTemp } from "../../temp.ts";
import { diffTrees, readTree } from "../../tree.ts";

const scripts: Record<string, Script> = {
  migrate,
  migration,
  rollback,
  "migrate-sessions": migrateSessions,
};

/** Runs a script inside this process, with the place as current directory. */
async function call(at: Pick<Disk, "root" | "env">, name: string, ...argv: string[]) {
  const invocation = `bun run scripts/${name}.ts`;
  const { host, written } = makeHost(argv, { env: at.env, cwd: at.root, invocation });
  const command = scripts[name];
  if (command === undefined) throw new Error(`no script ${name}`);
  const code = await execute(command, host);
  return { code, stdout: written.stdout, stderr: written.stderr };
}

/** The document that `show`, `review` or `refine` prints. */
async function look(at: Pick<Disk, "root" | "env">, ...argv: string[]) {
  const { code, stdout, stderr } = await call(at, "migration", ...argv, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return v.parse(fastPathDocument, JSON.parse(stdout));
}

async function rows(at: Pick<Disk, "root" | "env">) {
  const { stdout } = await call(at, "migration", "list", "--json");
  return v.parse(listDocument, JSON.parse(stdout)).migrations;
}

function build(name: string): Disk {
  const make = disks[name];
  if (make === undefined) throw new Error(`no disk ${name}`);
  return make();
}

const go = ["--execute", "--yes", "--json"];

describe("the storage migration", () => {
  test("held back it appears in the list, and is refused with the command that lets it go", async () => {
    using disk = build("cleanV2");
    const before = readTree(disk.baseDir);
    const shown = await look(disk, "show", "storage");
    expect(shown).toMatchObject({ awaitingReview: false, approvedPlan: null, feedback: [] });
    expect(diffTrees(before, readTree(disk.baseDir))).toEqual([]);

    const held = await look(disk, "review", "storage", "--hold", "Not before Monday.");
    expect(held).toMatchObject({ awaitingReview: true, reason: "Not before Monday." });
    expect(await rows(disk)).toMatchObject([
      { kind: "operations", slug: "storage", status: "planned", cursor: "review" },
    ]);
    const asked = await call(disk, "migration", "list", "--awaiting-review", "--no-headers");
    expect(asked.stdout).toStartWith("storage\tplanned\treview\tyes\t");

    const home = ["--home", disk.home];
    for (const flags of [[], ["--force"], ["--skip", "gc-stranded-dirs"], home]) {
      const { code, stdout } = await call(disk, "migrate", ...go, ...flags);
      const { error } = v.parse(errorDocumentSchema, JSON.parse(stdout));
      expect({ flags, code, message: error.message }).toEqual({
        ...{ flags, code: 4 },
        message: "Cannot migrate: storage is held back (Not before Monday.)",
      });
      const disk_ = flags === home ? ` --home ${disk.home}` : "";
      expect(error.hint).toBe(
        `read it and let it go: bun run scripts/migration.ts review storage${disk_}`,
      );
    }
    const dry = await call(disk, "migrate");
    expect(dry.code).toBe(0);
    expect(dry.stderr).toContain("held back: Not before Monday.; let it go with: bun run");
  });

  test("approved it is carried out, and its record tells of the review", async () => {
    using disk = build("cleanV2");
    const before = readTree(disk.root);
    await look(disk, "review", "storage", "--hold", "Not before Monday.");
    const unasked = await call(disk, "migration", "review", "storage");
    expect(unasked.code).toBe(2);
    expect(unasked.stdout).toContain("Why you are asked: Not before Monday.");
    expect((await call(disk, "migrate", ...go)).code).toBe(4);
    const approved = await look(disk, "review", "storage", "--yes");
    expect(approved).toMatchObject({ awaitingReview: false, reason: null });
    expect(approved.approvedPlan).toBe(approved.planId);
    expect(await rows(disk)).toMatchObject([{ cursor: `plan:${approved.planId}` }]);
    const again = await call(disk, "migration", "review", "storage", "--yes");
    expect(again).toMatchObject({ code: 2 });
    expect(again.stderr).toContain("it does not await a review");

    const { code, stdout } = await call(disk, "migrate", ...go);
    const { id, leftovers } = JSON.parse(stdout);
    expect({ code, leftovers }).toEqual({ code: 0, leftovers: [] });
    expect(await rows(disk)).toMatchObject([{ slug: id, status: "done" }]);
    const told = JSON.parse(
      readFileSync(join(disk.baseDir, "migrations", id, "review.json"), "utf8"),
    );
    expect(told).toMatchObject({ target: "storage", approved_plan: approved.planId });
    expect((await call(disk, "rollback", "--yes")).code).toBe(0);
    const left = diffTrees(before, readTree(disk.root)).filter(
      (line) => !line.includes("migrations"),
    );
    expect(left).toEqual([]);
  });

  test("the plan that migrate shows is the one that is approved, and no other is carried out", async () => {
    using disk = build("cleanV2");
    await look(disk, "review", "storage", "--hold", "Look first.");
    const { approvedPlan, phases } = await look(disk, "review", "storage", "--yes");
    const { stdout } = await call(disk, "migrate", "--json");
    expect(JSON.parse(stdout).planId).toBe(approvedPlan);
    const other = await call(disk, "migrate", ...go, "--skip", phases.at(-1)?.name ?? "");
    rmSync(disk.projects[0]?.stateDir ?? "", { recursive: true });
    const changed = await call(disk, "migrate", ...go);
    for (const result of [other, changed]) {
      const { error } = JSON.parse(result.stdout);
      expect({ code: result.code, hint: error.hint }).toEqual({
        code: 4,
        hint: expect.stringMatching(
          /^leave out flags .*, look at it anew: bun run scripts\/migration\.ts review storage$/,
        ),
      });
      expect(error.message).toContain(`plan ${approvedPlan} was approved, and this is `);
    }
    const anew = await look(disk, "review", "storage", "--yes");
    expect(anew.approvedPlan).not.toBe(approvedPlan);
    expect((await call(disk, "migrate", ...go)).code).toBe(0);
  });

  test("refine --decide changes the plan, and holds it back until it is approved", async () => {
    using disk = build("twoCheckouts");
    const before = await look(disk, "show", "storage");
    const key = before.decisions.find((item) => item.key.startsWith("same-repo:"))?.key ?? "";
    const value = `into:${disk.project("integrator").key}`;
    const refined = await look(disk, "refine", "storage", "--decide", `${key}=${value}`);
    expect(refined.planId).not.toBe(before.planId);
    expect(refined).toMatchObject({
      awaitingReview: true,
      reason: `changed: decide ${key}=${value}`,
    });
    expect(refined.decisions.find((item) => item.key === key)).toMatchObject({
      ...{ chosen: value, decidedBy: "user" },
    });
    expect((await call(disk, "migrate", ...go)).code).toBe(4);
    await look(disk, "review", "storage", "--yes");
    const { code, stdout } = await call(disk, "migrate", ...go);
    expect({ code, left: JSON.parse(stdout).leftovers }).toEqual({ code: 0, left: [] });
    const registry = readFileSync(disk.configFile, "utf8");
    expect(registry).not.toContain(`${disk.project("second").key}:`);
  });

  test("feedback is kept word for word, and takes an approval back", async () => {
    using disk = build("cleanV2");
    await look(disk, "review", "storage", "--hold", "Look first.");
    await look(disk, "review", "storage", "--yes");
    const file = join(disk.root, "feedback.md");
    writeText(file, "# Wait\n\n  until they are back\n");
    const refined = await look(disk, "refine", "storage", "--file", file);
    expect(refined).toMatchObject({
      ...{ awaitingReview: true, approvedPlan: null },
      reason: "changed: # Wait until they are back",
    });
    expect(refined.feedback.map(({ source, text }) => [source, text])).toEqual([
      ["file", "# Wait\n\n  until they are back\n"],
    ]);
    const more = await look(disk, "refine", "storage", "--message", "And tell them.");
    expect(more.feedback.map(({ text }) => text)).toEqual([
      "# Wait\n\n  until they are back\n",
      "And tell them.",
    ]);
    expect((await call(disk, "migrate", ...go)).code).toBe(4);
    const text = await call(disk, "migration", "show", "storage");
    expect(text.stdout).toContain("- message: And tell them.");
  });

  test("what makes no sense is refused, and nothing is written", async () => {
    using disk = build("cleanV2");
    const words: [number, string, ...string[]][] = [
      [2, "does not ask that", "refine", "storage", "--decide", "identity:nobody=leave"],
      [2, "the feedback is blank", "refine", "storage", "--message", " "],
      [2, "the reason is blank", "review", "storage", "--hold", " "],
      [2, "does not await a review", "review", "storage", "--yes"],
      [2, "you are asked", "review", "storage", "--with", "true"],
      [2, "it has no steps", "tick", "storage", "--with", "builtin"],
      [2, "it has no steps", "doctor", "task-sessions"],
      [4, "there is nothing to do", "review", "task-sessions", "--hold", "Wait."],
      [2, "no safe name", "new", "x", "--slug", "storage", "--with", "builtin"],
    ];
    const before = readTree(disk.baseDir);
    for (const [code, text, ...argv] of words) {
      const result = await call(disk, "migration", ...argv);
      expect({ argv, code: result.code }).toEqual({ argv, code });
      expect(result.stderr).toContain(text);
    }
    expect(diffTrees(before, readTree(disk.baseDir))).toEqual([]);
    mkdirSync(join(disk.root, "migrations/storage"), { recursive: true });
    const twice = await call(disk, "migration", "show", "storage");
    expect(twice).toMatchObject({ code: 2 });
    expect(twice.stderr).toContain("a plan has that name too");
  });

  test("a damaged record stops everything that depends on it, with its place", async () => {
    const texts = {
      '{\n  "schema_version": 1,\n': "it is not JSON",
      '{"schema_version": 2}': "use a newer one",
      '{"schema_version": 1, "more": 1}': "more is not a known key",
    };
    for (const [text, complaint] of Object.entries(texts)) {
      using disk = build("cleanV2");
      const file = join(disk.baseDir, "migrations/fast-path.json");
      writeText(file, text);
      const before = readTree(disk.baseDir);
      for (const argv of [["migrate"], ["migrate", ...go], ["migration", "show", "storage"]]) {
        const [name = "", ...rest] = argv;
        const { code, stdout, stderr } = await call(disk, name, ...rest);
        expect({ argv, code }).toEqual({ argv, code: 3 });
        expect(stdout + stderr).toContain(complaint);
        expect(stdout + stderr).toContain(file);
      }
      expect(await rows(disk)).toMatchObject([{ slug: "storage", status: "damaged" }]);
      expect(diffTrees(before, readTree(disk.baseDir))).toEqual([]);
    }
    using disk = build("cleanV2");
    mkdirSync(join(disk.baseDir, "migrations"));
    symlinkSync("/dev/null", join(disk.baseDir, "migrations/fast-path.json"));
    expect((await call(disk, "migrate", ...go)).code).toBe(3);
  });

  test("when nothing is left to do, a review forgets what was said", async () => {
    using disk = build("cleanV2");
    await look(disk, "review", "storage", "--hold", "Look first.");
    const file = join(disk.baseDir, "migrations/fast-path.json");
    const record = readFileSync(file, "utf8");
    rmSync(file);
    expect((await call(disk, "migrate", ...go)).code).toBe(0);
    writeText(file, record);
    const forgotten = await look(disk, "review", "storage", "--yes");
    expect(forgotten).toMatchObject({ awaitingReview: false, phases: [] });
    expect(existsSync(file)).toBe(false);
  });
});

const session = "session_id: s1\ntask_id: a\nstatus: done\noperations: []\n";

/** A project with one flat task session. */
function project(): Pick<Disk, "root" | "env"> & Disposable {
  const root = makeTemp("fast");
  const version = join(root, ".workflow/versions/v001");
  writeText(join(version, "task_sessions/a.yml"), session);
  writeText(join(version, "tasks/a.yml"), "id: a\ntitle: A\n");
  const remove = () => rmSync(root, { recursive: true });
  return { root, env: { HOME: root, PATH: process.env.PATH ?? "" }, [Symbol.dispose]: remove };
}

describe("the migration of task sessions", () => {
  test("is held back, changed, approved and carried out like that of the storage", async () => {
    using at = project();
    const held = await look(at, "review", "task-sessions", "--hold", "Not yet.");
    expect(held).toMatchObject({ slug: "task-sessions", phases: [{ name: "sessions-v001" }] });
    const refused = await call(at, "migrate-sessions", "--yes");
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain("task-sessions is held back (Not yet.)");
    expect(refused.stderr).toContain("migration.ts review task-sessions");
    const decided = await call(at, "migration", "refine", "task-sessions", "--decide", "a=b");
    expect(decided).toMatchObject({ code: 2 });
    expect(decided.stderr).toContain("it asks nothing");
    await look(at, "refine", "task-sessions", "--message", "Tell them.");
    await look(at, "review", "task-sessions", "--yes");
    writeText(join(at.root, ".workflow/versions/v001/task_sessions/b.yml"), session);
    const changed = await call(at, "migrate-sessions", "--yes");
    expect(changed.code).toBe(4);
    expect(changed.stderr).toContain("was approved, and this is ");
    await look(at, "review", "task-sessions", "--yes");
    const done = await call(at, "migrate-sessions", "--yes", "--json");
    expect(done.code).toBe(0);
    const { dir } = JSON.parse(done.stdout).migration;
    expect(JSON.parse(readFileSync(join(dir, "review.json"), "utf8")).feedback).toHaveLength(1);
    expect(readdirSync(join(at.root, ".workflow/migrations")).sort()).toEqual([
      ".lock",
      dir.split("/").at(-1),
    ]);
  });

  test("and the command names the project that was meant", async () => {
    using at = project();
    const elsewhere = { ...at, root: join(at.root, ".workflow") };
    await look(elsewhere, "review", "task-sessions", "--hold", "Wait.", "--root", at.root);
    const refused = await call(elsewhere, "migrate-sessions", "--yes", "--root", at.root);
    expect(refused.stderr).toContain(`review task-sessions --root ${at.root}`);
  });
});

describe("a staged plan for the same target", () => {
  const waiting = { awaitingHumanReview: true, humanReviewReason: "It moves 3 sessions." };
  const target = (name: string) => (text: string) =>
    text.replace('"target": "Tidy the shed"', `"target": "${name}"`);

  /** Writes a plan that awaits its review, for a target. */
  function plan(root: string, name: string, manifest = waiting) {
    const site = { root, disk: realDisk, now: () => testNow } as Site;
    const dir = writePlan(site, "shed", { told: toApproval, manifest });
    const file = join(dir, ".planning/state.json");
    writeText(file, target(name)(readFileSync(file, "utf8")));
  }

  test("holds the fast path back while it awaits a review, and lets it go after", async () => {
    using at = project();
    plan(at.root, "task-sessions");
    const refused = await call(at, "migrate-sessions", "--yes");
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain("shed is held back (It moves 3 sessions.)");
    expect(refused.stderr).toContain("migration.ts review shed");
    expect((await call(at, "migration", "review", "shed", "--yes")).code).toBe(0);
    expect((await call(at, "migrate-sessions", "--yes")).code).toBe(0);
  });

  test("does so for the storage migration from its own root; other targets do not", async () => {
    using disk = build("cleanV2");
    plan(disk.root, "storage");
    const refused = await call(disk, "migrate", ...go);
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.stdout).error.hint).toContain("review shed");
    plan(disk.root, "Tidy the shed");
    expect((await call(disk, "migrate", ...go)).code).toBe(0);
  });
});
