/** `manifest.json`: what a migration is, how far it is, and when it may go on. */

import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { ToolkitError } from "../errors.ts";
import { type Field, formatDocument, readDocument } from "./document.ts";
import { type Effort, efforts } from "./effort.ts";
import { saveFile } from "./save.ts";

export const statuses = ["planning", "ready", "in-progress", "skipped", "done"] as const;
export type Status = (typeof statuses)[number];

export interface Phase {
  name: string;
  /** Relative to the migration. */
  file: string;
  done: boolean;
  precondition: string;
  requiredEffort: Effort | null;
  effortReason: string | null;
}

export interface Manifest {
  name: string;
  createdAt: string;
  lastTouch: string;
  wakeUpOn: string | null;
  cooldownUntil: string | null;
  awaitingHumanReview: boolean;
  humanReviewReason: string | null;
  status: Status;
  /** A listed phase's name, or `""`. */
  currentPhase: string;
  phases: Phase[];
}

export const manifestName = "manifest.json";

/** A manifest as a new plan has it. */
export function newManifest(slug: string, at: string): Manifest {
  return {
    name: slug,
    createdAt: at,
    lastTouch: at,
    wakeUpOn: null,
    cooldownUntil: null,
    awaitingHumanReview: false,
    humanReviewReason: null,
    status: "planning",
    currentPhase: "",
    phases: [],
  };
}

/**
 * Reads the manifest in a migration's directory; null when there is none.
 *
 * @throws ToolkitError `invalid` with its place
 */
export function loadManifest(disk: Disk, dir: string): Manifest | null {
  const root = readDocument(disk, join(dir, manifestName));
  return root === null ? null : readManifest(root);
}

/**
 * Reads the manifest that has to be there.
 *
 * @throws ToolkitError `invalid`
 */
export function requireManifest(disk: Disk, dir: string): Manifest {
  const manifest = loadManifest(disk, dir);
  if (manifest !== null) return manifest;
  const file = join(dir, manifestName);
  throw new ToolkitError("invalid", `Cannot load "${file}": it is missing`, { place: { file } });
}

/** The manifest in a document; unknown keys are dropped, older spellings understood. */
export function readManifest(root: Field): Manifest {
  root.object();
  const awaiting = root.get("awaiting_human_review");
  const phases = readPhases(root.get("phases"));
  return {
    name: root.get("name").string(),
    createdAt: root.get("created_at").string(),
    lastTouch: root.get("last_touch").string(),
    wakeUpOn: root.get("wake_up_on").optionalString(),
    cooldownUntil: root.get("cooldown_until").optionalString(),
    awaitingHumanReview: awaiting.isAbsent ? false : awaiting.boolean(),
    humanReviewReason: root.get("human_review_reason").optionalString(),
    status: root.get("status").oneOf(statuses),
    currentPhase: readCurrentPhase(root.get("current_phase"), phases),
    phases,
  };
}

function readPhases(field: Field): Phase[] {
  if (field.isEmpty) return [];
  const phases: Phase[] = [];
  for (const entry of field.list()) {
    const phase = readPhase(entry.object());
    if (phases.some(({ name }) => name === phase.name)) {
      entry.get("name").fail(`"${phase.name}" is another phase's name too`);
    }
    phases.push(phase);
  }
  return phases;
}

function readPhase(entry: Field): Phase {
  const precondition = entry.get("precondition");
  const legacy = entry.get("ready_when");
  const effort = entry.get("required_effort");
  return {
    name: entry.get("name").string(),
    file: entry.get("file").string(),
    done: entry.get("done").boolean(),
    precondition: (precondition.isAbsent && !legacy.isAbsent ? legacy : precondition).string(),
    requiredEffort: effort.isEmpty ? null : effort.oneOf(efforts),
    effortReason: entry.get("effort_reason").optionalString(),
  };
}

/** A name, or of older manifests an index, which may lead nowhere. */
function readCurrentPhase(field: Field, phases: Phase[]): string {
  if (typeof field.value === "number") return phases[field.integer()]?.name ?? "";
  const name = field.string();
  if (name !== "" && !phases.some((phase) => phase.name === name)) {
    field.fail(`"${name}" is no phase of this migration`);
  }
  return name;
}

/** The manifest as its file has it: every field, nulls included. */
export function formatManifest(manifest: Manifest): string {
  return formatDocument({
    name: manifest.name,
    created_at: manifest.createdAt,
    last_touch: manifest.lastTouch,
    wake_up_on: manifest.wakeUpOn,
    cooldown_until: manifest.cooldownUntil,
    awaiting_human_review: manifest.awaitingHumanReview,
    human_review_reason: manifest.humanReviewReason,
    status: manifest.status,
    current_phase: manifest.currentPhase,
    phases: manifest.phases.map((phase) => ({
      name: phase.name,
      file: phase.file,
      done: phase.done,
      precondition: phase.precondition,
      required_effort: phase.requiredEffort,
      effort_reason: phase.effortReason,
    })),
  });
}

/**
 * Writes the manifest.
 *
 * @throws ToolkitError `invalid`, before the disk is touched, for one that could not be read back
 */
export function saveManifest(disk: Disk, dir: string, manifest: Manifest): void {
  const file = join(dir, manifestName);
  const refuse = (detail: string): never => {
    throw new ToolkitError("invalid", `Cannot save "${file}": ${detail}`);
  };
  const names = manifest.phases.map((phase) => phase.name);
  if (!statuses.includes(manifest.status)) refuse(`"${manifest.status}" is no status`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) refuse(`two phases are called "${twice}"`);
  if (manifest.currentPhase !== "" && !names.includes(manifest.currentPhase)) {
    refuse(`the current phase "${manifest.currentPhase}" is not listed`);
  }
  saveFile(disk, file, formatManifest(manifest));
}

/** A copy with another `last_touch`, and nothing else. */
export function touched(manifest: Manifest, at: string): Manifest {
  return { ...manifest, lastTouch: at };
}

/** The phase that comes next, if the cursor names one. */
export function currentPhaseOf(manifest: Manifest): Phase | undefined {
  return manifest.phases.find((phase) => phase.name === manifest.currentPhase);
}

/**
 * The manifest after a phase was done: the next open one is current, those before it coming last,
 * or all is done; whatever held the migration back is cleared.
 *
 * @throws ToolkitError `invalid` when there is no such phase
 */
export function withPhaseDone(manifest: Manifest, name: string, at: string): Manifest {
  const index = manifest.phases.findIndex((phase) => phase.name === name);
  if (index === -1) {
    throw new ToolkitError("invalid", `Cannot complete "${name}": it is no phase of this plan`);
  }
  const phases = manifest.phases.map((phase, at) =>
    at === index ? { ...phase, done: true } : phase,
  );
  const open = phases.filter(({ done }) => !done);
  const next = open.find((phase) => phases.indexOf(phase) > index) ?? open[0];
  return {
    ...manifest,
    lastTouch: at,
    wakeUpOn: null,
    cooldownUntil: null,
    awaitingHumanReview: false,
    humanReviewReason: null,
    status: next === undefined ? "done" : manifest.status,
    currentPhase: next?.name ?? "",
    phases,
  };
}
