import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  isDue,
  phaseCandidates,
  phaseEligibility,
  planningCandidates,
  planningEligibility,
} from "../../../lib/planning/eligibility.ts";
import { type Manifest, newManifest } from "../../../lib/planning/manifest.ts";
import { stamp } from "../../../lib/planning/site.ts";
import { makeSite, testNow, toApproval, writePlan, writeText } from "./site.ts";

const hour = 3_600_000;
const at = (hours: number) => stamp(new Date(testNow.getTime() + hours * hour));
const plan = (change: Partial<Manifest>): Manifest => ({
  ...newManifest("shed", at(-500)),
  lastTouch: at(-1),
  ...change,
});
const due = (change: Partial<Manifest>) => isDue(plan(change), testNow, "m.json").eligible;

describe("eligibility", () => {
  test("touched an hour ago, no cooldown: yes", () => {
    expect(due({})).toBe(true);
  });

  test("a running cooldown beats any past wake-up and 6 h of rest", () => {
    const change = { cooldownUntil: at(1), wakeUpOn: at(-5), lastTouch: at(-7) };
    expect(due(change)).toBe(false);
    expect(due({ cooldownUntil: at(1), lastTouch: at(-24 * 30) })).toBe(false);
  });

  test("cooldown just over, wake-up past or exactly now: yes", () => {
    expect(due({ cooldownUntil: at(0), wakeUpOn: at(-1) })).toBe(true);
    expect(due({ cooldownUntil: at(0), wakeUpOn: at(0) })).toBe(true);
    expect(due({ cooldownUntil: at(0) })).toBe(true);
  });

  test("wake-up ahead, touched 7 h ago: no; touched 7 days ago: yes", () => {
    expect(due({ wakeUpOn: at(1), lastTouch: at(-7) })).toBe(false);
    expect(due({ wakeUpOn: at(1), lastTouch: at(-24 * 7) })).toBe(true);
  });

  test("a time in another offset counts; one without offset, or none at all, is located", () => {
    expect(due({ cooldownUntil: "2026-03-04T10:06:08+05:00" })).toBe(false);
    expect(due({ cooldownUntil: "2026-03-04T00:06:07-05:00" })).toBe(true);
    for (const bad of ["2026-03-04T05:06:07", "soon", "", "2026-13-45T00:00:00Z"]) {
      expect(() => due({ cooldownUntil: bad })).toThrow(`Cannot load "m.json": cooldown_until`);
    }
  });

  test("the review flag stops both kinds, and each kind has its statuses", () => {
    const file = "m.json";
    const planning = (change: Partial<Manifest>) =>
      planningEligibility(plan(change), testNow, file).eligible;
    expect(planning({})).toBe(true);
    expect(planning({ awaitingHumanReview: true })).toBe(false);
    expect(planning({ status: "ready" })).toBe(false);
    const phases = [
      {
        name: "sort",
        file: "x",
        done: false,
        precondition: "",
        requiredEffort: null,
        effortReason: null,
      },
    ];
    const phase = (change: Partial<Manifest>) =>
      phaseEligibility(plan({ phases, currentPhase: "sort", ...change }), testNow, file, "xhigh")
        .eligible;
    for (const status of ["ready", "in-progress"] as const) expect(phase({ status })).toBe(true);
    for (const status of ["planning", "done", "skipped"] as const) {
      expect(phase({ status })).toBe(false);
    }
    expect(phase({ status: "ready", awaitingHumanReview: true })).toBe(false);
    expect(phase({ status: "ready", currentPhase: "" })).toBe(false);
  });
});

describe("candidates", () => {
  test("of an absent live dir are none", () => {
    using site = makeSite();
    expect(planningCandidates(site, new Set())).toEqual([]);
    expect(phaseCandidates(site, "xhigh")).toEqual([]);
  });

  test("noise, empty cursor, awaiting review left out; oldest first", () => {
    using site = makeSite();
    const ready = (slug: string, manifest: Partial<Manifest> = {}) =>
      writePlan(site, slug, { told: toApproval, manifest });
    ready("young", { createdAt: at(-1) });
    ready("old", { createdAt: at(-9) });
    ready("empty", { currentPhase: "" });
    ready("waiting", { awaitingHumanReview: true });
    writeText(`${site.root}/migrations/noise.txt`, "x");
    writeText(`${site.root}/migrations/folder/plan.md`, "no manifest");
    const slugs = phaseCandidates(site, "xhigh").map(({ slug }) => slug);
    expect(slugs).toEqual(["old", "young"]);
  });

  test("the effort exception lists a cooling migration once; appears when the cap rises", () => {
    using site = makeSite();
    const dir = writePlan(site, "shed", {
      told: toApproval,
      manifest: { cooldownUntil: at(3), wakeUpOn: at(100) },
    });
    const cooling = () => phaseCandidates(site, "medium").map(({ slug }) => slug);
    expect(cooling()).toEqual([]);
    const file = `${dir}/manifest.json`;
    const text = readFileSync(file, "utf8");
    writeText(file, text.replace('"required_effort": null', '"required_effort": "high"'));
    expect(cooling()).toEqual([]);
    expect(phaseCandidates(site, "high").map(({ slug }) => slug)).toEqual(["shed"]);
    const later = { ...site, now: () => new Date(testNow.getTime() + 4 * hour) };
    expect(phaseCandidates(later, "high")).toEqual([]);
  });

  test("the planning list leaves out review and cooling ones, and what is to be skipped", () => {
    using site = makeSite();
    writePlan(site, "a");
    writePlan(site, "b", { manifest: { awaitingHumanReview: true } });
    writePlan(site, "c", { manifest: { cooldownUntil: at(1) } });
    writePlan(site, "d");
    const slugs = (skip: string[]) =>
      planningCandidates(site, new Set(skip)).map(({ slug }) => slug);
    expect(slugs([])).toEqual(["a", "d"]);
    expect(slugs(["a"])).toEqual(["d"]);
  });
});
