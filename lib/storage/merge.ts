/** How one state directory gets into a project: by a single rename, or merged entry by entry. */

import type { Operation } from "../change/operation.ts";
import type { StepBuilder } from "./builder.ts";
import type { OtherEntry, StateDir } from "./inventory.ts";
import { convertedText, metadataEdits } from "./metadata-edits.ts";
import { lastPart } from "./project.ts";
import type { ProjectTarget, SessionTarget, Source } from "./shape.ts";

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
    noteContents(builder, dir, base);
    if (dir.origin !== undefined) {
      builder.add({ op: "trash", path: `${base}/.origin` });
    }
    renameCarried(builder, dir, base);
    clearOwnNames(builder, dir, base);
    for (const session of sessionsOf(target, dir)) settleInPlace(builder, target, session, base);
    return;
  }
  const { home } = target.project;
  if (home !== null) noteContents(builder, home, base);
  reserveOwnNames(builder, base);
  for (const session of sessionsOf(target, dir)) carryOver(builder, target, session, base);
  if (dir.layout === "v0") return;
  mergeExtras(builder, dir, base);
  mergeEntries(builder, dir.others, dir.path, base, dir.hash ?? dir.name, true);
  if (dir.orchestrator !== undefined) {
    const name = lastPart(dir.orchestrator.path);
    moveUnlessTaken(builder, dir.orchestrator.path, base, name, dir.hash ?? dir.name);
  }
  for (const move of builder.context.target.worktrees) {
    if (move.carrier !== dir || move.carried) continue;
    builder.move(move.from, base + move.to.slice(target.dir.length));
  }
}

/** Files that V3 itself writes into a project; what another directory has under these names is not them. */
const ownNames = ["identity.json", ".next-session-id.json"] as const;

function reserveOwnNames(builder: StepBuilder, base: string): void {
  const { placed } = builder.context;
  for (const name of ownNames) {
    const path = `${base}/${name}`.toLowerCase();
    if (!placed.has(path)) placed.set(path, null);
  }
}

/** Puts aside what came along under the names of V3's own files. */
function clearOwnNames(builder: StepBuilder, dir: StateDir, base: string): void {
  const suffix = dir.hash ?? dir.name;
  const entries = new Map(dir.others.map((entry) => [entry.name, entry]));
  const isThere = { [ownNames[0]]: dir.identity, [ownNames[1]]: dir.nextSessionId };
  for (const name of ownNames) {
    const entry = entries.get(name);
    if (entry === undefined && isThere[name] === undefined) continue;
    const path = `${base}/${name}`;
    builder.context.placed.set(path.toLowerCase(), null);
    moveUnlessTaken(builder, path, base, name, suffix, entry);
  }
}

/** A carried worktree whose session was renamed takes the new name once it has arrived. */
function renameCarried(builder: StepBuilder, dir: StateDir, base: string): void {
  for (const { carrier, carried, from, to } of builder.context.target.worktrees) {
    if (carrier !== dir || !carried || lastPart(from) === lastPart(to)) continue;
    builder.move(`${base}/worktrees/${lastPart(from)}`, `${base}/worktrees/${lastPart(to)}`);
  }
}

/** Everything in a directory that now stands at `base`, so that later merges go around it. */
function noteContents(builder: StepBuilder, dir: StateDir, base: string): void {
  const { placed, dirs } = builder.context;
  noteDirs(dirs, dir, base);
  for (const name of [...dir.corruptCopies, ...dir.otherSessionEntries]) {
    placed.set(`${base}/sessions/${name}`.toLowerCase(), null);
  }
  if (dir.orchestrator !== undefined) {
    placed.set(`${base}/${lastPart(dir.orchestrator.path)}`.toLowerCase(), null);
  }
  noteEntries(builder, dir.others, base);
}

function noteEntries(builder: StepBuilder, entries: OtherEntry[], base: string): void {
  for (const entry of entries) {
    const path = `${base}/${entry.name}`;
    builder.context.placed.set(path.toLowerCase(), entry);
    if (entry.kind === "dir") builder.context.dirs.add(path);
    noteEntries(builder, entry.children ?? [], path);
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
  // Other directories go to the trash as one, with what was left in them.
  const stays = session.fate === "set-aside" && session.dir.layout === "v0";
  if (stays) builder.add({ op: "trash", path: session.file.path });
}

function convert(
  builder: StepBuilder,
  target: ProjectTarget,
  session: SessionTarget,
  from: string,
  to: string,
): void {
  const context = builder.context.edits;
  let text: string | undefined;
  const create: Operation = {
    op: "create",
    path: to,
    // A dry run shows that the file is made, not what is in it, and there may be very many.
    get content() {
      text ??= convertedText(session, metadataEdits(session, target, context));
      return text;
    },
  };
  builder.ensureDir(to.slice(0, to.lastIndexOf("/")));
  // The original leaves first only where both have one name; else a reader always finds one of them.
  if (from === to) builder.add({ op: "trash", path: from }, create);
  else builder.add(create, { op: "trash", path: from });
}

/** Corrupt copies and hidden entries under `sessions/`: moved where the name is free. */
function mergeExtras(builder: StepBuilder, dir: StateDir, base: string): void {
  const suffix = dir.hash ?? dir.name;
  for (const name of [...dir.corruptCopies, ...dir.otherSessionEntries]) {
    moveUnlessTaken(builder, `${dir.path}/sessions/${name}`, `${base}/sessions`, name, suffix);
  }
}

/**
 * Merges listed entries: absent ones move, directories are descended into, equal files stay behind.
 * Of a state directory's `worktrees` only what is no worktree is listed, so it never moves as one.
 */
function mergeEntries(
  builder: StepBuilder,
  entries: OtherEntry[],
  from: string,
  to: string,
  suffix: string,
  atTop = false,
): void {
  for (const entry of entries) {
    if (entry.name === ".origin") continue;
    const path = `${to}/${entry.name}`;
    const existing = builder.context.placed.get(path.toLowerCase());
    const isThere = existing?.kind === "dir" || (atTop && entry.name === "worktrees");
    if (isThere && entry.children !== undefined) {
      mergeEntries(builder, entry.children, `${from}/${entry.name}`, path, suffix);
      continue;
    }
    if (entry.sha256 !== undefined && entry.sha256 === existing?.sha256) continue;
    moveUnlessTaken(builder, `${from}/${entry.name}`, to, entry.name, suffix, entry);
  }
}

function moveUnlessTaken(
  builder: StepBuilder,
  from: string,
  dir: string,
  name: string,
  suffix: string,
  entry?: OtherEntry,
): void {
  const { placed } = builder.context;
  let to = `${dir}/${name}`;
  for (let n = 1; placed.has(to.toLowerCase()); n++) {
    to = `${dir}/${withSuffix(name, `${suffix}${n === 1 ? "" : `-${n}`}`)}`;
  }
  placed.set(to.toLowerCase(), entry ?? null);
  builder.move(from, to);
  if (entry !== undefined) noteEntries(builder, entry.children ?? [], to);
  if (entry?.kind === "dir") builder.context.dirs.add(to);
}

/** `report_1.kv` from `a1b2…` becomes `report_1__from-a1b2….kv`; a name without ending gets it last. */
function withSuffix(name: string, suffix: string): string {
  const dot = name.lastIndexOf(".");
  const cut = dot > 0 ? dot : name.length;
  return `${name.slice(0, cut)}__from-${suffix}${name.slice(cut)}`;
}
