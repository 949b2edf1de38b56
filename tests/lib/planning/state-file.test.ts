import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import { ToolkitError } from "../../../lib/errors.ts";
import { newState, withFeedback } from "../../../lib/planning/state.ts";
import { formatState, loadState, saveState } from "../../../lib/planning/state-file.ts";
import { isStep } from "../../../lib/planning/steps.ts";
import { makeSite, stateOf, type Told, testStamp, toApproval, writePlan } from "./site.ts";

const slug = "shed";
type Raw = Record<string, unknown> & { completed_steps: Record<string, unknown>[] };

/** A plan whose state file was edited by hand, and the complaint on loading it. */
function complaint(edit: (state: Raw) => unknown, told: Told = toApproval, anchors?: number[]) {
  using site = makeSite();
  const dir = writePlan(site, slug, { told, ...(anchors ? { anchors } : {}) });
  const file = join(dir, ".planning/state.json");
  const raw = JSON.parse(readFileSync(file, "utf8")) as Raw;
  const edited = edit(raw) ?? raw;
  writeFileSync(file, typeof edited === "string" ? edited : JSON.stringify(edited, null, 2));
  try {
    loadState({ disk: site.disk, slug, dir });
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    expect(error.outcome).toBe("invalid");
    expect(error.place?.file).toBe(file);
    return { message: error.message.replace(`Cannot load "${file}": `, ""), place: error.place };
  }
  return null;
}

/** A history through findings, with a decision at its end. */
const withFindings: Told = [
  "approaches",
  "pick-best",
  "expand",
  ["review", "findings"],
  "revise",
  ["review-2", "clear"],
  ["final-review", "approve-needs-human"],
];

