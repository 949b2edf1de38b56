/** Plans on disk for tests: an empty root of its own, and migrations at any point of their life. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Disk, realDisk } from "../../../lib/change/disk.ts";
import { formatManifest, type Manifest, newManifest } from "../../../lib/planning/manifest.ts";
import { migrationDirOf, type Site, stamp } from "../../../lib/planning/site.ts";
import {
  type CompletedStep,
  newState,
  type PlanningState,
  replay,
} from "../../../lib/planning/state.ts";
import { formatState } from "../../../lib/planning/state-file.ts";
import type { StepName, StepOutcome } from "../../../lib/planning/steps.ts";

export interface TestSite extends Site, Disposable {
  /** A directory for whatever else a test needs; `root` and `stateDir` are below it. */
  home: string;
}

export const testNow = new Date("2026-03-04T05:06:07.008Z");
export const testStamp = stamp(testNow);

/** An empty root; `using` removes it. */
export function makeSite(options: { disk?: Disk; now?: () => Date } = {}): TestSite {
  const home = realpathSync(mkdtempSync(join(tmpdir(), "ao-plan-")));
  const root = join(home, "root");
  mkdirSync(root);
  return {
    home,
    root,
    stateDir: join(home, "state"),
    disk: options.disk ?? realDisk,
    env: { PATH: process.env.PATH, HOME: home, GIT_CONFIG_GLOBAL: "/dev/null" },
    now: options.now ?? (() => testNow),
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}

export function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

export const phaseText = (precondition: string, done = "It is there.") =>
  `# Phase\n\n## Precondition\n\n${precondition}\n\n## Definition of Done\n\n${done}\n`;

/** A history as `[name, outcome]`, or the name alone for `completed`. */
export type Told = readonly (StepName | readonly [StepName, StepOutcome])[];

/** Five steps up to a plan that was approved. */
export const toApproval: Told = [
  "approaches",
  "pick-best",
  "expand",
  ["review", "clear"],
  ["final-review", "approve-auto"],
];

/** Accepted steps whose outputs are those that the state machine would have written. */
export function stepsOf(slug: string, told: Told): CompletedStep[] {
  const counts = new Map<string, number>();
  return told.map((entry) => {
    const [name, outcome] = typeof entry === "string" ? [entry, "completed" as const] : entry;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    const file = `${name}${count === 1 ? "" : `-${count}`}`;
    const stdout = `migrations/${slug}/.planning/stages/${file}.stdout.md`;
    return { name, outcome, completedAt: testStamp, outputs: { stdout } };
  });
}

/** The state that a history leads to. */
export function stateOf(slug: string, told: Told, anchors: number[] = []): PlanningState {
  const completedSteps = stepsOf(slug, told);
  const replayed = replay(completedSteps, anchors);
  if ("fault" in replayed) throw new Error(JSON.stringify(replayed.fault));
  return {
    ...newState("Tidy the shed", testStamp),
    completedSteps,
    revisionBases: anchors,
    nextStep: replayed.cursor,
    reviewFindings: replayed.reviewFindings,
    finalDecision: replayed.finalDecision,
    finalReason: replayed.finalDecision === null ? null : "small and safe",
  };
}

export interface PlanSpec {
  told?: Told;
  anchors?: number[];
  manifest?: Partial<Manifest>;
  /** File name below the migration → text; null leaves a default one out. */
  files?: Record<string, string | null>;
  state?: false;
}

/** Writes a live migration that stands where its history leads. */
export function writePlan(site: Site, slug: string, spec: PlanSpec = {}): string {
  const dir = migrationDirOf(site, slug);
  const told = spec.told ?? [];
  const state = stateOf(slug, told, spec.anchors ?? []);
  const expanded = told.includes("expand");
  const phase = (name: string, number: number) => ({
    name,
    file: `phase-${number}-${name}.md`,
    done: false,
    precondition: `Before ${name}.`,
    requiredEffort: null,
    effortReason: null,
  });
  const manifest: Manifest = {
    ...newManifest(slug, testStamp),
    ...(expanded ? { phases: [phase("sort", 1), phase("sweep", 2)], currentPhase: "sort" } : {}),
    ...(state.finalDecision?.startsWith("approve") ? { status: "ready" } : {}),
    ...spec.manifest,
  };
  const files: Record<string, string | null> = {
    "manifest.json": formatManifest(manifest),
    ...(expanded
      ? {
          "plan.md": "# Plan\n",
          "phase-1-sort.md": phaseText("Before sort."),
          "phase-2-sweep.md": phaseText("Before sweep."),
        }
      : {}),
    ...(spec.state === false ? {} : { ".planning/state.json": formatState(state) }),
    ...Object.fromEntries(
      state.completedSteps.map((step) => [
        step.outputs.stdout.slice(`migrations/${slug}/`.length),
        `output of ${step.name}\n`,
      ]),
    ),
    ...spec.files,
  };
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    if (text !== null) writeText(join(dir, name), text);
  }
  return dir;
}
