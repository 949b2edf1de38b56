/** The commands of the model as real scripts on a real disk: see `model-site.ts` for what must hold. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { ProjectSpec } from "../disk/spec.ts";
import { leftToDo } from "../lib/storage/journey.ts";
import type { ScriptResult } from "../process.ts";
import { type Kill, Site } from "./model-site.ts";

type Command = fc.AsyncCommand<Record<string, never>, Site>;

/** How often each was run. */
export type Counts = Record<string, number>;

const killed = 137;

function command(text: string, run: (site: Site) => Promise<void>, counts: Counts): Command {
  const name = text.split(" ")[0] ?? "";
  return {
    check: () => true,
    toString: () => text,
    async run(_, site) {
      counts[name] = (counts[name] ?? 0) + 1;
      await run(site);
      await site.expectAll();
    },
  };
}

function shown(kill: Kill | null): string {
  return kill === null ? "" : ` killed before ${kill.syscall} ${kill.nth}`;
}

function expectCode(result: ScriptResult, allowed: readonly number[], kill: Kill | null): void {
  if (allowed.includes(result.code) || (kill !== null && result.code === killed)) return;
  throw new Error(`exit ${result.code}, not ${allowed}:\n${result.stdout}${result.stderr}`);
}

function migrate(isForced: boolean, kill: Kill | null, counts: Counts): Command {
  const force = isForced ? ["--force"] : [];
  return command(
    `migrate ${force.join("")}${shown(kill)}`,
    async (site) => {
      const isOpen = (await site.open()).length > 0;
      const isLive = site.isLive() && !isForced;
      const result = await site.run("migrate", ["--execute", "--yes", ...force], kill);
      // A disk that is V3 has nothing to refuse. What a user or a killed process left may stand in
      // the way, and is told then.
      const may = isOpen ? [4] : isLive ? [0, 4] : site.isUntouched ? [0] : [0, 4, 5];
      expectCode(result, may, kill);
      if (result.code === 0 && site.isUntouched) expectNothingLeft(site);
    },
    counts,
  );
}

function expectNothingLeft(site: Site): void {
  const left = leftToDo(site.disk);
  if (left.length > 0) throw new Error(`still to do: ${left.join("; ")}`);
}

function goOn(kill: Kill | null, counts: Counts): Command {
  return command(
    `resume${shown(kill)}`,
    async (site) => {
      const open = (await site.migrations()).filter(({ script }) => script === "migrate");
      const mayGoOn = open.some(({ state }) => state === "interrupted" || state === "planned");
      const result = await site.run("migrate", ["--resume", "--yes", "--force"], kill);
      expectCode(result, !mayGoOn ? [4] : site.isUntouched ? [0] : [0, 4, 5], kill);
      if (result.code === 0 && site.isUntouched) expectNothingLeft(site);
    },
    counts,
  );
}

const undoable = ["planned", "interrupted", "done", "rolling-back", "partly-rolled-back"];

function rollback(kill: Kill | null, counts: Counts): Command {
  return command(
    `rollback${shown(kill)}`,
    async (site) => {
      const newest = (await site.migrations()).findLast(({ state }) => undoable.includes(state));
      const result = await site.run("rollback", ["--yes"], kill);
      if (newest === undefined) return expectCode(result, [4], kill);
      expectCode(result, site.isUntouched ? [0] : [0, 5], kill);
      if (result.code === 5) site.isMessy = true;
    },
    counts,
  );
}

function spawn(where: number, kill: Kill | null, counts: Counts): Command {
  return command(
    `spawn ${where}${shown(kill)}`,
    async (site) => {
      const { projects } = site.disk;
      const project = projects[where % projects.length];
      if (project === undefined) return;
      const words = ["spawn", project.name, `W-${site.nextWord().slice(5, -1)}`];
      const isOpen = (await site.open()).some(({ script }) => script !== "sessions");
      const wasUntouched = site.isUntouched;
      site.isUntouched = false;
      const call = [...words, "--command", "sleep 1000", "--json"];
      const result = await site.run("sessions", call, kill);
      expectCode(result, isOpen ? [4] : wasUntouched ? [0] : [0, 4], kill);
      if (result.code === killed) site.isMessy = true;
      if (result.code !== 0) return;
      const { session } = JSON.parse(result.stdout) as { session: { id: string; tmux: string } };
      site.made.push({ id: session.id, tmuxName: session.tmux });
    },
    counts,
  );
}