describe("state codec", () => {
  test("round trip keeps steps, outputs, agent, model, effort", () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: withFindings });
    const scope = { disk: site.disk, slug, dir };
    const state = stateOf(slug, withFindings);
    const step = state.completedSteps[0];
    Object.assign(step ?? {}, { agent: "claude", model: "large", effort: "high" });
    saveState(scope, state);
    expect(loadState(scope)).toEqual(state);
  });

  test("a new state is empty at the first step", () => {
    using site = makeSite();
    const dir = writePlan(site, slug);
    const state = loadState({ disk: site.disk, slug, dir });
    expect(state).toEqual(newState("Tidy the shed", testStamp));
    expect(state?.nextStep).toBe("approaches");
  });

  test("feedback of both sources is kept in order, and a bare string counts as a message", () => {
    using site = makeSite();
    const dir = writePlan(site, slug);
    const scope = { disk: site.disk, slug, dir };
    const first = { receivedAt: testStamp, source: "message" as const, text: "smaller" };
    const second = { receivedAt: testStamp, source: "file" as const, text: "  two\n lines\n" };
    saveState(scope, withFeedback(withFeedback(newState("x", testStamp), first), second));
    expect(loadState(scope)?.feedback).toEqual([first, second]);
    const file = join(dir, ".planning/state.json");
    const raw = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...raw, feedback: ["old"] }));
    expect(loadState(scope)?.feedback).toEqual([
      { receivedAt: "", source: "message", text: "old" },
    ]);
  });

  test("an unknown cursor is refused at its place", () => {
    const found = complaint((raw) => ({ ...raw, next_step: "lunch" }));
    expect(found?.message).toStartWith("next_step must be one of approaches, ");
    expect(found?.place?.line).toBeGreaterThan(1);
    expect(found?.place?.column).toBe(16);
  });

  const badRefs: [string, (raw: Raw) => unknown, string][] = [
    ["missing", (raw) => setRef(raw, "migrations/shed/gone.md"), "does not exist"],
    ["absolute", (raw) => setRef(raw, "/etc/passwd"), "must not be absolute"],
    ["with ..", (raw) => setRef(raw, "migrations/shed/../shed/manifest.json"), "lead upwards"],
    ["outside the migration", (raw) => setRef(raw, "migrations/other/x.md"), "is outside"],
    ["empty", (raw) => setRef(raw, ""), "names no file"],
    ["a directory", (raw) => setRef(raw, "migrations/shed/.planning"), "is a directory"],
  ];

  test.each(badRefs)("a ref %s is refused on load", (_, edit, detail) => {
    const found = complaint(edit);
    expect(found?.message).toContain("completed_steps[1].outputs.stdout");
    expect(found?.message).toContain(detail);
  });

  test("a ref that is a link, or below one, is refused", () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: toApproval });
    const stages = join(dir, ".planning/stages");
    rmSync(join(stages, "expand.stdout.md"));
    symlinkSync(join(stages, "review.stdout.md"), join(stages, "expand.stdout.md"));
    expect(() => loadState({ disk: site.disk, slug, dir })).toThrow("is a symlink, not a file");
    rmSync(join(dir, ".planning/stages"), { recursive: true });
    writePlan(site, "other", { told: toApproval });
    symlinkSync("../../other/.planning/stages", stages);
    expect(() => loadState({ disk: site.disk, slug, dir })).toThrow("leads out of the plan");
  });

  test("a bad ref is refused on save too, and the old file is intact", () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: toApproval });
    const file = join(dir, ".planning/state.json");
    const before = readFileSync(file, "utf8");
    const state = stateOf(slug, toApproval);
    for (const ref of ["/etc/passwd", "migrations/shed/../x", "migrations/other/x", ""]) {
      for (const step of state.completedSteps) step.outputs.stdout = ref;
      expect(() => saveState({ disk: site.disk, slug, dir }, state)).toThrow("Cannot save");
    }
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("when the rename fails while saving, the old file is intact and no temp file stays", () => {
    using site = makeSite({
      disk: {
        ...realDisk,
        replace() {
          throw Object.assign(new Error("no"), { code: "EIO" });
        },
      },
    });
    const dir = writePlan(site, slug, { told: toApproval });
    const file = join(dir, ".planning/state.json");
    const before = readFileSync(file, "utf8");
    const scope = { disk: site.disk, slug, dir };
    expect(() => saveState(scope, stateOf(slug, toApproval))).toThrow("no");
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(readdirSync(join(dir, ".planning")).sort()).toEqual(["stages", "state.json"]);
  });

  test("only real steps are executable, not terminal cursors, role names or booleans", () => {
    expect(isStep("review-2")).toBe(true);
    for (const other of ["terminal-ready", "planning.state", "phase.execute", true, null, 1]) {
      expect(isStep(other)).toBe(false);
    }
  });

  const strictness: [string, (raw: Raw) => unknown, string][] = [
    ["truncated JSON", (raw) => JSON.stringify(raw, null, 2).slice(0, 200), "not JSON"],
    ["a newer version", (raw) => ({ ...raw, schema_version: 2, shiny: 1 }), "use a newer one"],
    ["an older version", (raw) => ({ ...raw, schema_version: 0 }), "must be 1, not 0"],
    ["a boolean version", (raw) => ({ ...raw, schema_version: true }), "must be a whole number"],
    ["an unknown key", (raw) => ({ ...raw, note: "" }), "note is not a known key"],
    ["a key of a step", (raw) => edit(raw, 0, { note: 1 }), "completed_steps[0].note is not a"],
    ["an output beside stdout", (raw) => edit(raw, 0, { outputs: { stdout: "x", y: 1 } }), ".y is"],
    ["a missing key", ({ final_reason: _, ...raw }) => raw, "final_reason is missing"],
    ["a list for an object", () => [], "the document must be an object"],
    ["a key given twice", (raw) => JSON.stringify(raw).replace("{", '{"target":"x",'), "twice"],
    ["a decision without reason", (raw) => ({ ...raw, final_reason: "" }), "must say why"],
    ["a boolean model", (raw) => edit(raw, 0, { model: true }), ".model must be a string"],
  ];

  test.each(strictness)("%s is refused with its place", (_, change, detail) => {
    const found = complaint(change);
    expect(found?.message).toContain(detail);
    if (!detail.includes("twice")) expect(found?.place?.line).toBeGreaterThan(0);
  });

  test("a state that is not UTF-8, and a directory in its place, are refused", () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { files: { ".planning/state.json": null } });
    const file = join(dir, ".planning/state.json");
    expect(existsSync(file)).toBe(false);
    expect(loadState({ disk: site.disk, slug, dir })).toBeNull();
    realDisk.makeDir(join(dir, ".planning"));
    writeFileSync(file, Buffer.from([0x7b, 0xff, 0x7d]));
    expect(() => loadState({ disk: site.disk, slug, dir })).toThrow("it is not UTF-8");
    rmSync(file);
    realDisk.makeDir(file);
    expect(() => loadState({ disk: site.disk, slug, dir })).toThrow("it is a directory");
  });
});

