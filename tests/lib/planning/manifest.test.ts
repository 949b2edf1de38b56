import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { realDisk } from "../../../lib/change/disk.ts";
import { ToolkitError } from "../../../lib/errors.ts";
import { efforts } from "../../../lib/planning/effort.ts";
import {
  formatManifest,
  loadManifest,
  type Manifest,
  newManifest,
  requireManifest,
  saveManifest,
  statuses,
  touched,
  withPhaseDone,
} from "../../../lib/planning/manifest.ts";
import { makeSite, testStamp, toApproval, writePlan } from "./site.ts";

const slug = "shed";
type Raw = Record<string, unknown> & { phases: Record<string, unknown>[] };

function loadEdited(edit: (raw: Raw) => unknown): Manifest | null {
  using site = makeSite();
  const dir = writePlan(site, slug, { told: toApproval });
  const file = join(dir, "manifest.json");
  const raw = JSON.parse(readFileSync(file, "utf8")) as Raw;
  const edited = edit(raw) ?? raw;
  writeFileSync(file, typeof edited === "string" ? edited : JSON.stringify(edited, null, 2));
  return loadManifest(site.disk, dir);
}

function complaint(edit: (raw: Raw) => unknown): ToolkitError {
  try {
    loadEdited(edit);
  } catch (error) {
    if (error instanceof ToolkitError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

function firstPhase(raw: Raw, change: Record<string, unknown>): Raw {
  const [first, ...rest] = raw.phases;
  return { ...raw, phases: [{ ...first, ...change }, ...rest] };
}

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const textOrNull = fc.option(text, { nil: null });
const manifests = fc
  .uniqueArray(
    text.filter((name) => name !== ""),
    { maxLength: 4 },
  )
  .chain((names) =>
    fc.record<Manifest>({
      name: text,
      createdAt: text,
      lastTouch: text,
      wakeUpOn: textOrNull,
      cooldownUntil: textOrNull,
      awaitingHumanReview: fc.boolean(),
      humanReviewReason: textOrNull,
      status: fc.constantFrom(...statuses),
      currentPhase: fc.constantFrom("", ...names),
      phases: fc.tuple(
        ...names.map((name) =>
          fc.record({
            name: fc.constant(name),
            file: text,
            done: fc.boolean(),
            precondition: text,
            requiredEffort: fc.option(fc.constantFrom(...efforts), { nil: null }),
            effortReason: textOrNull,
          }),
        ),
      ),
    }),
  );

describe("manifest codec", () => {
  test("random manifests come back as they were, effort fields kept or null", () => {
    using site = makeSite();
    fc.assert(
      fc.property(manifests, (manifest) => {
        saveManifest(site.disk, site.home, manifest);
        expect(loadManifest(site.disk, site.home)).toEqual(manifest);
      }),
      { numRuns: 60 },
    );
  });

  test("what is optional has its default", () => {
    const manifest = loadEdited((raw) => ({
      name: raw.name,
      created_at: "a",
      last_touch: "b",
      status: "planning",
      current_phase: "",
      extra: "dropped",
    }));
    expect(manifest).toEqual({ ...newManifest(slug, "a"), lastTouch: "b" });
  });

  const refused: [string, (raw: Raw) => unknown, string][] = [
    ["bad JSON", (raw) => JSON.stringify(raw).slice(0, -9), "not JSON"],
    ["a root of another kind", () => [], "the document must be an object"],
    ["phases of another kind", (raw) => ({ ...raw, phases: {} }), "phases must be a list"],
    ["an entry of another kind", (raw) => ({ ...raw, phases: ["a"] }), "phases[0] must be an obj"],
    ["a missing field", ({ name: _, ...raw }) => raw, "name is missing"],
    ["a missing phase field", (raw) => firstPhase(raw, { file: undefined }), "[0].file is missing"],
    ["a status that is no string", (raw) => ({ ...raw, status: 3 }), "status must be a string"],
    ["an unknown status", (raw) => ({ ...raw, status: "waiting" }), "status must be one of"],
    ["a boolean cursor", (raw) => ({ ...raw, current_phase: true }), "current_phase must be a str"],
    ["a null cursor", (raw) => ({ ...raw, current_phase: null }), "current_phase must be a str"],
    ["an unknown phase name", (raw) => ({ ...raw, current_phase: "x" }), '"x" is no phase'],
    [
      "an effort there is none of",
      (raw) => firstPhase(raw, { required_effort: "max" }),
      "phases[0].required_effort must be one of low",
    ],
    ["a flag that is no boolean", (raw) => ({ ...raw, awaiting_human_review: "no" }), "true or"],
    ["two phases of one name", (raw) => firstPhase(raw, { name: "sweep" }), "another phase's name"],
    [
      "neither precondition nor its older name",
      (raw) => firstPhase(raw, { precondition: undefined }),
      "precondition is missing",
    ],
  ];

  test.each(refused)("%s is refused with its place", (_, edit, detail) => {
    const error = complaint(edit);
    expect(error.message).toContain(detail);
    expect(error.outcome).toBe("invalid");
    expect(error.place?.line).toBeGreaterThan(0);
    expect(error.place?.file).toEndWith("/migrations/shed/manifest.json");
  });

  test("a directory or a link at the path is refused", () => {
    using site = makeSite();
    const dir = writePlan(site, slug);
    const file = join(dir, "manifest.json");
    rmSync(file);
    expect(loadManifest(site.disk, dir)).toBeNull();
    expect(() => requireManifest(site.disk, dir)).toThrow("it is missing");
    mkdirSync(file);
    expect(() => loadManifest(site.disk, dir)).toThrow("it is a directory, not a file");
    rmSync(file, { recursive: true });
    symlinkSync("/etc/passwd", file);
    expect(() => loadManifest(site.disk, dir)).toThrow("it is a symlink, not a file");
  });

  test("legacy ready_when is accepted, precondition wins over it", () => {
    const old = loadEdited((raw) =>
      firstPhase(raw, { precondition: undefined, ready_when: "old words" }),
    );
    expect(old?.phases[0]?.precondition).toBe("old words");
    const both = loadEdited((raw) => firstPhase(raw, { ready_when: "old words" }));
    expect(both?.phases[0]?.precondition).toBe("Before sort.");
  });

  test("an integer cursor in range, out of range, without phases; an empty one with phases", () => {
    const at = (current_phase: unknown, change = {}) =>
      loadEdited((raw) => ({ ...raw, current_phase, ...change }))?.currentPhase;
    expect(at(1)).toBe("sweep");
    expect(at(2)).toBe("");
    expect(at(-1)).toBe("");
    expect(at(0, { phases: null })).toBe("");
    expect(at("")).toBe("");
  });

  test("an unknown status or cursor and duplicate names are refused before the old file is touched", () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: toApproval });
    const before = readFileSync(join(dir, "manifest.json"), "utf8");
    const manifest = requireManifest(site.disk, dir);
    const save = (change: object) => saveManifest(site.disk, dir, { ...manifest, ...change });
    expect(() => save({ status: "waiting" })).toThrow('"waiting" is no status');
    expect(() => save({ currentPhase: "x" })).toThrow('"x" is not listed');
    const [first] = manifest.phases;
    expect(() => save({ phases: [first, first] })).toThrow('two phases are called "sort"');
    expect(readFileSync(join(dir, "manifest.json"), "utf8")).toBe(before);
  });

  test("the output is sorted, indented and ASCII; no temp file is left, also on a failed rename", () => {
    using site = makeSite();
    const dir = join(site.home, "m");
    mkdirSync(dir);
    const manifest = { ...newManifest("schön", testStamp), humanReviewReason: "😀" };
    saveManifest(site.disk, dir, manifest);
    const saved = readFileSync(join(dir, "manifest.json"), "utf8");
    expect(saved).toBe(formatManifest(manifest));
    expect(saved).toStartWith('{\n  "awaiting_human_review": false,\n  "cooldown_until": null,\n');
    expect(saved).toContain('"name": "sch\\u00f6n"');
    expect(saved).toContain('"\\ud83d\\ude00"');
    expect(saved).toEndWith("}\n");
    const failing = {
      ...realDisk,
      replace() {
        throw new Error("no space");
      },
    };
    expect(() => saveManifest(failing, dir, newManifest("b", testStamp))).toThrow("no space");
    expect(readdirSync(dir)).toEqual(["manifest.json"]);
    expect(readFileSync(join(dir, "manifest.json"), "utf8")).toBe(saved);
  });

  test("touching copies the manifest and changes last_touch only", () => {
    const manifest = newManifest(slug, testStamp);
    expect(touched(manifest, "later")).toEqual({ ...manifest, lastTouch: "later" });
    expect(manifest.lastTouch).toBe(testStamp);
  });
});

