/** Phase documents, `phase-<number>-<name>.md`: what they say, and the phases they make. */

import { join } from "node:path";
import type { Disk } from "../change/disk.ts";
import { ToolkitError } from "../errors.ts";
import { type Effort, efforts } from "./effort.ts";
import type { Manifest, Phase } from "./manifest.ts";

/** One document at the top level of a migration. */
export interface PhaseDocument {
  /** File name. */
  file: string;
  number: number;
  name: string;
}

/** The level-2 headings that a document may have. */
export const headings = {
  precondition: "Precondition",
  done: "Definition of Done",
  effort: "Required Effort",
  reason: "Effort Reason",
} as const;

/** The documents of a migration, by number and then by name; anything else is not looked at. */
export function phaseDocuments(disk: Disk, dir: string): PhaseDocument[] {
  const documents: PhaseDocument[] = [];
  for (const file of disk.readDir(dir)) {
    const [, number = "", name = ""] = /^phase-(\d+)-(.+)\.md$/.exec(file) ?? [];
    if (name !== "") documents.push({ file, number: Number(number), name });
  }
  return documents.sort((a, b) => a.number - b.number || (a.file < b.file ? -1 : 1));
}

/**
 * The text under a level-2 heading, without surrounding blank lines; null when it is not there.
 * A heading stands alone on its line, in any case.
 */
export function sectionOf(text: string, heading: string): string | null {
  const lines = text.split(/\r?\n/);
  const titleOf = (line: string) => /^##\s+(.*?)\s*#*\s*$/.exec(line)?.[1]?.toLowerCase();
  const start = lines.findIndex((line) => titleOf(line) === heading.toLowerCase());
  if (start === -1) return null;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^#{1,2}\s/.test(line));
  return (end === -1 ? rest : rest.slice(0, end)).join("\n").trim();
}

/**
 * What a document says of its phase: its sections first, else lines such as `precondition: …`.
 *
 * @throws ToolkitError `invalid` for an effort tier that there is none of
 */
export function readPhase(text: string, document: PhaseDocument): Phase {
  const field = (heading: string, key: string) => {
    const section = sectionOf(text, heading);
    if (section) return section;
    const line = new RegExp(`^${key}:[ \\t]*(.*)$`, "im").exec(text)?.[1]?.trim();
    return line === "" ? undefined : line;
  };
  const precondition = field(headings.precondition, "precondition");
  const effort = field(headings.effort, "required_effort");
  return {
    name: document.name,
    file: document.file,
    done: false,
    precondition: oneLine(precondition ?? `What ${document.file} builds on is in place.`),
    requiredEffort: effort === undefined ? null : readEffort(effort, document.file),
    effortReason: oneLine(field(headings.reason, "effort_reason") ?? "") || null,
  };
}

function readEffort(text: string, file: string): Effort {
  const word = (text.split(/\s+/)[0] ?? "").replace(/^[`.,;:]+|[`.,;:]+$/g, "");
  const found = efforts.find((effort) => effort === word);
  if (found !== undefined) return found;
  throw new ToolkitError(
    "invalid",
    `Cannot read the effort of "${file}": "${word}" is none of ${efforts.join(", ")}`,
    { place: { file } },
  );
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/**
 * The manifest with its phases built anew from the documents, none of them done. The current
 * phase stays if it is still there; else the first is current.
 *
 * @throws ToolkitError `invalid` for two phases of one name, or an effort that there is none of
 */
export function withDiscoveredPhases(disk: Disk, dir: string, manifest: Manifest): Manifest {
  const phases: Phase[] = [];
  for (const document of phaseDocuments(disk, dir)) {
    const text = new TextDecoder().decode(disk.readFile(join(dir, document.file)));
    const twin = phases.find((phase) => phase.name === document.name);
    if (twin !== undefined) {
      const names = `${twin.file} and ${document.file}`;
      throw new ToolkitError("invalid", `Cannot tell phases apart: ${names} have one name`);
    }
    phases.push(readPhase(text, document));
  }
  const kept = phases.some((phase) => phase.name === manifest.currentPhase);
  const currentPhase = kept ? manifest.currentPhase : (phases[0]?.name ?? "");
  return { ...manifest, phases, currentPhase };
}
