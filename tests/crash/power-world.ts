/** Random trees of what a migration meets, grown from numbers so that a failing one shrinks. */

import { join } from "node:path";
import fc from "fast-check";
import type { Thing, World } from "../change/worlds.ts";

/** One thing to grow: what it is, in which directory, and in which variant. */
export type Seedling = readonly [kind: number, where: number, variant: number];

export const seedlings: fc.Arbitrary<Seedling[]> = fc.array(
  fc.tuple(fc.nat(99), fc.nat(30), fc.nat(30)),
  { maxLength: 24, size: "max" },
);

interface Soil {
  world: World;
  /** Where it grows. */
  dir: string;
  serial: number;
  variant: number;
}

/** As many of each as of things on a real disk: sessions first. */
const growers = [dir, dir, sessions, session, session, session, archived, chat, text, link, config];

/** Grows a world. Contents differ from each other, so that every lost one is missed. */
export function growWorld(wanted: readonly Seedling[]): World {
  const world: World = new Map();
  for (const [serial, [kind, where, variant]] of wanted.entries()) {
    const dirs = ["", ...namesOf(world, "dir")];
    const grow = growers[kind % growers.length] ?? dir;
    grow({ world, dir: dirs[where % dirs.length] ?? "", serial, variant });
  }
  return world;
}

export function namesOf(world: World, kind: Thing["kind"]): string[] {
  return [...world].filter(([, thing]) => thing.kind === kind).map(([name]) => name);
}

function add({ world, dir }: Soil, name: string, thing: Thing): void {
  const path = join(dir, name);
  if (!world.has(path)) world.set(path, thing);
}

function dir(soil: Soil): void {
  add(soil, `Folder${soil.serial}`, { kind: "dir" });
}

function sessions(soil: Soil): void {
  add(soil, "sessions", { kind: "dir" });
}

/** In a directory of sessions, where AO's lock is taken, or a stray one. */
function session(soil: Soil): void {
  const { serial, variant } = soil;
  const id = `s-${serial}`;
  const status = variant % 4 === 0 ? {} : { status: "working" };
  const summary = "word ".repeat(variant % 5 === 0 ? 900 : variant);
  const fields = { id, project: "p", ...status, worktree: `/old/${id}`, summary };
  const json = JSON.stringify(fields, null, variant % 3 === 0 ? undefined : 2);
  const home = namesOf(soil.world, "dir").filter((name) => name.endsWith("sessions"));
  const where = variant % 6 === 0 ? soil.dir : (home[variant % home.length] ?? soil.dir);
  add({ ...soil, dir: where }, `${id}.json`, { kind: "json", text: `${json}\n` });
}

function archived(soil: Soil): void {
  const content = `id=s-${soil.serial}\nstatus=done\n`;
  add(soil, `s-${soil.serial}_20260420T143052Z`, { kind: "text", text: content });
}

function chat(soil: Soil): void {
  const { serial, variant } = soil;
  const lines = [`{"cwd":"/old/${serial}"}`, ...Array(variant).fill('{"said":"much"}')];
  add(soil, `rollout-${serial}.jsonl`, { kind: "lines", text: `${lines.join("\n")}\n` });
}

function text(soil: Soil): void {
  const { serial, variant } = soil;
  const content = variant % 5 === 0 ? "" : `gitdir: /repo/.git/worktrees/${serial}\n`;
  const mode = [0o644, 0o600, 0o640, 0o755][variant % 4] ?? 0o644;
  add(soil, `file${serial}`, { kind: "text", text: content, mode });
}

function link(soil: Soil): void {
  const target = soil.variant % 2 === 0 ? "nowhere" : `file${soil.serial - 1}`;
  add(soil, `link${soil.serial}`, { kind: "link", target });
}

function config(soil: Soil): void {
  const end = soil.variant % 4 === 0 ? "\r\n" : "\n";
  const lines = [`# kept ${soil.serial}`, "projects:", "  a: { path: /x } # here", ""];
  add(soil, "config.yaml", { kind: "yaml", text: lines.join(end) });
}