describe("completing a phase", () => {
  const ready = () =>
    loadEdited((raw) => ({
      ...raw,
      awaiting_human_review: true,
      human_review_reason: "why",
      cooldown_until: "c",
      wake_up_on: "w",
    }));
  const cleared = {
    wakeUpOn: null,
    cooldownUntil: null,
    awaitingHumanReview: false,
    humanReviewReason: null,
  };

  test("makes the next one current and clears the markers", () => {
    const manifest = ready();
    if (manifest === null) throw new Error("no manifest");
    const after = withPhaseDone(manifest, "sort", "now");
    expect(after).toMatchObject({ ...cleared, currentPhase: "sweep", status: "ready" });
    expect(after.phases.map(({ done }) => done)).toEqual([true, false]);
    const last = withPhaseDone(after, "sweep", "now");
    expect(last).toMatchObject({ ...cleared, currentPhase: "", status: "done" });
  });

  test("leads back to one that was passed over: done is only what all of it is", () => {
    const manifest = ready();
    if (manifest === null) throw new Error("no manifest");
    const after = withPhaseDone({ ...manifest, currentPhase: "sweep" }, "sweep", "now");
    expect(after).toMatchObject({ currentPhase: "sort", status: "ready" });
  });

  test("of an unknown phase is refused", () => {
    const manifest = ready();
    if (manifest === null) throw new Error("no manifest");
    expect(() => withPhaseDone(manifest, "x", "now")).toThrow('Cannot complete "x"');
  });
});
