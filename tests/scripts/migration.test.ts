/** The staged plans as a user meets them: exit codes, stdout and stderr of the script. */

import { describe, expect, test } from "bun:test";
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  doctorDocument,
  listDocument,
  showDocument,
  stepDocument,
  tickDocument,
} from "../../lib/planning/documents.ts";
import { transactionsDirOf } from "../../lib/planning/site.ts";
import { makeRepository } from "../lib/planning/git.ts";
import { phaseText, toApproval, writeText } from "../lib/planning/site.ts";
import { root as repository, runScript } from "../process.ts";
import { changesDuring } from "../tree.ts";
import { agent, needsHuman, stand, waiting, wholeAgent } from "./migration/stand.ts";

describe("new and tick", () => {
  test("a plan goes its whole way with a command, and its phase is carried out", async () => {
    using at = stand();
    Object.assign(at.sandbox.env, { PHASE: phaseText("ok"), OUT: join(at.root, "out.txt") });
    const command = agent(at.sandbox.home, wholeAgent);
    const born = await at.json(stepDocument, "new", "Tidy the shed!", "--with", command);
    expect(born.code).toBe(0);
    expect(born.document.slug).toMatch(/^tidy-the-shed-\d{8}T\d{6}$/);
    expect(born.document).toMatchObject({ step: "approaches", next: "pick-best" });
    const ticks = await at.json(tickDocument, "tick", "--with", command, "--steps", "9");
    expect(ticks.code).toBe(0);
    expect(ticks.document.ticks.map(({ role }) => role)).toEqual([
      ...["planning.pick-best", "planning.expand", "planning.review", "planning.final-review"],
    ]);
    const unasked = await at.run("tick", "--with", command);
    expect(unasked).toMatchObject({ code: 2 });
    expect(unasked.stderr).toContain("answer it with --yes");
    const phase = await at.run("tick", "--with", command, "--yes", "--validate", "test -f out.txt");
    expect(phase.code).toBe(0);
    expect(phase.stdout).toMatch(/^commit tidy-the-shed-\S+ phase\.execute: .*; next: done\n$/);
    expect(readFileSync(join(at.root, "out.txt"), "utf8")).toBe("x");
    const listed = await at.json(listDocument, "list", "--status", "done");
    expect(listed.document.migrations.map(({ kind }) => kind)).toEqual(["plan", "operations"]);
  }, 30_000);

  test("nothing due is no failure; a failed step is exit 1, waiting for a person 4", async () => {
    using at = stand();
    expect(await at.run("tick", "--with", "true")).toMatchObject({
      code: 0,
      stdout: "nothing is due\n",
    });
    at.plan("shed", { told: needsHuman, manifest: waiting });
    expect((await at.run("tick", "--with", "true")).stdout).toStartWith("nothing");
    at.plan("barn");
    const failed = await at.run("tick", "barn", "--with", "cat >/dev/null; exit 3");
    expect(failed.code).toBe(1);
    expect(failed.stdout).toStartWith("abandon barn planning.approaches (agent-exited-nonzero):");
    at.plan("coop", { state: false });
    expect(await at.run("tick", "coop", "--with", "true")).toMatchObject({ code: 4 });
  });

  test("usage: no agent, a taken or unsafe slug, an unknown built-in target", async () => {
    using at = stand();
    at.plan("shed");
    const cases: [string[], number, string][] = [
      [["tick"], 2, "--with is missing"],
      [["new", "x"], 2, "--with is missing"],
      [["new", "x", "--with", "true", "--slug", "shed"], 4, "it exists already"],
      [["new", "x", "--with", "true", "--slug", "__x"], 2, "no safe name"],
      [["new", "x", "--with", "builtin", "--slug", "y"], 2, "builtin knows storage"],
      [["new", "x", "--with", "true", "--slug=-x"], 2, "no safe name"],
      [
        ["tick", "--with", "true", "--effort", "high", "--max-effort", "low"],
        2,
        "--effort high is more than --max-effort low",
      ],
      [["list", "--root", "/no/such"], 2, "there is no such directory"],
      [["list", "--root", at.root, "--base-dir", at.root], 2, "the change engine's own"],
    ];
    for (const [args, code, text] of cases) {
      const result = await at.run(...args);
      expect({ args, code: result.code }).toEqual({ args, code });
      expect(result.stderr + result.stdout).toContain(text);
    }
    expect(readdirSync(join(at.root, "migrations"))).toEqual(["shed"]);
  }, 20_000);

  test("with --commit each step is one commit of the plan's own files", async () => {
    using at = stand();
    at.plan("shed");
    const git = makeRepository({ ...at.site, home: at.sandbox.home, [Symbol.dispose]() {} });
    git("add", "-A");
    git("commit", "-q", "-m", "start");
    writeText(join(at.root, "mine.txt"), "not yours");
    const command = agent(at.sandbox.home, wholeAgent);
    const words = ["tick", "--with", command, "--steps", "2"];
    expect((await at.run(...words, "--commit")).code).toBe(0);
    expect(git("log", "--format=%s")).toBe(
      "migration: planning/shed/pick-best\nmigration: planning/shed/approaches\nstart\n",
    );
    expect(git("status", "--porcelain")).toBe("?? mine.txt\n");
    const without = await at.run(...words);
    expect(without.code).toBe(1);
    expect(without.stdout).toContain("to be committed first");
  }, 20_000);

  test("new with --commit is one commit too, and what git refuses is done all the same", async () => {
    using at = stand();
    const git = makeRepository({ ...at.site, home: at.sandbox.home, [Symbol.dispose]() {} });
    const command = agent(at.sandbox.home, wholeAgent);
    const words = ["--with", command, "--commit"];
    expect((await at.run("new", "Tidy up", "--slug", "shed", ...words)).code).toBe(0);
    expect(git("log", "--format=%s|%b")).toStartWith("migration: plan shed|Why:\nTidy up\n");
    expect(git("status", "--porcelain")).toBe("");
    writeText(join(at.root, ".git/hooks/pre-commit"), "#!/bin/sh\necho not today >&2\nexit 1\n");
    chmodSync(join(at.root, ".git/hooks/pre-commit"), 0o755);
    const refused = await at.run("tick", ...words);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toEndWith(
      'error: Cannot commit "migration: planning/shed/pick-best": not today\n' +
        "hint: what it is about is done and live; commit migrations/shed yourself\n",
    );
    const { document } = await at.json(listDocument, "list");
    expect(document.migrations).toMatchObject([{ slug: "shed", cursor: "planning:expand" }]);
  }, 20_000);
});

