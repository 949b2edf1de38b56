/** Root-level `{h12}-observability` directories go to the projects their files name. */

import type { StepBuilder } from "../builder.ts";
import type { ObservabilityDir } from "../inventory.ts";
import { lastPart } from "../project.ts";
import type { ProjectTarget } from "../shape.ts";

export const title = "Collapse leaked observability directories";
export const description =
  "Move {hash}-observability directories to projects/{id}/observability/{hash}; what names no single project goes to observability/orphan/{hash}.";

export function build(builder: StepBuilder): void {
  const { inventory, target } = builder.context;
  const byName = projectNames(target.projects);
  notePresent(builder);
  for (const dir of inventory.observability) {
    if (inventory.faults.some(({ place }) => place.file.startsWith(`${dir.path}/`))) {
      builder.context.warnings.push(`${lastPart(dir.path)} has unreadable files; left alone.`);
      continue;
    }
    const owners = dir.files.map((file) => ownerOf(file.projectIds, byName));
    const named = new Set(owners.filter((owner) => owner !== null));
    const torn = dir.files.some(
      (file) => file.projectIds.length > 0 && ownerOf(file.projectIds, byName) === null,
    );
    if (named.size <= 1 && !torn) moveWhole(builder, dir, [...named][0] ?? null);
    else moveFiles(builder, dir, owners);
  }
}

/** Directories that earlier migrations put where these go. */
function notePresent(builder: StepBuilder): void {
  const { inventory, target, placed } = builder.context;
  const orphans = `${inventory.places.baseDir}/observability/orphan`;
  for (const name of inventory.orphanObservability) {
    placed.set(`${orphans}/${name}`.toLowerCase(), null);
  }
  for (const { project, dir } of target.projects) {
    const present = project.home?.others.find((entry) => entry.name === "observability");
    for (const { name } of present?.children ?? []) {
      placed.set(`${dir}/observability/${name}`.toLowerCase(), null);
    }
  }
}

function projectNames(projects: ProjectTarget[]): Map<string, ProjectTarget | null> {
  const names = new Map<string, ProjectTarget | null>();
  for (const target of projects) {
    for (const name of new Set([target.id, ...target.project.names])) {
      // A name that two projects answer to proves nothing.
      names.set(name, names.has(name) ? null : target);
    }
  }
  return names;
}

/** The one project that all ids in a file stand for. */
function ownerOf(ids: string[], byName: Map<string, ProjectTarget | null>): ProjectTarget | null {
  const owners = new Set(ids.map((id) => byName.get(id) ?? null));
  const [only] = owners;
  return owners.size === 1 ? (only ?? null) : null;
}

function placeFor(
  builder: StepBuilder,
  dir: ObservabilityDir,
  owner: ProjectTarget | null,
): string {
  const { baseDir } = builder.context.inventory.places;
  const parent = owner === null ? `${baseDir}/observability/orphan` : `${owner.dir}/observability`;
  let place = `${parent}/${dir.hash}`;
  for (let n = 2; builder.context.placed.has(place.toLowerCase()); n++)
    place = `${parent}/${dir.hash}-${n}`;
  return place;
}

function moveWhole(builder: StepBuilder, dir: ObservabilityDir, owner: ProjectTarget | null): void {
  const place = placeFor(builder, dir, owner);
  builder.context.placed.set(place.toLowerCase(), null);
  builder.move(dir.path, place);
  builder.detail(() => `${lastPart(dir.path)} → ${builder.show(place)}`);
}

function moveFiles(
  builder: StepBuilder,
  dir: ObservabilityDir,
  owners: (ProjectTarget | null)[],
): void {
  const places = new Map<ProjectTarget | null, string>();
  dir.files.forEach((file, at) => {
    const owner = owners[at] ?? null;
    const place = places.get(owner) ?? placeFor(builder, dir, owner);
    places.set(owner, place);
    builder.move(`${dir.path}/${file.name}`, `${place}/${file.name}`);
  });
  for (const place of places.values()) builder.context.placed.set(place.toLowerCase(), null);
  builder.add({ op: "trash", path: dir.path });
  const where = [...places.values()].map((place) => builder.show(place)).join(", ");
  builder.detail(() => `${lastPart(dir.path)} → ${where}`);
}