describe("replay and anchors, on load", () => {
  test("a stored cursor behind its history", () => {
    const found = complaint((raw) => ({ ...raw, next_step: "review" }));
    expect(found?.message).toBe("next_step is review, but its history leads to terminal-ready");
  });

  test("final-review stored though findings demand revise", () => {
    const found = complaint(
      (raw) => ({ ...raw, next_step: "final-review" }),
      ["approaches", "pick-best", "expand", ["review", "findings"]],
    );
    expect(found?.message).toBe("next_step is final-review, but its history leads to revise");
  });

  test("revise in history after a clear review, without an anchor", () => {
    const found = complaint((raw) => edit(raw, 4, { name: "revise", outcome: "completed" }));
    expect(found?.message).toBe("completed_steps[4] is revise, but final-review comes next");
  });

  test("the full branch through review-2 keeps the findings ref", () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: withFindings });
    const state = loadState({ disk: site.disk, slug, dir });
    expect(state?.reviewFindings).toBe("migrations/shed/.planning/stages/review.stdout.md");
    expect(state?.nextStep).toBe("terminal-ready-awaiting-human");
  });

  test("a legacy count loads as a list, reopens a needs-human terminal, and is saved as a list", () => {
    using site = makeSite();
    const told: Told = [...toApproval.slice(0, 4), ["final-review", "approve-needs-human"]];
    const dir = writePlan(site, slug, { told });
    const file = join(dir, ".planning/state.json");
    const state = stateOf(slug, told, [5]);
    const { revision_base_step_counts: _, ...raw } = JSON.parse(formatState(state));
    writeFileSync(file, JSON.stringify({ ...raw, revision_base_step_count: 5 }));
    const scope = { disk: site.disk, slug, dir };
    const loaded = loadState(scope);
    expect(loaded?.revisionBases).toEqual([5]);
    expect(loaded?.nextStep).toBe("revise");
    saveState(scope, state);
    expect(JSON.parse(readFileSync(file, "utf8"))).not.toHaveProperty("revision_base_step_count");
    expect(JSON.parse(readFileSync(file, "utf8")).revision_base_step_counts).toEqual([5]);
  });

  const key = "revision_base_step_counts";
  const old = "revision_base_step_count";
  const anchors: [string, Record<string, unknown>, string][] = [
    ["equal", { [key]: [5, 5] }, `${key}[1] 5 must be from 6 to 5`],
    ["falling", { [key]: [5, 4] }, `${key}[1] 4 must be from 6 to 5`],
    ["0", { [key]: [0] }, `${key}[0] 0 must be from 1 to 5`],
    ["past the end", { [key]: [6] }, `${key}[0] 6 must be from 1 to 5`],
    ["a boolean", { [key]: [true] }, `${key}[0] must be a whole number`],
    ["a string", { [key]: ["5"] }, `${key}[0] must be a whole number`],
    ["a float", { [key]: [1.5] }, `${key}[0] must be a whole number`],
    ["null", { [key]: null }, `${key} must be a list`],
    ["both keys", { [key]: [5], [old]: 5 }, `${old} and ${key} are both there`],
    ["a boolean legacy count", { [key]: undefined, [old]: true }, `${old} must be a whole number`],
    ["a legacy count past the end", { [key]: undefined, [old]: 9 }, `${old} 9 must be from 1 to 5`],
  ];

  test.each(anchors)("anchors that are %s are refused", (_, change, detail) => {
    expect(complaint((raw) => ({ ...raw, ...change }))?.message).toContain(detail);
  });

  test("a null legacy key with a list is accepted", () => {
    expect(complaint((raw) => ({ ...raw, [old]: null }))).toBeNull();
  });
});

function setRef(raw: Raw, stdout: string): Raw {
  return edit(raw, 1, { outputs: { stdout } });
}

function edit(raw: Raw, index: number, change: Record<string, unknown>): Raw {
  const steps = raw.completed_steps.map((step, at) =>
    at === index ? { ...step, ...change } : step,
  );
  return { ...raw, completed_steps: steps };
}
