/**
 * Small trees of everything a migration meets, and valid plans for them, made from lists of
 * numbers so that a failing one shrinks.
 */

import { join } from "node:path";
import type { Disk } from "../../lib/change/disk.ts";
import type { Operation } from "../../lib/change/operation.ts";
import type { Json } from "../../lib/edits.ts";
import { patchJsonText } from "../../lib/json.ts";
import { patchYamlText } from "../../lib/yaml.ts";

/** What a path of a world is. */
export type Thing =
  | { kind: "dir" }
  | { kind: "json"; text: string }
  | { kind: "yaml"; text: string }
  | { kind: "lines"; text: string }
  | { kind: "text"; text: string; mode?: number }
  | { kind: "link"; target: string };

/** Path below the world's root → thing; parents come before their children. */
export type World = Map<string, Thing>;

const session = (id: string, project: string): Thing => ({
  kind: "json",
  text: `${JSON.stringify({ id, project, status: "working", worktree: `/old/${id}` }, null, 2)}\n`,
});

/** A world with sessions, a registry, chat history, link files and odds and ends. */
export function makeWorld(): World {
  return new Map<string, Thing>([
    ["a", { kind: "dir" }],
    ["a/sessions", { kind: "dir" }],
    ["a/sessions/a-1.json", session("a-1", "a")],
    ["a/sessions/a-2.json", session("a-2", "a")],
    ["a/sessions/archive", { kind: "dir" }],
    ["a/sessions/archive/a-0", { kind: "text", text: "status=done\n" }],
    ["a/.git", { kind: "text", text: "gitdir: /repo/.git/worktrees/a\n", mode: 0o600 }],
    ["b", { kind: "dir" }],
    ["b/sessions", { kind: "dir" }],
    ["b/sessions/b-1.json", session("b-1", "b")],
    ["b/rollout.jsonl", { kind: "lines", text: '{"cwd":"/old/b"}\n{"x":1}\n' }],
    ["b/latest", { kind: "link", target: "rollout.jsonl" }],
    ["empty", { kind: "dir" }],
    ["config.yaml", { kind: "yaml", text: "# keep\nprojects:\n  a: { path: /x } # here\n" }],
    ["notes.txt", { kind: "text", text: "", mode: 0o640 }],
    // AO died while it wrote that session.
    ["b/sessions/b-1.json.lock", { kind: "text", text: "12345\n" }],
  ]);
}

/** Writes a world below `root`, which must exist; `onDirs` as in `makeScenario`. */
export function writeWorld(
  disk: Disk & { makeSymlink?: (target: string, path: string) => void },
  root: string,
  world: World,
  onDirs?: (root: string) => void,
): void {
  for (const [name, thing] of world) if (thing.kind === "dir") disk.makeDir(join(root, name));
  onDirs?.(root);
  for (const [name, thing] of world) {
    const path = join(root, name);
    if (thing.kind === "link") disk.makeSymlink?.(thing.target, path);
    else if (thing.kind !== "dir") {
      const mode = thing.kind === "text" ? (thing.mode ?? 0o644) : 0o644;
      disk.writeNew(path, [Buffer.from(thing.text)], { mode });
    }
  }
}

/** Everything below a path as text; names that `skip` accepts are left out. */
export function snapshot(
  disk: Disk,
  root: string,
  options: { times?: boolean; skip?: (path: string) => boolean } = {},
): string[] {
  const lines: string[] = [];
  const visit = (path: string): void => {
    if (options.skip?.(path) === true) return;
    const stat = disk.lstat(path);
    if (stat === null) return;
    const name = path.slice(root.length) || "/";
    const { kind, mode, mtimeNs } = stat;
    if (kind === "directory") {
      lines.push(`${name} ${kind} ${mode.toString(8)}`);
      for (const child of disk.readDir(path).sort()) visit(join(path, child));
    } else if (kind === "symlink") {
      lines.push(`${name} → ${disk.readLink(path)}`);
    } else {
      const time = options.times === true ? ` ${mtimeNs}` : "";
      const content = JSON.stringify(Buffer.from(disk.readFile(path)).toString("latin1"));
      lines.push(`${name} ${mode.toString(8)}${time} ${content}`);
    }
  };
  visit(root);
  return lines;
}

/** A plan and the world as it should be after it. */
export interface Generated {
  operations: Operation[];
  after: World;
}

/** One decision: which kind of operation, and where. */
export type Choice = readonly [number, number, number];

/**
 * Turns decisions into operations that are valid one after the other.
 *
 * @param first number of the first operation; new names are made from numbers
 */
export function makePlan(
  root: string,
  world: World,
  choices: readonly Choice[],
  first = 0,
): Generated {
  const after: World = new Map(world);
  const operations: Operation[] = [];
  for (const [offset, [kind, where, what]] of choices.entries()) {
    const serial = first + offset;
    const makers = [makeDir, create, move, patchJson, patchYaml, trash, relink, patchLine];
    const maker = makers[kind % makers.length] ?? makeDir;
    const made = maker({ root, world: after, where, what, serial });
    if (made !== null) operations.push(...[made].flat());
  }
  return { operations, after };
}

interface Draft {
  root: string;
  world: World;
  where: number;
  what: number;
  serial: number;
}

function pick(draft: Draft, number: number, kinds: readonly Thing["kind"][]): string | null {
  const names = [...draft.world].filter(([, t]) => kinds.includes(t.kind)).map(([name]) => name);
  return names.length === 0 ? null : (names[number % names.length] ?? null);
}