describe("the built-in planner", () => {
  test("plans and migrates task sessions, and rollback brings them back", async () => {
    using at = stand();
    const version = join(at.root, ".workflow/versions/v001");
    const session = "session_id: s1\ntask_id: a\nstatus: done\noperations: []\n";
    writeText(join(version, "task_sessions/a.yml"), session);
    writeText(join(version, "tasks/a.yml"), "id: a\ntitle: A\n");
    const words = ["--with", "builtin"];
    expect((await at.run("new", "task-sessions", "--slug", "flat", ...words)).code).toBe(0);
    const planned = await at.json(tickDocument, "tick", ...words, "--steps", "9");
    expect(planned.document.ticks.at(-1)?.role).toBe("planning.final-review");
    expect(existsSync(join(version, "task_sessions/a.yml"))).toBe(true);
    const shown = await at.json(showDocument, "show", "flat");
    expect(shown.document.recorded).toEqual(["sessions-v001"]);
    if (shown.document.manifest.awaitingHumanReview) {
      expect((await at.run("review", "flat", "--yes")).code).toBe(0);
    }
    const done = await at.json(tickDocument, "tick", ...words, "--yes");
    expect(done.document.ticks[0]).toMatchObject({ outcome: "commit", next: "done" });
    expect(readFileSync(join(version, "task_sessions/a/session.yml"), "utf8")).toBe(session);
    const back = ["--root", at.root, "--yes"];
    expect((await runScript("scripts/rollback.ts", back, { sandbox: at.sandbox })).code).toBe(0);
    expect(readdirSync(join(version, "task_sessions"))).toEqual(["a.yml"]);
    const listed = await at.json(listDocument, "list", "--status", "rolled-back");
    expect(listed.document.migrations[0]?.reason).toEndWith("review flat lets it run again");
  }, 30_000);
});

