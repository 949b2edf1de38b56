/** A migration appears whole and durable, or not at all. */

import { describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { basename, join } from "node:path";
import { expectMigration } from "../../../lib/change/engine.ts";
import { makeDirs, writeMigration } from "../../../lib/change/migration.ts";
import { Places } from "../../../lib/change/places.ts";
import { errorOf, makeWorkbench } from "../../change/workbench.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

const dir = "/base/migrations/v3-20260101T000000Z-abcdef";
const plan = { script: "test", title: "a test", roots: ["/base"], operations: [] };
const manifest = {
  ...{ schemaVersion: 1 as const, id: basename(dir), script: "test", title: "a test" },
  ...{ createdAt: "2026-01-01T00:00:00.000Z", root: "/base", toolVersion: "0", operations: 0 },
};

/** What a migration's directory holds when the power is cut right after it was written. */
function writtenThenCut(summary: string | undefined): Record<string, string> {
  const disk = new SimulatedDisk();
  makeDirs(disk, "/base/migrations");
  writeMigration(disk, new Places(dir), { manifest, plan, summary });
  const after = disk.afterPowerCut(Math.random, (durable) => new Map(durable));
  const names = after.lstat(dir) === null ? [] : after.readDir(dir);
  const read = (name: string) =>
    after.lstat(`${dir}/${name}`)?.kind === "directory"
      ? "/"
      : Buffer.from(after.readFile(`${dir}/${name}`)).toString("utf8");
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}

describe("a new migration", () => {
  test("has all of its files once it is there, even after a power cut", () => {
    const { "plan.json": text, "manifest.json": json, ...rest } = writtenThenCut("# A plan\n");
    expect(rest).toEqual({
      ...{ "journal.jsonl": "", "plan.md": "# A plan\n", staging: "/", trash: "/" },
    });
    expect(JSON.parse(text ?? "")).toMatchObject({ script: "test", operations: [] });
    expect(JSON.parse(json ?? "")).toMatchObject({ id: basename(dir) });
    expect(Object.keys(writtenThenCut(undefined))).not.toContain("plan.md");
  });

  test("is refused where one of its name is, and that one stays", async () => {
    using bench = makeWorkbench();
    await bench.apply([{ op: "makeDir", path: bench.at("one") }]);
    const journal = fs.readFileSync(join(bench.migrationDir, "journal.jsonl"), "utf8");
    const error = await errorOf(bench.apply([{ op: "makeDir", path: bench.at("two") }]));
    expect(error).toMatchObject({ outcome: "refused" });
    expect(error.hint).toContain("migrate --resume ID");
    expect(fs.readFileSync(join(bench.migrationDir, "journal.jsonl"), "utf8")).toBe(journal);
    expect(bench.exists("two")).toBe(false);
  });

  test("clears away what was being written when an earlier run was killed", async () => {
    using bench = makeWorkbench();
    const draft = new Places(join(bench.migrationDir, "../other")).draft();
    fs.mkdirSync(join(draft.dir, "staging"), { recursive: true });
    fs.writeFileSync(draft.plan, "{");
    await bench.apply([{ op: "makeDir", path: bench.at("one") }]);
    expect(fs.readdirSync(join(bench.base, "migrations")).sort()).toEqual([
      ".lock",
      basename(bench.migrationDir),
    ]);
  });
});

describe("a migration that is meant", () => {
  test("must be a directory with a manifest", () => {
    using bench = makeWorkbench();
    const isThere = () => {
      try {
        expectMigration(bench.options);
        return true;
      } catch {
        return false;
      }
    };
    expect(isThere()).toBe(false);
    fs.mkdirSync(bench.migrationDir, { recursive: true });
    expect(isThere()).toBe(false);
    fs.writeFileSync(join(bench.migrationDir, "manifest.json"), "");
    expect(isThere()).toBe(true);
    fs.rmSync(bench.migrationDir, { recursive: true });
    fs.writeFileSync(bench.migrationDir, "");
    expect(isThere()).toBe(false);
  });
});

describe("directories", () => {
  test("may be made by another run at the same moment, and other failures are told", () => {
    const disk = new SimulatedDisk();
    const failing = (code: string) =>
      new Proxy(disk, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target);
          if (key !== "makeDir") return typeof value === "function" ? value.bind(target) : value;
          return (path: string) => {
            target.makeDir(path);
            throw Object.assign(new Error(code), { code });
          };
        },
      });
    makeDirs(failing("EEXIST"), "/a/b/c");
    expect(disk.lstat("/a/b/c")?.kind).toBe("directory");
    expect(() => makeDirs(failing("ENOSPC"), "/a/b/d")).toThrow("ENOSPC");
    makeDirs(disk, "/a/b/c");
    const after = disk.afterPowerCut(Math.random, (durable) => new Map(durable));
    expect(after.lstat("/a/b/c")?.kind).toBe("directory");
  });
});
