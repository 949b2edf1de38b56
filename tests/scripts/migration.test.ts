/** The staged plans as a user meets them: exit codes, stdout and stderr of the script. */

import { describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { realDisk } from "../../lib/change/disk.ts";
import { errorDocumentSchema } from "../../lib/documents.ts";
import {
  doctorDocument,
  listDocument,
  reviewDocument,
  showDocument,
  stepDocument,
  tickDocument,
} from "../../lib/planning/documents.ts";
import { type Site, transactionsDirOf } from "../../lib/planning/site.ts";
import { makeRepository } from "../lib/planning/git.ts";
import {
  type PlanSpec,
  phaseText,
  type Told,
  testNow,
  toApproval,
  writePlan,
  writeText,
} from "../lib/planning/site.ts";
import { makeSandbox, root as repository, runInTerminal, runScript } from "../process.ts";
import { changesDuring } from "../tree.ts";

const needsHuman: Told = [...toApproval.slice(0, 4), ["final-review", "approve-needs-human"]];
const waiting = { awaitingHumanReview: true, humanReviewReason: "It moves 3 sessions." };

/** A home with an empty root, and the script run in it. */
function stand() {
  const sandbox = makeSandbox();
  const root = join(sandbox.home, "root");
  mkdirSync(root);
  const site: Site = {
    root,
    stateDir: join(sandbox.home, ".local/state"),
    disk: realDisk,
    env: sandbox.env,
    now: () => testNow,
  };
  const run = (...args: string[]) =>
    runScript("scripts/migration.ts", args, { sandbox, cwd: root, timeoutMs: 20_000 });
  const json = async <S extends v.GenericSchema>(schema: S, ...args: string[]) => {
    const { code, stdout, stderr } = await run(...args, "--json");
    return { code, stderr, document: v.parse(schema, JSON.parse(stdout)) };
  };
  const plan = (slug: string, spec: PlanSpec = {}) => writePlan(site, slug, spec);
  return {
    sandbox,
    root,
    site,
    run,
    json,
    plan,
    [Symbol.dispose]: () => sandbox[Symbol.dispose](),
  };
}

/** A shell script that plays an agent; it reads its prompt first. */
function agent(home: string, text: string): string {
  const file = join(home, "agent.sh");
  writeText(file, `cat > prompt-was-here.txt; rm prompt-was-here.txt\n${text}\n`);
  return `sh ${file}`;
}

const wholeAgent = `
case "$MIGRATION_ROLE" in
  planning.approaches) mkdir -p approaches; echo '# A' > approaches/a.md; echo 'one way';;
  planning.pick-best) echo 'a is best';;
  planning.expand) printf '# Plan\\n' > plan.md; printf '%s' "$PHASE" > phase-1-sort.md; echo expanded;;
  planning.revise) printf '# Revised\\n' > plan.md; echo revised;;
  planning.review|planning.review-2) echo 'no findings';;
  planning.final-review) echo 'final-decision: approve-auto - fine';;
  phase.ready-check) echo 'ready: yes';;
  phase.execute) printf '%s\\n' '\`\`\`json' "{\\"operations\\":[{\\"op\\":\\"create\\",\\"path\\":\\"$OUT\\",\\"content\\":\\"x\\"}]}" '\`\`\`';;
esac
`;

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
      stdout: "nothing tick: nothing is due\n",
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
      [["new", "x", "--with", "builtin", "--slug", "y"], 2, "it knows the targets storage"],
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
    expect(without.stdout).toContain("not committed");
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

describe("review and refine", () => {
  test("a person reads the plan and approves; nobody to ask is exit 2", async () => {
    using at = stand();
    at.plan("shed", { told: needsHuman, manifest: waiting });
    const unasked = await at.run("review", "shed");
    expect(unasked).toMatchObject({ code: 2 });
    expect(unasked.stdout).toContain("# Plan");
    expect(unasked.stdout).toContain("Why you are asked: It moves 3 sessions.");
    const { code, document } = await at.json(reviewDocument, "review", "shed", "--yes");
    expect({ code, document }).toEqual({
      code: 0,
      document: { schemaVersion: 1, slug: "shed", held: false, notes: [] },
    });
    const again = await at.run("review", "shed", "--yes");
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("refine shed changes it");
  });

  test("on a terminal the reviewing command has the terminal, and its prompt in a file", async () => {
    using at = stand();
    at.plan("shed", { told: needsHuman, manifest: waiting });
    const script = join(at.sandbox.home, "talk.sh");
    const edit = `sed 's/"awaiting_human_review": true/"awaiting_human_review": false/; s/"human_review_reason": "[^"]*"/"human_review_reason": null/' manifest.json > edited && mv edited manifest.json`;
    const lines = [
      "grep -c 'Review of shed' \"$MIGRATION_PROMPT\"",
      "printf 'Sure? '",
      "read answer",
    ];
    writeText(script, [...lines, `[ "$answer" = yes ] && ${edit}`, ""].join("\n"));
    const { code, screen } = await runInTerminal(
      "scripts/migration.ts",
      ["review", "shed", "--with", `sh ${script}`, "--root", at.root],
      [{ expect: "Sure? ", send: "yes\r" }],
      { sandbox: at.sandbox },
    );
    expect({ code, screen }).toMatchObject({ code: 0 });
    expect(screen).toContain("shed is approved");
  });

  test("a plan is held back, waits, and goes on after its review", async () => {
    using at = stand();
    at.plan("shed", { told: toApproval });
    expect((await at.run("review", "shed", "--hold", "not before Monday")).code).toBe(0);
    expect((await at.run("tick", "--with", "true")).stdout).toStartWith("nothing");
    expect((await at.run("list", "--awaiting-review")).stdout).toContain("not before Monday");
    expect((await at.run("review", "shed", "--yes")).code).toBe(0);
    expect((await at.run("list", "--awaiting-review", "--no-headers")).stdout).toBe("");
  }, 20_000);

  test("slug and path form agree in review and refine, and bad targets are exit 2", async () => {
    using at = stand();
    at.plan("shed", { told: toApproval });
    for (const form of ["shed", "migrations/shed"]) {
      const review = await at.run("review", form, "--yes");
      expect(review.stderr).toContain('Cannot review "shed": it does not await a review');
      expect(review.code).toBe(2);
    }
    for (const form of ["barn", "/etc", "migrations/../migrations/shed"]) {
      const refine = ["refine", form, "--message", "x", "--with", "true"];
      expect({ form, code: (await at.run(...refine)).code }).toEqual({ form, code: 2 });
      const review = await at.run("review", form, "--yes");
      expect({ form, code: review.code }).toEqual({ form, code: 2 });
      expect(review.stderr).not.toContain("refine");
    }
  }, 20_000);

  test("the effort is no flag there, and there is no review script of its own", async () => {
    using at = stand();
    at.plan("shed", { told: needsHuman, manifest: waiting });
    for (const name of ["review", "refine"]) {
      const { code, stderr } = await at.run(name, "shed", "--effort", "low");
      expect({ name, code }).toEqual({ name, code: 2 });
      expect(stderr).toContain("--effort");
    }
    expect(existsSync(join(repository, "scripts/review.ts"))).toBe(false);
  });

  test("an unreadable taste is exit 3 before any agent runs, a bad target still comes first", async () => {
    using at = stand();
    at.plan("shed", { told: needsHuman, manifest: waiting });
    for (const [slug, code] of [
      ["shed", 3],
      ["barn", 2],
    ] as const) {
      const ran = await at.run("review", slug, "--with", "touch ran", "--taste", "gone.md");
      expect({ slug, code: ran.code }).toEqual({ slug, code });
    }
    expect(existsSync(join(at.root, "ran"))).toBe(false);
  });

  test("refine takes exactly one kind of feedback", async () => {
    using at = stand();
    at.plan("shed", { told: toApproval });
    const base = ["refine", "shed", "--with", "true"];
    for (const extra of [[], ["--message", "a", "--file", "b"], ["--decide", "novalue"]]) {
      expect({ extra, code: (await at.run(...base, ...extra)).code }).toEqual({ extra, code: 2 });
    }
    const command = agent(at.sandbox.home, wholeAgent);
    const words = ["refine", "shed", "--message", "smaller", "--with", command];
    const { code, document } = await at.json(stepDocument, ...words);
    expect({ code, step: document.step, next: document.next }).toEqual({
      code: 0,
      step: "revise",
      next: "review-2",
    });
  }, 20_000);

  test("broken files are located, as text and as JSON, and nothing is changed", async () => {
    using at = stand();
    at.plan("shed", { files: { ".planning/state.json": '{\n  "schema_version": 9\n}\n' } });
    const changes = await changesDuring(at.root, async () => {
      const text = await at.run("show", "shed");
      expect(text.code).toBe(3);
      expect(text.stderr).toContain("migrations/shed/.planning/state.json:2:21");
      const { code, document } = await at.json(errorDocumentSchema, "show", "shed");
      expect({ code, outcome: document.error.outcome }).toEqual({ code: 3, outcome: "invalid" });
      expect(document.error.message).toContain("use a newer one");
    });
    expect(changes).toEqual([]);
    rmSync(join(at.root, "migrations"), { recursive: true });
  });
});