describe("list, show and doctor", () => {
  test("list: tab-separated in a pipe, --no-headers, filters, JSON, exit 0 with bad rows", async () => {
    using at = stand();
    at.plan("bad", { files: { "manifest.json": "{" } });
    at.plan("shed", { told: needsHuman, manifest: waiting });
    const all = await at.run("list");
    expect(all).toMatchObject({ code: 0, stderr: "" });
    expect(all.stdout.split("\n")[0]).toBe(
      "slug\tstatus\tcursor\tawaiting_review\tlast_touch\tcooldown\treason",
    );
    expect(all.stdout).toContain("bad\tinvalid-manifest\tblocked\tno\t(none)\t(none)\tinvalid-man");
    const filtered = await at.run("list", "--awaiting-review", "--status", "ready", "--no-headers");
    expect(filtered.stdout).toStartWith("shed\tready\tphase-1-sort.md\tyes\t");
    expect(filtered.stdout.trim().split("\n")).toHaveLength(1);
    const { document } = await at.json(listDocument, "list");
    expect(document.migrations.map(({ slug }) => slug)).toEqual(["bad", "shed"]);
  });

  test("list finishes what a killed publish left, and says so", async () => {
    using at = stand();
    const dir = at.plan("shed", { told: toApproval });
    const left = join(transactionsDirOf(at.site), "a".repeat(32));
    const record = { slug: "shed", operation: "planning.review", mode: "ready-publish" };
    const digests = { base: "0".repeat(64), next: "1".repeat(64) };
    const at_ = { created_at: "2026-03-04T05:06:07Z", state: "staging" };
    writeText(join(left, "transaction.json"), JSON.stringify({ ...record, ...digests, ...at_ }));
    cpSync(dir, join(left, "staged"), { recursive: true });
    const { stderr, code } = await at.run("list");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'undid the interrupted publish of "shed" (planning.review)\n',
    });
    expect(existsSync(transactionsDirOf(at.site))).toBe(false);
  });

  test("show: history, phases and plan; the same as JSON", async () => {
    using at = stand();
    at.plan("shed", { told: toApproval });
    const { code, stdout } = await at.run("show", "migrations/shed");
    expect(code).toBe(0);
    for (const part of ["terminal-ready", "approve-auto", "phase-2-sweep.md", "# Plan"]) {
      expect(stdout).toContain(part);
    }
    const { document } = await at.json(showDocument, "show", "shed");
    expect(document.state?.completedSteps).toHaveLength(5);
    expect((await at.run("show", "barn")).code).toBe(2);
  });

  test("doctor: one or all, silent when clean, exit 1 with findings, nothing changed", async () => {
    using at = stand();
    at.plan("shed", { told: toApproval });
    expect(await at.run("doctor", "shed")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await at.run("doctor", "--all")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await at.run("doctor")).code).toBe(2);
    expect((await at.run("doctor", "shed", "--all")).code).toBe(2);
    expect((await at.run("doctor", "barn")).code).toBe(2);
    at.plan("coop", { manifest: { name: "hen" } });
    const changes = await changesDuring(at.root, async () => {
      const { code, document } = await at.json(doctorDocument, "doctor", "--all");
      expect(code).toBe(1);
      expect(document.findings.map((found) => found.code)).toEqual(["manifest-slug-mismatch"]);
    });
    expect(changes).toEqual([]);
    const fixed = await at.json(doctorDocument, "doctor", "--all", "--fix");
    expect(fixed.code).toBe(0);
    expect(fixed.document).toMatchObject({
      findings: [],
      fixed: ["coop: its manifest names its own folder now"],
    });
  }, 20_000);

  test("plans of the older tool are read: legacy keys, indexes and bare feedback", async () => {
    using at = stand();
    const fixture = join(repository, "tests/fixtures/migration/legacy");
    cpSync(join(fixture, "input"), at.root, { recursive: true });
    const expected = (name: string) => readFileSync(join(fixture, "expected", name), "utf8");
    expect((await at.run("list")).stdout).toBe(expected("list.tsv"));
    const { code, stdout } = await at.run("doctor", "--all");
    expect({ code, stdout }).toEqual({ code: 1, stdout: expected("doctor.tsv") });
  });
});
