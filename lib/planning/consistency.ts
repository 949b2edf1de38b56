/** The consistency of one migration: what has to be true before it is published or executed. */

import { join, resolve } from "node:path";
import type { Disk } from "../change/disk.ts";
import { describeError, ToolkitError } from "../errors.ts";
import { isInside } from "../paths.ts";
import { loadManifest, type Manifest, manifestName, type Phase } from "./manifest.ts";
import { headings, type PhaseDocument, phaseDocuments, sectionOf } from "./phases.ts";
import { mayBeInside } from "./refs.ts";
import { loadState, stateName } from "./state-file.ts";

/** When a migration is checked: as a plan in progress, to be approved, to be executed, by doctor. */
export type Mode = "planning-snapshot" | "ready-publish" | "execution-gate" | "doctor";

export type FindingCode =
  | "missing-manifest"
  | "invalid-manifest"
  | "manifest-slug-mismatch"
  | "duplicate-phase-doc-index"
  | "duplicate-phase-doc-name"
  | "invalid-phase-file-reference"
  | "phase-file-escapes-migration"
  | "phase-file-not-regular"
  | "missing-phase-file"
  | "missing-plan"
  | "missing-manifest-phases"
  | "invalid-current-phase"
  | "phase-doc-not-in-manifest"
  | "missing-phase-precondition"
  | "missing-phase-definition-of-done"
  | "planning-state-missing"
  | "planning-state-invalid"
  | "phase-rolled-back"
  | "transaction-root-invalid"
  | "publish-lock-present"
  | "transaction-leftover";

export interface Finding {
  /** Only errors block. */
  severity: "error" | "warning" | "info";
  mode: Mode;
  code: FindingCode;
  /** Absolute. */
  path: string;
  message: string;
}

/** Codes that not every mode asks for: `ready` asks of a ready or running migration only. */
const asked: Partial<Record<FindingCode, Partial<Record<Mode, "always" | "ready">>>> = {
  "missing-plan": { "ready-publish": "always", "execution-gate": "ready", doctor: "ready" },
  "missing-manifest-phases": { "ready-publish": "always", doctor: "ready" },
  "invalid-current-phase": { "ready-publish": "always", doctor: "ready" },
  "phase-doc-not-in-manifest": { "ready-publish": "always", doctor: "ready" },
  "missing-phase-precondition": { "ready-publish": "always", doctor: "ready" },
  "missing-phase-definition-of-done": { "ready-publish": "always", doctor: "ready" },
  "planning-state-missing": { doctor: "always" },
  "planning-state-invalid": { doctor: "always" },
};

export interface Checked {
  disk: Disk;
  /** This copy of the migration: live, workspace or staged. */
  dir: string;
  slug: string;
  mode: Mode;
}

/** Whether any of these findings stands in the way. */
export function blocks(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity === "error");
}

/** The codes of what blocks, for a message. */
export function codesOf(findings: readonly Finding[]): string {
  const codes = findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
  return [...new Set(codes)].join(", ");
}

/** Everything that is wrong with a migration in a mode, most basic first. */
export function checkMigration(checked: Checked): Finding[] {
  const { disk, dir, slug, mode } = checked;
  const finding = (code: FindingCode, path: string, message: string): Finding => {
    return { severity: "error", mode, code, path, message };
  };
  const file = join(dir, manifestName);
  let manifest: Manifest | null;
  try {
    manifest = loadManifest(disk, dir);
  } catch (error) {
    return [finding("invalid-manifest", file, located(error))];
  }
  if (manifest === null) return [finding("missing-manifest", file, "there is no manifest")];
  const found: Finding[] = [];
  if (manifest.name !== slug) {
    const message = `it names "${manifest.name}", its folder is "${slug}"`;
    found.push(finding("manifest-slug-mismatch", file, message));
  }
  const documents = phaseDocuments(disk, dir);
  const context = { ...checked, manifest, documents, finding };
  found.push(...duplicates(context), ...phaseFiles(context), ...completeness(context));
  if (manifest.status === "planning") found.push(...planningState(context));
  const isReady = manifest.status === "ready" || manifest.status === "in-progress";
  return found.filter(({ code }) => {
    const modes = asked[code];
    return modes === undefined || modes[mode] === "always" || (modes[mode] === "ready" && isReady);
  });
}

interface Context extends Checked {
  manifest: Manifest;
  documents: PhaseDocument[];
  finding(code: FindingCode, path: string, message: string): Finding;
}

