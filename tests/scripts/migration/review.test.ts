/** `migration review` and `refine` as a user meets them. */

import { describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errorDocumentSchema } from "../../../lib/documents.ts";
import { reviewDocument, stepDocument } from "../../../lib/planning/documents.ts";
import { toApproval, writeText } from "../../lib/planning/site.ts";
import { root as repository, runInTerminal } from "../../process.ts";
import { changesDuring } from "../../tree.ts";
import { agent, needsHuman, stand, waiting, wholeAgent } from "./stand.ts";

/** Clears the flag, as an agent does when its user approves. */
const edit = `sed 's/"awaiting_human_review": true/"awaiting_human_review": false/; s/"human_review_reason": "[^"]*"/"human_review_reason": null/' manifest.json > edited && mv edited manifest.json`;

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

  test("Ctrl-C is for the command that has the terminal, as often as it likes", async () => {
    using at = stand();
    at.plan("shed", { told: needsHuman, manifest: waiting });
    const script = join(at.sandbox.home, "stubborn.sh");
    const lines = [
      "trap 'n=$((n+1)); echo \"heard $n\"' INT",
      "echo ready",
      'until [ "$n" = 2 ]; do sleep 0.05; done',
      edit,
    ];
    writeText(script, `${lines.join("\n")}\n`);
    const { code, screen } = await runInTerminal(
      "scripts/migration.ts",
      ["review", "shed", "--with", `sh ${script}`, "--root", at.root],
      [
        { expect: "ready", send: "\x03" },
        { expect: "heard 1", send: "\x03" },
      ],
      { sandbox: at.sandbox },
    );
    expect({ code, screen }).toMatchObject({ code: 0 });
    expect(screen).toContain("shed is approved");
    expect(screen).not.toContain("stopping");
  });

  test("agent exit 7: exit 7, with and without a terminal; live unchanged", async () => {
    using at = stand();
    at.plan("shed", { told: needsHuman, manifest: waiting });
    const changes = await changesDuring(at.root, async () => {
      const words = ["review", "shed", "--with", "exit 7"];
      const piped = await at.run(...words);
      expect(piped.code).toBe(7);
      expect(piped.stderr).toStartWith(
        'error: Cannot accept "migration.review": the agent exited with 7\nhint: its output: /',
      );
      const { code, document } = await at.json(errorDocumentSchema, ...words);
      expect({ code, outcome: document.error.outcome }).toEqual({ code: 7, outcome: "findings" });
      const options = { sandbox: at.sandbox };
      const shown = await runInTerminal(
        "scripts/migration.ts",
        [...words, "--root", at.root],
        [],
        options,
      );
      expect(shown.code).toBe(7);
      const help = await at.run("review", "--help");
      expect(help.stdout).toMatch(/^ {2}other +with --with: the command's own code/m);
    });
    expect(changes).toEqual([]);
  }, 20_000);

  test("a plan is held back, waits, and goes on after its review", async () => {
    using at = stand();
    at.plan("shed", { told: toApproval });
    expect((await at.run("review", "shed", "--hold", "not before Monday")).code).toBe(0);
    expect((await at.run("tick", "--with", "true")).stdout).toStartWith("nothing");
    expect((await at.run("list", "--awaiting-review")).stdout).toContain("not before Monday");
    expect((await at.run("review", "shed", "--yes")).code).toBe(0);
    expect((await at.run("list", "--awaiting-review", "--no-headers")).stdout).toBe("");
  }, 20_000);

  test("slug and path form agree in review and refine; an unknown slug is exit 2, without a refine hint", async () => {
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