function inDir(draft: Draft, name: string): string {
  const dirs = ["", ...[...draft.world].filter(([, t]) => t.kind === "dir").map(([dir]) => dir)];
  return join(dirs[draft.where % dirs.length] ?? "", name);
}

/** A directory; at times a project with a session, whose lock stands where directories go. */
function makeDir(draft: Draft): Operation[] {
  const dir = inDir(draft, `dir${draft.serial}`);
  const isProject = draft.what % 4 === 3;
  const dirs = isProject ? [dir, join(dir, "sessions")] : [dir];
  for (const name of dirs) draft.world.set(name, { kind: "dir" });
  const made = dirs.map((name): Operation => ({ op: "makeDir", path: join(draft.root, name) }));
  return isProject ? [...made, createFile(draft, join(dir, "sessions/s-1.json"))] : made;
}

function create(draft: Draft): Operation {
  return createFile(draft, inDir(draft, `new${draft.serial}`));
}

function createFile(draft: Draft, name: string): Operation {
  const text = "created\n".repeat(draft.what % 4);
  draft.world.set(name, { kind: "text", text, mode: 0o600 });
  return { op: "create", path: join(draft.root, name), content: text, mode: 0o600 };
}

const anything = ["dir", "json", "yaml", "lines", "text", "link"] as const;

function move(draft: Draft): Operation | null {
  const from = pick(draft, draft.what, anything);
  const to = inDir(draft, `moved${draft.serial}`);
  if (from === null || `${to}/`.startsWith(`${from}/`)) return null;
  for (const [name, thing] of [...draft.world]) {
    if (name !== from && !name.startsWith(`${from}/`)) continue;
    draft.world.delete(name);
    draft.world.set(to + name.slice(from.length), thing);
  }
  return { op: "move", from: join(draft.root, from), to: join(draft.root, to) };
}

function trash(draft: Draft): Operation | null {
  const name = pick(draft, draft.what, anything);
  if (name === null) return null;
  for (const each of [...draft.world.keys()]) {
    if (each === name || each.startsWith(`${name}/`)) draft.world.delete(each);
  }
  return { op: "trash", path: join(draft.root, name) };
}

function patchJson(draft: Draft): Operation | null {
  const name = pick(draft, draft.where, ["json"]);
  const thing = name === null ? undefined : draft.world.get(name);
  if (name === null || thing?.kind !== "json") return null;
  const { status } = JSON.parse(thing.text) as { [key: string]: Json };
  const after = `status-${draft.serial}`;
  const status1 = status === undefined ? {} : { before: status };
  const edits = [
    { pointer: "/status", ...status1, after },
    { pointer: `/added${draft.serial}`, after: { n: draft.what } },
  ];
  draft.world.set(name, { kind: "json", text: patchJsonText(thing.text, edits).text });
  return { op: "patchJson", path: join(draft.root, name), edits };
}

function patchLine(draft: Draft): Operation | null {
  const name = pick(draft, draft.where, ["lines"]);
  const thing = name === null ? undefined : draft.world.get(name);
  if (name === null || thing?.kind !== "lines") return null;
  const [first = "", ...rest] = thing.text.split("\n");
  const { cwd } = JSON.parse(first) as { cwd: string };
  const edits = [{ pointer: "/cwd", before: cwd, after: `/new/${draft.serial}` }];
  const text = [patchJsonText(first, edits).text, ...rest].join("\n");
  draft.world.set(name, { kind: "lines", text });
  return { op: "patchJson", path: join(draft.root, name), line: 1, edits };
}

function patchYaml(draft: Draft): Operation | null {
  const name = pick(draft, draft.where, ["yaml"]);
  const thing = name === null ? undefined : draft.world.get(name);
  if (name === null || thing?.kind !== "yaml") return null;
  const edits = [{ pointer: `/projects/p${draft.serial}`, after: `/path/${draft.what}` }];
  draft.world.set(name, { kind: "yaml", text: patchYamlText(thing.text, edits).text });
  return { op: "patchYaml", path: join(draft.root, name), edits };
}

function relink(draft: Draft): Operation | null {
  const names = [...draft.world]
    .filter(([, thing]) => thing.kind === "text")
    .map(([name]) => name)
    .slice(draft.where % 3, (draft.where % 3) + 2);
  const worktree = pick(draft, draft.what, ["dir"]);
  if (names.length === 0 || worktree === null) return null;
  const files = names.map((name) => {
    const thing = draft.world.get(name);
    const before = thing?.kind === "text" ? thing.text : "";
    const after = `gitdir: /somewhere/${draft.serial}\n`;
    const mode = thing?.kind === "text" ? (thing.mode ?? 0o644) : 0o644;
    draft.world.set(name, { kind: "text", text: after, mode });
    return { path: join(draft.root, name), before, after };
  });
  const { root } = draft;
  return { op: "relinkWorktree", repo: root, worktree: join(root, worktree), files };
}

/** A world in the form that `snapshot` has. */
export function linesOf(world: World): string[] {
  const lines = ["/ directory 755"];
  for (const [name, thing] of world) {
    if (thing.kind === "dir") lines.push(`/${name} directory 755`);
    else if (thing.kind === "link") lines.push(`/${name} → ${thing.target}`);
    else {
      const mode = thing.kind === "text" ? (thing.mode ?? 0o644) : 0o644;
      const content = Buffer.from(thing.text).toString("latin1");
      lines.push(`/${name} ${mode.toString(8)} ${JSON.stringify(content)}`);
    }
  }
  return lines.sort();
}
