/**
 * The files of migrations that somebody edited: `plan.json`, `manifest.json`, `journal.jsonl`, with
 * checksums that fit (whoever writes there can compute them) or do not.
 *
 * An input says what is other than in a migration that the engine made itself.
 */

import type { Script } from "../../../lib/cli.ts";
import type { Json } from "../../../lib/edits.ts";
import doctor from "../../../scripts/doctor.ts";
import migrate from "../../../scripts/migrate.ts";
import repair from "../../../scripts/repair.ts";
import rollback from "../../../scripts/rollback.ts";
import { hostilePath, hostileText, hostileValue, names } from "../hostile.ts";
import type { Grammar } from "../hunt.ts";
import { changedBytes, changedTokens, changedValue } from "../mutate.ts";
import { contentOf } from "../place.ts";
import { Random, seedOf } from "../random.ts";
import { complaintOf, runInside } from "../run.ts";
import { homeWord, outsideWord } from "../samples.ts";
import { MigrationSite, type State, states, type Tampered } from "./tampered.ts";

let site: MigrationSite | undefined;

/** A path that an edited plan may name; `base` stands for good ones. */
function anyPath(random: Random, good: readonly string[]): string {
  return random.oneOf<string>([
    [3, () => random.pick(good)],
    [4, () => hostilePath(random, outsideWord)],
    [2, () => `${homeWord}/precious/${random.pick(["file", "file.json", "new", ".ssh/keys"])}`],
    [1, () => `${homeWord}/.agent-orchestrator/migrations/x`],
    [1, () => `${random.pick(good)}/${random.pick(names)}`],
    [1, () => `${homeWord}/.agent-orchestrator/link/canary`],
  ]);
}

/** An operation of any kind, on any path. */
function operation(random: Random, good: readonly string[]): Json {
  const path = () => anyPath(random, good);
  const edits = (): Json => [
    { pointer: "/alive", before: true, after: hostileValue(random) },
    ...(random.chance(0.3) ? [{ pointer: hostileText(random), after: 1 }] : []),
  ];
  return random.oneOf<Json>([
    [1, () => ({ op: "makeDir", path: path() })],
    [2, () => ({ op: "create", path: path(), content: hostileText(random), mode: 0o4755 })],
    [3, () => ({ op: "move", from: path(), to: path() })],
    [2, () => ({ op: "trash", path: path() })],
    [2, () => ({ op: "patchJson", path: path(), edits: edits() })],
    [1, () => ({ op: "patchJson", path: path(), edits: edits(), line: random.int(5) })],
    [2, () => ({ op: "patchYaml", path: path(), edits: edits() })],
    [1, () => relink(path)],
    [1, () => ({ op: "renameTmux", from: hostileText(random), to: hostileText(random) })],
  ]);
}

function relink(path: () => string): Json {
  const files = [{ path: path(), before: "alive\n", after: "gitdir: x\n" }];
  return { op: "relinkWorktree", repo: path(), worktree: path(), files };
}

type Plan = { roots: string[]; operations: Json[] } & { [key: string]: Json };

function tamperedPlan(random: Random, plan: Plan): Json {
  const good = JSON.stringify(plan.operations).match(/"@HOME@[^"]*"/g) ?? [];
  const paths = good.map((quoted) => JSON.parse(quoted) as string);
  const at = random.int(plan.operations.length);
  const operations = random.oneOf<Json[]>([
    [3, () => plan.operations.with(at, operation(random, paths))],
    [2, () => plan.operations.toSpliced(at, 0, operation(random, paths))],
    [2, () => plan.operations.with(at, otherPath(random, plan.operations[at] ?? null, paths))],
    [1, () => plan.operations.toSpliced(at, 1)],
    [2, () => plan.operations],
  ]);
  const more = ["/", outsideWord, homeWord, `${homeWord}/precious`, "..", `${homeWord}/repos`];
  const roots = random.chance(0.6) ? [...plan.roots, ...more.slice(0, random.int(7))] : plan.roots;
  const tampered: Json = { ...plan, roots, operations };
  return random.chance(0.3) ? changedValue(random, tampered) : tampered;
}

/** The operation, with one of its paths another. */
function otherPath(random: Random, operation: Json, good: readonly string[]): Json {
  if (typeof operation !== "object" || operation === null || Array.isArray(operation)) return null;
  const keys = ["path", "from", "to", "worktree", "repo"].filter((key) => key in operation);
  const key = random.pick(keys.length === 0 ? ["path"] : keys);
  return { ...operation, [key]: anyPath(random, good) };
}