/** The message with the place that an error has. */
function located(error: unknown): string {
  const text = describeError(error).replace(/^Cannot load "[^"]*": /, "");
  const place = error instanceof ToolkitError ? error.place : undefined;
  return place?.line === undefined ? text : `${place.line}:${place.column ?? 1}: ${text}`;
}

function duplicates({ dir, documents, finding }: Context): Finding[] {
  const found: Finding[] = [];
  for (const [index, document] of documents.entries()) {
    const earlier = documents.slice(0, index);
    const path = join(dir, document.file);
    const byNumber = earlier.find(({ number }) => number === document.number);
    if (byNumber !== undefined) {
      const message = `${byNumber.file} has the number ${document.number} too`;
      found.push(finding("duplicate-phase-doc-index", path, message));
    }
    const byName = earlier.find(({ name }) => name === document.name);
    if (byName !== undefined) {
      const message = `${byName.file} has the name "${document.name}" too`;
      found.push(finding("duplicate-phase-doc-name", path, message));
    }
  }
  return found;
}

function phaseFiles(context: Context): Finding[] {
  return context.manifest.phases.flatMap((phase) => phaseFile(context, phase) ?? []);
}

/** What is wrong with the file that a phase names, most dangerous first. */
function phaseFile({ disk, dir, finding }: Context, phase: Phase): Finding | null {
  const { file, name } = phase;
  const path = join(dir, manifestName);
  if (!mayBeInside(file)) {
    const message = `phase "${name}" names "${file}", which is no file of the migration`;
    return finding("invalid-phase-file-reference", path, message);
  }
  const target = join(dir, file);
  const stat = disk.lstat(target);
  const real = realTarget(disk, target);
  if (real !== null && !isInside(real, disk.realPath(dir))) {
    const message = `phase "${name}" names "${file}", which leads out of the migration`;
    return finding("phase-file-escapes-migration", target, message);
  }
  if (stat === null) {
    return finding("missing-phase-file", target, `phase "${name}" names it, it is not there`);
  }
  if (stat.kind === "file") return null;
  const message = `phase "${name}" names it, it is a ${stat.kind}`;
  return finding("phase-file-not-regular", target, message);
}

/** Where a path leads, also through a link to nothing; null when there is nothing at all. */
function realTarget(disk: Disk, path: string): string | null {
  try {
    return disk.realPath(path);
  } catch {
    if (disk.lstat(path)?.kind !== "symlink") return null;
    const parent = disk.realPath(resolve(path, ".."));
    return resolve(parent, disk.readLink(path));
  }
}

function completeness({ disk, dir, manifest, documents, finding }: Context): Finding[] {
  const found: Finding[] = [];
  const plan = join(dir, "plan.md");
  const file = join(dir, manifestName);
  if (disk.lstat(plan)?.kind !== "file") found.push(finding("missing-plan", plan, "is not there"));
  if (manifest.phases.length === 0) {
    found.push(finding("missing-manifest-phases", file, "there is no phase"));
  }
  if (!manifest.phases.some(({ name }) => name === manifest.currentPhase)) {
    const message = `the current phase "${manifest.currentPhase}" is none of the phases`;
    found.push(finding("invalid-current-phase", file, message));
  }
  for (const document of documents) {
    const path = join(dir, document.file);
    if (!manifest.phases.some(({ name }) => name === document.name)) {
      const message = `no phase is called "${document.name}"`;
      found.push(finding("phase-doc-not-in-manifest", path, message));
    }
    if (disk.lstat(path)?.kind !== "file") continue;
    let text: string;
    try {
      text = new TextDecoder().decode(disk.readFile(path));
    } catch (error) {
      const message = `it cannot be read: ${describeError(error)}`;
      found.push(finding("phase-file-not-regular", path, message));
      continue;
    }
    if (sectionOf(text, headings.precondition) === null) {
      const message = `the heading "## ${headings.precondition}" is missing`;
      found.push(finding("missing-phase-precondition", path, message));
    }
    if (sectionOf(text, headings.done) === null) {
      const message = `the heading "## ${headings.done}" is missing`;
      found.push(finding("missing-phase-definition-of-done", path, message));
    }
  }
  return found;
}

function planningState({ disk, dir, slug, mode, finding }: Context): Finding[] {
  if (mode !== "doctor") return [];
  const path = join(dir, stateName);
  try {
    if (loadState({ disk, slug, dir }) !== null) return [];
    return [finding("planning-state-missing", path, "a plan in progress needs its state")];
  } catch (error) {
    return [finding("planning-state-invalid", path, located(error))];
  }
}
