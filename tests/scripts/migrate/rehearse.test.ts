/** `migrate --rehearse` as a user meets it: exit codes, texts, Ctrl-C. */

import { describe, expect, spyOn, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { realDisk } from "../../../lib/change/disk.ts";
import { rehearsalSchema } from "../../../lib/storage/rehearsal-schema.ts";
import { makeDisk } from "../../disk/build.ts";
import type { Disk } from "../../disk/spec.ts";
import { root, runScript } from "../../process.ts";
import { diffTrees, readTree } from "../../tree.ts";
import { call, sandboxOf } from "./call.ts";

interface Place extends Disposable {
  disk: Disk;
  /** Where copies are made; empty before and after. */
  tmp: string;
  env: Record<string, string>;
}

function makePlace(sessions = 3): Place {
  const names = ["integrator", "backend"];
  const projects = names.map((name) => ({ name, layout: "v1" as const, sessions }));
  const disk = makeDisk({ projects: projects.map((each) => ({ ...each, builtWorktrees: 1 })) });
  const tmp = join(disk.root, "tmp");
  mkdirSync(tmp);
  return { disk, tmp, env: { TMPDIR: tmp }, [Symbol.dispose]: () => disk.cleanup() };
}

describe("a rehearsal that went well", () => {
  test("says so, changes nothing and leaves nothing", async () => {
    using place = makePlace();
    const { disk, tmp, env } = place;
    const options = { sandbox: sandboxOf(disk), env };
    const before = readTree(disk.home, { mtime: true });
    const text = await runScript("scripts/migrate.ts", ["--rehearse"], options);
    expect(text).toMatchObject({ code: 0, stderr: "" });
    expect(text.stdout).toMatch(/Compared: +the copy is byte for byte what it was/);
    expect(text.stdout).toContain("bun run scripts/migrate.ts --execute\n");
    const json = await runScript("scripts/migrate.ts", ["--rehearse", "--json"], options);
    const result = v.parse(rehearsalSchema, JSON.parse(json.stdout));
    expect([result.missing, result.differences, result.kept]).toEqual([[], [], []]);
    expect(readdirSync(tmp)).toEqual([]);
    expect(diffTrees(before, readTree(disk.home, { mtime: true }))).toEqual([]);
  });
});

describe("a rehearsal that did not", () => {
  test("is exit 1 with every disagreement", async () => {
    using place = makePlace();
    const { disk } = place;
    // A disk on which directories cannot be removed and nobody says so.
    const removeDir = spyOn(realDisk, "removeDir").mockImplementation(() => {});
    try {
      const { code, stdout } = await call("migrate", disk, "--rehearse");
      expect(code).toBe(1);
      const dir = join(disk.baseDir, "projects");
      expect(stdout).toContain(`  • differs after rollback: ${dir}\n`);
      expect(stdout).not.toContain("--execute");
    } finally {
      removeDir.mockRestore();
    }
  });

  test("is exit 4 where there is no place for the copy, and nothing is said of a way on", async () => {
    using place = makePlace();
    const { disk, tmp, env } = place;
    rmSync(tmp, { recursive: true });
    const options = { sandbox: sandboxOf(disk), env };
    const { code, stderr } = await runScript("scripts/migrate.ts", ["--rehearse"], options);
    expect(code).toBe(4);
    expect(stderr).toStartWith(`error: Cannot rehearse in "${tmp}": ENOENT`);
    expect(stderr).toContain("hint: nothing real was touched; TMPDIR=DIR names another place");
  });
});

describe("Ctrl-C", () => {
  /** Starts one and waits until its copy is being worked on. */
  async function start({ disk, tmp, env }: Place) {
    const child = Bun.spawn([process.execPath, join(root, "scripts/migrate.ts"), "--rehearse"], {
      env: { ...sandboxOf(disk).env, ...env },
      cwd: disk.root,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    while (readdirSync(tmp).length === 0 && child.exitCode === null) await Bun.sleep(1);
    return child;
  }

  test.each([
    ["SIGINT", 1],
    ["SIGTERM", 1],
    ["SIGINT", 2],
  ] as const)("(%s, %d times) ends it, and the copy is gone", async (signal, times) => {
    using place = makePlace(400);
    const { disk, tmp } = place;
    const before = readTree(disk.home, { mtime: true });
    const child = await start(place);
    for (let turn = 0; turn < times; turn += 1) {
      child.kill(signal);
      await Bun.sleep(10);
    }
    expect(await child.exited).toBe(130);
    expect(await child.stderr.text()).toContain(`Cancelled by ${signal}`);
    expect(readdirSync(tmp)).toEqual([]);
    expect(diffTrees(before, readTree(disk.home, { mtime: true }))).toEqual([]);
  });
});
