/** When a migration may go on: cooldown, wake-up, staleness; and which ones come first. */

import { join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { type Effort, exceeds } from "./effort.ts";
import { currentPhaseOf, loadManifest, type Manifest, manifestName } from "./manifest.ts";
import { migrationDirOf, type Site, visibleSlugs } from "./site.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** How long a deferral keeps a migration back, and when it wakes by itself. */
export const cooldownMs = 6 * hour;
export const wakeUpMs = 7 * day;
/** Untouched for this long, a migration is looked at whatever its wake-up says. */
export const staleMs = 7 * day;

/** Why a migration waits, or that it does not. */
export type Eligibility = { eligible: true } | { eligible: false; reason: string };

/**
 * Whether the times let a migration go on.
 *
 * @throws ToolkitError `invalid` for a time that is none
 */
export function isDue(manifest: Manifest, now: Date, file: string): Eligibility {
  const at = (key: "cooldownUntil" | "wakeUpOn" | "lastTouch", name: string) => {
    const text = manifest[key];
    return text === null ? null : momentOf(text, name, file);
  };
  const cooldown = at("cooldownUntil", "cooldown_until");
  const wakeUp = at("wakeUpOn", "wake_up_on");
  const touched = at("lastTouch", "last_touch") ?? 0;
  if (cooldown !== null && cooldown > now.getTime()) {
    return notBefore(`it cools down until ${manifest.cooldownUntil}`, "cooldown_until");
  }
  if (wakeUp === null || wakeUp <= now.getTime()) return { eligible: true };
  if (now.getTime() - touched >= staleMs) return { eligible: true };
  return notBefore(`it wakes up on ${manifest.wakeUpOn}`, "wake_up_on");
}

/** Neither review nor refine changes when a plan wakes up, so its owner has to. */
function notBefore(state: string, key: string): Eligibility {
  return waits(`${state}; to go on before, make ${key} null in its ${manifestName}`);
}

/** Whether a planning step may run. The planning state is not looked at. */
export function planningEligibility(manifest: Manifest, now: Date, file: string): Eligibility {
  if (manifest.awaitingHumanReview) return waits("it awaits a review");
  if (manifest.status !== "planning") return waits(`its status is ${manifest.status}`);
  return isDue(manifest, now, file);
}

/** Whether a phase may run; one within the effort of this run does not wait for a cooldown. */
export function phaseEligibility(
  manifest: Manifest,
  now: Date,
  file: string,
  maxEffort: Effort,
): Eligibility {
  if (manifest.awaitingHumanReview) return waits("it awaits a review");
  if (manifest.status !== "ready" && manifest.status !== "in-progress") {
    return waits(`its status is ${manifest.status}`);
  }
  const phase = currentPhaseOf(manifest);
  if (phase === undefined) return waits("it has no current phase");
  const due = isDue(manifest, now, file);
  const { requiredEffort } = phase;
  const fits = requiredEffort !== null && !exceeds(requiredEffort, maxEffort);
  return fits && isCooling(manifest, now, file) ? { eligible: true } : due;
}

function isCooling({ cooldownUntil }: Manifest, now: Date, file: string): boolean {
  if (cooldownUntil === null) return false;
  return momentOf(cooldownUntil, "cooldown_until", file) > now.getTime();
}

function waits(reason: string): Eligibility {
  return { eligible: false, reason };
}

/** Milliseconds of an ISO 8601 moment, which has to say its offset. */
function momentOf(text: string, name: string, file: string): number {
  if (isMoment(text)) return Date.parse(text);
  throw new ToolkitError("invalid", `Cannot load "${file}": ${complaintOf(text, name)}`, {
    place: { file },
    hint: "write it as 2026-03-04T05:06:07+00:00",
  });
}

function isMoment(text: string): boolean {
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/;
  return form.test(text) && !Number.isNaN(Date.parse(text));
}

function complaintOf(text: string, name: string): string {
  return `${name} "${text}" is no moment with an offset`;
}

const moments = {
  created_at: "createdAt",
  last_touch: "lastTouch",
  cooldown_until: "cooldownUntil",
  wake_up_on: "wakeUpOn",
} as const;

/** Complaints about times of a manifest, over any of which every tick would stop. */
export function momentComplaints(manifest: Manifest): string[] {
  return Object.entries(moments).flatMap(([name, key]) => {
    const text = manifest[key];
    return text === null || isMoment(text) ? [] : [complaintOf(text, name)];
  });
}

export interface Candidate {
  slug: string;
  dir: string;
  manifest: Manifest;
}

/**
 * Every visible migration that has a manifest, oldest first.
 *
 * @throws ToolkitError `invalid` when one of them cannot be loaded
 */
export function loadedMigrations(site: Site): Candidate[] {
  const found: Candidate[] = [];
  for (const slug of visibleSlugs(site)) {
    const dir = migrationDirOf(site, slug);
    const manifest = loadManifest(site.disk, dir);
    if (manifest !== null) found.push({ slug, dir, manifest });
  }
  const created = ({ manifest, dir }: Candidate) =>
    momentOf(manifest.createdAt, "created_at", join(dir, manifestName));
  return found.sort((a, b) => created(a) - created(b) || (a.slug < b.slug ? -1 : 1));
}

/** Migrations whose next planning step may run, oldest first. */
export function planningCandidates(site: Site, skip: ReadonlySet<string>): Candidate[] {
  const now = site.now();
  return loadedMigrations(site).filter(({ slug, dir, manifest }) => {
    if (skip.has(slug)) return false;
    return planningEligibility(manifest, now, join(dir, manifestName)).eligible;
  });
}

/** Migrations whose current phase may run, oldest first. */
export function phaseCandidates(site: Site, maxEffort: Effort): Candidate[] {
  const now = site.now();
  return loadedMigrations(site).filter(({ dir, manifest }) => {
    return phaseEligibility(manifest, now, join(dir, manifestName), maxEffort).eligible;
  });
}