/** Places whose files or directories are links instead. */
const linkPlaces = ["MIGRATION", "MIGRATION/staging", "MIGRATION/trash", "MIGRATION/journal.jsonl"];
const morePlaces = ["MIGRATION/plan.json", "MIGRATION/manifest.json", "BASE/migrations/.lock"];
const userPlaces = ["BASE/projects", "BASE/config.yaml", "BASE/projects/web/sessions", "BASE/link"];

function tamper(random: Random, site: MigrationSite): Tampered {
  const state: State = random.pick(states);
  const { plan, manifest, journal } = site.documents(state);
  const tampered: Tampered = { state, seal: random.chance(0.85), seed: random.int(1_000_000) };
  random.oneOf<unknown>([
    [5, () => (tampered.plan = tamperedPlan(random, plan as Plan))],
    [3, () => (tampered.journal = changedValue(random, journal))],
    [1, () => (tampered.manifest = changedValue(random, manifest))],
    [1, () => (tampered.id = random.pick([`x\x1b[2J`, "..x", "a b", "\u202ex", "x".repeat(250)]))],
    [3, () => (tampered.raw = rawFile(random, { plan, manifest, journal }))],
    [
      1,
      () => {
        const name = random.pick([...linkPlaces, ...morePlaces, ...userPlaces]);
        const target = random.pick([
          outsideWord,
          `${outsideWord}/${random.pick(["canary", "new"])}`,
          "nowhere",
          ".",
        ]);
        tampered.link = [name, target];
      },
    ],
  ]);
  if (random.chance(0.15)) tampered.journal = changedValue(random, journal);
  return tampered;
}

/** A file of the migration that is no document of its kind any more. */
function rawFile(
  random: Random,
  { plan, manifest, journal }: { plan: Json; manifest: Json; journal: Json[] },
): NonNullable<Tampered["raw"]> {
  const name = random.pick(["plan.json", "manifest.json", "journal.jsonl"]);
  const lines = journal.map((line) => JSON.stringify({ sum: "0".repeat(32), records: line }));
  const text =
    name === "journal.jsonl"
      ? `${lines.join("\n")}\n`
      : JSON.stringify(name === "plan.json" ? plan : manifest, null, 1);
  const bytes = random.chance(0.5)
    ? changedBytes(random, Buffer.from(text))
    : Buffer.from(changedTokens(random, text));
  return [name, contentOf(bytes)];
}

type Call = readonly [script: Script, ...argv: string[]];

const calls: readonly Call[] = [
  [rollback, "--list"],
  [rollback, "--list", "--json"],
  [rollback, "--dry-run"],
  [rollback, "--dry-run", "--json"],
  [rollback, "--yes"],
  [rollback, "--yes"],
  [rollback, "--yes"],
  [rollback, "--yes", "--json"],
  [rollback, "--resume", "--yes"],
  [rollback, "--prune", "--yes"],
  [migrate, "--resume", "--no-tmux"],
  [migrate, "--resume", "--no-tmux", "--json"],
  [migrate, "--resume", "--no-tmux"],
  [migrate, "--execute", "--yes", "--no-tmux"],
  [migrate, "--no-tmux"],
  [repair, "--resume", "--yes"],
  [doctor, "--only", "migrations"],
  [doctor, "--fix", "--yes"],
];

/** The only places that any of these may change; `precious` is none. */
const named = [
  "home/.agent-orchestrator",
  "home/.worktrees",
  "home/.claude/projects",
  "home/.codex/sessions",
  "home/repos/integrator/.git/worktrees",
];

export const migrationFiles: Grammar = {
  name: "migration-files",
  async make(random) {
    site ??= await MigrationSite.open();
    return Buffer.from(`${JSON.stringify(tamper(random, site), null, 1)}\n`);
  },
  async check(input) {
    const tampered = parseTampered(input);
    if (tampered === null) return null;
    site ??= await MigrationSite.open();
    site.prepare(tampered);
    const before = site.tree();
    const random = new Random(seedOf(tampered.seed ?? 0, "calls", 0));
    for (const [script, ...argv] of random.times(3, () => random.pick(calls))) {
      const ran = await runInside(script, argv, site);
      const complaint = complaintOf(ran, argv, [2]);
      if (complaint !== null) return `${script.name}: ${complaint}`;
      const [change] = site.changesSince(before, named);
      if (change !== undefined) return `${script.name} ${argv.join(" ")} changed ${change}`;
    }
    return null;
  },
  close() {
    site?.close();
    site = undefined;
  },
};

function parseTampered(input: Uint8Array): Tampered | null {
  try {
    const value = JSON.parse(Buffer.from(input).toString("utf8"));
    return states.includes(value?.state) ? value : null;
  } catch {
    return null;
  }
}
