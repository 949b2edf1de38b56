/** What AO itself, old and new, finds before a migration, after it, and after its rollback. */

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  listMetadata,
  readArchivedMetadataRaw,
  readMetadata,
  readMetadataRaw,
} from "../../../node_modules/@composio/ao-core/dist/metadata.js";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { requireAo } from "../../lib/smoke/real-ao.ts";
import { makeTemp } from "../../temp.ts";
import { diffTrees, readTree } from "../../tree.ts";
import { run } from "./call.ts";

interface Imported {
  report: { projectsImported: number; projectsSkipped: number };
  projects: unknown[];
}

/** Runs the rewrite's own importer into a home that is thrown away. */
function importInto(disk: Disk, ...argv: string[]): Imported {
  const home = makeTemp("import");
  try {
    const env = { ...disk.env, HOME: home, AO_DATA_DIR: join(home, "data") };
    const words = [requireAo(), "import", "--json", "--from", disk.baseDir, ...argv];
    const { exitCode, stdout } = Bun.spawnSync(words, { env, cwd: home, stdout: "pipe" });
    expect(exitCode).toBe(0);
    const file = join(home, "data", "ao.db");
    const projects = argv.includes("--dry-run") ? [] : projectsIn(file);
    return { report: JSON.parse(stdout.toString()), projects };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function projectsIn(file: string): unknown[] {
  const db = new Database(file, { readonly: true });
  try {
    return db.query("SELECT path, repo_origin_url FROM projects ORDER BY path").all();
  } finally {
    db.close();
  }
}

function build(name: string): Disk {
  const make = disks[name];
  if (make === undefined) throw new Error(`no disk "${name}"`);
  return make();
}

test.each(["v1AndV2Mix", "cleanV2", "dualRegistered", "everyLayout"])(
  "the rewrite imports the same projects from %s before and after, and writes nothing there",
  async (name) => {
    using disk = build(name);
    const before = [importInto(disk, "--dry-run"), importInto(disk, "--yes")];
    expect((await run("migrate", disk, "--execute", "--yes")).code).toBe(0);
    const tree = readTree(disk.root, { mtime: true });
    const after = [importInto(disk, "--dry-run"), importInto(disk, "--yes")];
    expect(after).toEqual(before);
    expect(diffTrees(tree, readTree(disk.root, { mtime: true }))).toEqual([]);
    expect(before[1]?.projects).not.toEqual([]);
  },
);

test("AO's own V1 core reads back what it wrote, after a rollback", async () => {
  using disk = build("v1AndV2Mix");
  const read = () =>
    disk.projects
      .filter(({ layout }) => layout === "v1" || layout === "v1-bare-hash")
      .map(({ stateDir, sessions }) => {
        const dir = join(stateDir, "sessions");
        return {
          ids: listMetadata(dir).sort(),
          live: sessions.map(({ id }) => [readMetadata(dir, id), readMetadataRaw(dir, id)]),
          archived: sessions.map(({ id }) => readArchivedMetadataRaw(dir, id)),
          archives: readdirSync(stateDir).sort(),
        };
      });
  const before = read();
  expect(before.flatMap(({ ids }) => ids).length).toBeGreaterThan(4);
  expect((await run("migrate", disk, "--execute", "--yes")).code).toBe(0);
  expect((await run("rollback", disk, "--yes")).code).toBe(0);
  expect(read()).toEqual(before);
});

test("a converted session says in JSON what the V1 core read in its text", async () => {
  using disk = build("v1AndV2Mix");
  const project = disk.project("integrator");
  const old = new Map(
    project.sessions
      .filter(({ archived }) => !archived)
      .map(({ id }) => [id, readMetadataRaw(join(project.stateDir, "sessions"), id)]),
  );
  expect((await run("migrate", disk, "--execute", "--yes")).code).toBe(0);
  for (const [id, raw] of old) {
    const file = join(disk.baseDir, "projects", project.id, "sessions", `${id}.json`);
    const json = JSON.parse(readFileSync(file, "utf8"));
    for (const key of [
      "branch",
      "issue",
      "agent",
      "createdAt",
      "pr",
      "userPrompt",
      "homegrownKey",
    ]) {
      expect([id, key, json[key]]).toEqual([id, key, raw?.[key]]);
    }
    expect(json.project).toBe(project.id);
  }
});