function end(which: number, kill: Kill | null, counts: Counts): Command {
  return command(
    `kill ${which}${shown(kill)}`,
    async (site) => {
      const made = site.made[which % Math.max(1, site.made.length)];
      if (made === undefined) return;
      site.isUntouched = false;
      const result = await site.run("sessions", ["kill", made.id, "--yes"], kill);
      // It may be gone, or there twice, after what happened to it.
      expectCode(result, [0, 2, 3, 4, 5], kill);
      if (result.code === killed) site.isMessy = true;
    },
    counts,
  );
}

function edit(kind: number, where: number, counts: Counts): Command {
  return command(
    `edit ${kind} ${where}`,
    async (site) => {
      const word = site.nextWord();
      const pick = (paths: string[]) => paths.sort()[where % Math.max(1, paths.length)];
      const sessions = site.sessions();
      const targets = [
        () => pick(site.worktrees().map((path) => join(path, "notes.txt"))),
        () => pick(sessions.map((path) => join(path, "..", `notes-${word}txt`))),
        () => site.disk.configFile,
      ];
      const path = targets[kind % targets.length]?.();
      if (path !== undefined && (kind !== 2 || existsSync(path))) {
        site.edit(path, word, (text) => `${text}# ${word}\n`);
      }
    },
    counts,
  );
}

function write(counts: Counts): Command {
  return command(
    "write",
    async (site) => {
      for (const path of site.sessions()) site.writeAsAo(path, site.nextWord());
    },
    counts,
  );
}

const kills: fc.Arbitrary<Kill> = fc
  .tuple(
    fc.constantFrom("renameat2", "mkdir", "unlink", "fsync", "write", "fchmod", "flock"),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  // Early ones are the likelier, since not every run has many.
  .map(([syscall, share]) => ({ syscall, nth: 1 + Math.floor(share ** 3 * 60) }));

const maybe = fc.option(kills, { freq: 1 });

function sequences(longest: number, counts: Counts): fc.Arbitrary<Iterable<Command>> {
  const kinds: fc.Arbitrary<Command>[] = [
    fc.tuple(fc.nat(3), maybe).map(([force, kill]) => migrate(force > 0, kill, counts)),
    fc.tuple(fc.nat(3), maybe).map(([force, kill]) => migrate(force > 0, kill, counts)),
    maybe.map((kill) => goOn(kill, counts)),
    maybe.map((kill) => rollback(kill, counts)),
    fc.tuple(fc.nat(5), maybe).map(([where, kill]) => spawn(where, kill, counts)),
    fc.tuple(fc.nat(5), maybe).map(([which, kill]) => end(which, kill, counts)),
    fc.tuple(fc.nat(2), fc.nat(20)).map(([kind, where]) => edit(kind, where, counts)),
    fc.constant(write(counts)),
  ];
  return fc.commands(kinds, { maxCommands: longest, size: "max" });
}

const projects: ProjectSpec[] = [
  { name: "integrator", layout: "v1", sessions: 2, archives: 1, feedback: 1 },
  { name: "safe_split", layout: "v1-bare-hash", sessions: 1, worktrees: "v1" },
  { name: "backend", layout: "v1-bare", sessions: 2, storageKey: "bare", claude: "now" },
  { name: "my_app", sessions: 2, worktrees: "legacy-root", codeReviews: 1 },
  { name: "PyTorch", layout: "v3", sessions: 1 },
];

const disks = fc.subarray(projects, { minLength: 1, maxLength: 3 });

/** Walks through a real disk; each ends with everything taken back. */
export function realWalks(longest: number, counts: Counts) {
  return fc.asyncProperty(disks, sequences(longest, counts), async (specs, sequence) => {
    using site = new Site(specs);
    await fc.asyncModelRun(() => ({ model: {}, real: site }), sequence);
    const last = rollback(null, counts);
    for (let turn = 0; turn < 8; turn += 1) {
      const states = (await site.migrations()).map(({ state }) => state);
      if (!states.some((state) => undoable.slice(0, 4).includes(state))) break;
      await last.run({}, site);
    }
    if ((await site.open()).length > 0) throw new Error("something stands half-way");
    site.expectOriginal();
  });
}
