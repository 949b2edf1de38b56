/** How one state directory gets into a project: by a single rename, or merged entry by entry. */

import type { StepBuilder } from "./builder.ts";
import type { OtherEntry, StateDir } from "./inventory.ts";
import { convertedText, metadataEdits } from "./metadata-edits.ts";
import { lastPart } from "./project.ts";
import type { ProjectTarget, SessionTarget, Source } from "./target.ts";

/** Moves a source into its project's directory, which stands at `base` now, and converts its sessions. */
export function bringIn(
  builder: StepBuilder,
  target: ProjectTarget,
  source: Source,
  base: string,
): void {
  const { dir, whole } = source;
  if (whole) {
    builder.move(dir.path, base);
    noteDirs(builder.context.dirs, dir, base);
    if (dir.origin !== undefined) builder.add({ op: "trash", path: `${base}/.origin` });
    for (const session of sessionsOf(target, dir)) settleInPlace(builder, target, session, base);
    return;
  }
  for (const session of sessionsOf(target, dir)) carryOver(builder, target, session, base);
  mergeExtras(builder, dir, base);
  const { home } = target.project;
  mergeEntries(builder, dir.others, dir.path, base, home?.others ?? [], dir.hash ?? dir.name);
  if (dir.orchestrator !== undefined) {
    const name = lastPart(dir.orchestrator.path);
    moveUnlessTaken(builder, dir.orchestrator.path, base, name, dir.hash ?? dir.name);
  }
  for (const move of builder.context.target.worktrees) {
    if (move.carrier !== dir || move.carried) continue;
    builder.move(move.from, base + move.to.slice(target.dir.length));
  }
}

/** Directories that are known to be there once `dir` stands at `base`. */
export function noteDirs(dirs: Set<string>, dir: StateDir, base: string): void {
  dirs.add(base);
  const holds = (folder: string) =>
    [...dir.sessions, ...dir.archives].some(({ path }) =>
      path.startsWith(`${dir.path}/${folder}/`),
    );
  for (const folder of ["sessions", "sessions/archive"]) {
    if (holds(folder)) dirs.add(`${base}/${folder}`);
  }
  if (dir.worktrees.length > 0) dirs.add(`${base}/worktrees`);
  for (const entry of dir.others) if (entry.kind === "dir") dirs.add(`${base}/${entry.name}`);
}

function sessionsOf(target: ProjectTarget, dir: StateDir): SessionTarget[] {
  return target.sessions.filter((session) => session.dir === dir);
}

/** A session whose directory was moved as a whole, or never moved: converted where it stands. */
export function settleInPlace(
  builder: StepBuilder,
  target: ProjectTarget,
  session: SessionTarget,
  base: string,
): void {
  const standing = base + session.file.path.slice(session.dir.path.length);
  const place = base + session.path.slice(target.dir.length);
  if (session.fate === "convert") convert(builder, target, session, standing, place);
  else if (session.fate === "set-aside") builder.add({ op: "trash", path: standing });
  else if (standing !== place) builder.move(standing, place);
}

/** A session of a directory that is merged: converted or moved into the project. */
function carryOver(
  builder: StepBuilder,
  target: ProjectTarget,
  session: SessionTarget,
  base: string,
): void {
  const place = base + session.path.slice(target.dir.length);
  if (session.fate === "convert") convert(builder, target, session, session.file.path, place);
  if (session.fate === "move") builder.move(session.file.path, place);
}

function convert(
  builder: StepBuilder,
  target: ProjectTarget,
  session: SessionTarget,
  from: string,
  to: string,
): void {
  const edits = metadataEdits(session, target, builder.context.edits);
  const content = convertedText(session, edits);
  builder.ensureDir(to.slice(0, to.lastIndexOf("/")));
  // The original leaves first only where both have one name; else a reader always finds one of them.
  if (from === to) builder.add({ op: "trash", path: from }, { op: "create", path: to, content });
  else builder.add({ op: "create", path: to, content }, { op: "trash", path: from });
}

/** Corrupt copies and hidden entries under `sessions/`: moved where the name is free. */
function mergeExtras(builder: StepBuilder, dir: StateDir, base: string): void {
  const suffix = dir.hash ?? dir.name;
  for (const name of [...dir.corruptCopies, ...dir.otherSessionEntries]) {
    moveUnlessTaken(builder, `${dir.path}/sessions/${name}`, `${base}/sessions`, name, suffix);
  }
}

/** Merges listed entries: absent ones move, directories are descended into, equal files stay behind. */
function mergeEntries(
  builder: StepBuilder,
  entries: OtherEntry[],
  from: string,
  to: string,
  present: OtherEntry[],
  suffix: string,
): void {
  for (const entry of entries) {
    if (entry.name === ".origin") continue;
    const existing = present.find((other) => other.name === entry.name);
    const path = `${to}/${entry.name}`;
    const bothDirs = entry.kind === "dir" && (existing?.kind === "dir" || isDir(builder, path));
    if (bothDirs && entry.children !== undefined) {
      const children = existing?.children ?? [];
      mergeEntries(builder, entry.children, `${from}/${entry.name}`, path, children, suffix);
      continue;
    }
    const same = entry.sha256 !== undefined && entry.sha256 === existing?.sha256;
    if (same) continue;
    if (entry.kind === "dir" && existing === undefined) builder.context.dirs.add(path);
    if (existing !== undefined) builder.context.placed.add(path.toLowerCase());
    moveUnlessTaken(builder, `${from}/${entry.name}`, to, entry.name, suffix);
  }
}

function isDir(builder: StepBuilder, path: string): boolean {
  return builder.context.dirs.has(path);
}

function moveUnlessTaken(
  builder: StepBuilder,
  from: string,
  dir: string,
  name: string,
  suffix: string,
): void {
  const { placed } = builder.context;
  let to = `${dir}/${name}`;
  for (let n = 1; placed.has(to.toLowerCase()); n++) {
    to = `${dir}/${withSuffix(name, `${suffix}${n === 1 ? "" : `-${n}`}`)}`;
  }
  placed.add(to.toLowerCase());
  builder.move(from, to);
}

/** `report_1.kv` from `a1b2…` becomes `report_1__from-a1b2….kv`; a name without ending gets it last. */
function withSuffix(name: string, suffix: string): string {
  const dot = name.lastIndexOf(".");
  const cut = dot > 0 ? dot : name.length;
  return `${name.slice(0, cut)}__from-${suffix}${name.slice(cut)}`;
}
