/** The recipes of docs/adding.md, carried out in a copy of the toolkit and tried on disks. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packagedAo } from "../lib/smoke/target.ts";
import { type Clone, makeClone, typeIn } from "./clone.ts";
import type { Disk } from "./disk/spec.ts";
import { disks } from "./disk.ts";
import { commandsIn, fencesIn } from "./markdown.ts";
import { root, runScript } from "./process.ts";

const page = "docs/adding.md";
let clone: Clone;
let disk: Disk;
/** What the recipes add or change. */
const files: string[] = [];

beforeAll(() => {
  clone = makeClone();
  const make = disks.cleanV3;
  if (make === undefined) throw new Error("no clean disk");
  disk = make();
  for (const { words, text } of fencesIn(clone.read(page))) {
    const file = words[1];
    if (file === undefined) continue;
    carryOut(join(clone.root, file), text);
    files.push(file);
  }
}, 30_000);
afterAll(() => {
  disk.cleanup();
  clone[Symbol.dispose]();
});

/** Makes a new file, or puts what stands between two lines of the block between those of the file. */
function carryOut(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  if (!existsSync(file)) {
    writeFileSync(file, text);
    return;
  }
  const lines = text.trimEnd().split("\n");
  // Of two lines the first is there and the second is new.
  const known = lines.length === 2 ? lines.slice(0, 1) : [lines.at(0), lines.at(-1)];
  const place = `${known.join("\n")}\n`;
  const page = readFileSync(file, "utf8");
  if (page.split(place).length !== 2) throw new Error(`${file} has not once:\n${place}`);
  writeFileSync(
    file,
    page.replace(place, () => `${lines.join("\n")}\n`),
  );
}

/** Runs a script of the copy on the disk. */
function run(name: string, ...words: string[]) {
  const script = join(clone.root, `scripts/${name}.ts`);
  return runScript(script, words, { env: disk.env, cwd: clone.root, timeoutMs: 30_000 });
}

/** A disk with what both recipes are about. */
function finderFile(): string {
  const projects = join(disk.baseDir, "projects");
  const [project = ""] = readdirSync(projects);
  const file = join(projects, project, ".DS_Store");
  writeFileSync(file, "Bud1");
  return file;
}

test("what the recipes add fits the types", () => {
  const tsc = Bun.spawnSync([join(root, "node_modules/.bin/tsc"), "--noEmit"], { cwd: clone.root });
  const complaints = tsc.stdout.toString().split("\n");
  expect(complaints.filter((line) => files.some((file) => line.startsWith(file)))).toEqual([]);
}, 30_000);

test("the step is planned, carried out, verified and taken back", async () => {
  const file = finderFile();
  expect((await run("migrate")).stdout).toContain("Clear Finder's files (1)");
  expect((await run("migrate", "--help")).stdout).toContain("clear-finder-files");
  const done = await run("migrate", "--execute", "--yes", "--only", "clear-finder-files");
  expect(done.stdout + done.stderr).toContain("Verified: scanned again, nothing is left to do.");
  expect(existsSync(file)).toBe(false);
  expect(await run("rollback", "--yes")).toMatchObject({ code: 0 });
  expect(readFileSync(file, "utf8")).toBe("Bud1");
}, 30_000);

test("the check finds, explains and mends", async () => {
  const file = finderFile();
  expect((await run("doctor", "--only", "AO-ST-013")).stdout).toContain("INFO   AO-ST-013");
  expect((await run("doctor", "explain", "AO-ST-013")).stdout).toContain("copies and comparisons");
  expect(await run("repair", "finder-files", "--yes")).toMatchObject({ code: 0 });
  expect(existsSync(file)).toBe(false);
}, 30_000);

test.each(commandsIn(readFileSync(join(root, page), "utf8")))(
  "$line",
  async ({ line }) => {
    // Without an AO there is nothing to walk, which is told.
    const code = line.endsWith("--auto") && packagedAo() === undefined ? 3 : 0;
    const { text, ...ended } = await typeIn(clone, line);
    expect({ ...ended, text }).toMatchObject({ code });
    const said = {
      "--list": "the daemon",
      "--dry-run": "start the AO daemon",
      "--auto": "2 pass in",
    };
    if (code === 0) expect(text).toContain(said[line.split(" ").at(-1) as keyof typeof said]);
  },
  30_000,
);
