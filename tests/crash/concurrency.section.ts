/**
 * Concurrency: no update is lost while AO-like processes write sessions and the registry during
 * execute and rollback. Each write is a read-modify-write that is looked for at the next one.
 */

import { join } from "node:path";
import type { Operation } from "../../lib/change/operation.ts";
import { makeWorkbench, type Workbench } from "../change/workbench.ts";
import { makeDisk } from "../disk/build.ts";
import type { ProofSection, Row } from "../proof.ts";
import { run } from "../scripts/migrate/call.ts";
import { race } from "./concurrency-race.ts";

export default {
  title: "Concurrency: two AO-like processes at full speed during execute and rollback",
  async run({ quick }) {
    return [await engineRow(quick), await scriptsRow(quick)];
  },
} satisfies ProofSection;

const sessions = Array.from({ length: 40 }, (_, number) => `sessions/s-${number}.json`);

async function engineRow(quick: boolean): Promise<Row> {
  const atLeast = quick ? 1000 : 10_000;
  using bench = makeWorkbench();
  for (const name of sessions) bench.write(name, '{\n  "project": "old"\n}\n');
  bench.write("config.yaml", "# registry\nprojects:\n  a: { path: /old }\n");
  const files = [...sessions, "config.yaml"].map(bench.at);
  let serial = 0;
  const { writes, rounds, failures } = await race(files, () => round(bench, serial++), {
    writes: atLeast,
    rounds: quick ? 3 : 20,
  });
  const note = `${rounds} times applied and taken back, 41 files`;
  return { name: "engine", count: writes, atLeast, unit: "writes", failures, note };
}

async function round(bench: Workbench, serial: number): Promise<void> {
  const edits = [{ pointer: "/project", before: "old", after: "new" }];
  const operations = sessions.map((name): Operation => {
    return { op: "patchJson", path: bench.at(name), edits };
  });
  const path = bench.at("config.yaml");
  const place = [{ pointer: "/projects/a/path", before: "/old", after: "/new" }];
  operations.push({ op: "patchYaml", path, edits: place });
  const id = `test-20260101T${String(serial).padStart(6, "0")}Z-abcdef`;
  const migrationDir = join(bench.base, "migrations", id);
  await bench.apply(operations, { migrationDir });
  expectAll(bench, "new");
  const { kept } = await bench.undo({ migrationDir });
  if (kept[0] !== undefined) throw new Error(`kept ${kept[0].path}: ${kept[0].reason}`);
  expectAll(bench, "old");
}

/** Every change of ours is there, whoever else wrote the file. */
function expectAll(bench: Workbench, word: string): void {
  const isThere = (name: string) => bench.read(name).includes(`"project": "${word}"`);
  const missing = sessions.filter((name) => !isThere(name));
  if (!bench.read("config.yaml").includes(`path: /${word}`)) missing.push("config.yaml");
  if (missing.length > 0) throw new Error(`our change is gone: ${missing}`);
}

async function scriptsRow(quick: boolean): Promise<Row> {
  const atLeast = quick ? 1000 : 10_000;
  using disk = makeDisk({
    projects: [
      { name: "integrator", sessions: 8, worktrees: "legacy-root", storageKey: "bare" },
      { name: "backend", sessions: 8, worktrees: "legacy-root", storageKey: "wrapped" },
    ],
  });
  const live = disk.projects.flatMap((project) => project.sessions.map(({ file }) => file));
  const files = [...live, disk.configFile];
  const call = async (name: "migrate" | "rollback", ...words: string[]) => {
    const { code, stdout, stderr } = await run(name, disk, ...words);
    if (code !== 0) throw new Error(`${name} ${words.join(" ")}: exit ${code}\n${stdout}${stderr}`);
  };
  const { writes, rounds, failures } = await race(
    files,
    async () => {
      await call("migrate", "--execute", "--yes", "--force");
      await call("rollback", "--yes");
    },
    { writes: atLeast, rounds: quick ? 2 : 10 },
  );
  const note = `${rounds} times migrate --execute and rollback, ${files.length} files`;
  return { name: "scripts", count: writes, atLeast, unit: "writes", failures, note };
}
