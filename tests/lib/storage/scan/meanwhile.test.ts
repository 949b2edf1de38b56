/** What goes away between a listing and the look at it: AO may be at work. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { resolvePlaces } from "../../../../lib/paths.ts";
import { scanBaseDir } from "../../../../lib/storage/scan/base-dir.ts";
import { dirEntry } from "../../../../lib/storage/scan/entries.ts";
import { scanObservability } from "../../../../lib/storage/scan/observability.ts";
import { type Listing, Reader } from "../../../../lib/storage/scan/reader.ts";
import { scanFlatDir, scanHashDir } from "../../../../lib/storage/scan/state-dir.ts";
import { scanDataDirs } from "../../../../lib/storage/scan/v0.ts";
import { scanWorktreeRoot } from "../../../../lib/storage/scan/worktrees.ts";
import { writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("meanwhile");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Everything in one directory goes as soon as that was listed. */
class GoneMeanwhile extends Reader {
  constructor(readonly going: string) {
    super();
  }

  override list(path: string): Listing | null {
    const listing = super.list(path);
    if (path !== this.going) return listing;
    for (const name of Object.values(listing ?? {}).flat()) {
      rmSync(`${path}/${name}`, { recursive: true });
    }
    return listing;
  }
}

const options = { now: 0, heldLocks: [] as string[], digests: true, sizes: true };
const name = "0123456789ab-x";
let made = 0;

/** Scans a V1 directory, all below one of its directories gone. */
function scanned(going: string, files: Record<string, string>) {
  const parent = `${dir}/${made++}`;
  writeFiles(`${parent}/${name}`, files);
  const reader = new GoneMeanwhile(`${parent}/${name}${going}`);
  const found = scanHashDir(reader, parent, name, options);
  return { ...found, faults: reader.faults };
}

describe("is no fault and leaves no trace", () => {
  test("in a directory of sessions", () => {
    const files = { "int-1": "a=b\n", "int-2.json": "{}", "int-3.json.lock": "" };
    const below = Object.entries(files).map(([file, text]) => [`sessions/${file}`, text]);
    expect(scanned("/sessions", Object.fromEntries(below))).toMatchObject({
      sessions: [],
      staleLocks: [],
      otherSessionEntries: [],
      empty: true,
      faults: [],
    });
    expect(options.heldLocks).toEqual([]);
    const archived = scanned("/archive", { "archive/int-1_20260420T143052Z": "a=b\n" });
    expect([archived.archives, archived.faults]).toEqual([[], []]);
  });

  test("beside the sessions", () => {
    const found = scanned("", {
      "sessions/int-1": "a=b\n",
      "worktrees/int-1/README": "",
      "archive/notes": "",
      "feedback-reports/a.kv": "a=1\n",
      ".origin": "/x.yaml",
      "identity.json": "{}",
      ".next-session-id.json": "{}",
      "orchestrator.json": "{}",
    });
    expect(found).toMatchObject({
      sessions: [],
      archives: [],
      worktrees: [],
      bytes: 0,
      faults: [],
    });
    expect(found.origin).toBeUndefined();
    expect(found.orchestrator).toBeUndefined();
  });

  test("with a whole directory", () => {
    const reader = new Reader();
    expect(scanHashDir(reader, dir, name, options)).toMatchObject({ sessions: [], bytes: 0 });
    expect(scanFlatDir(reader, `${dir}/none`)).toMatchObject({ sessions: [], empty: true });
    const places = resolvePlaces({ home: "/home/u", env: {} });
    expect(scanDataDirs(reader, [{ path: `${dir}/none` }], places)).toEqual([]);
    expect(scanObservability(reader, `${dir}/none`, "0123456789ab")).toMatchObject({
      ...{ files: [], bytes: 0, oldestMs: 0 },
    });
    expect(dirEntry(reader, dir, "none", options)).toEqual({ name: "none", kind: "dir", bytes: 0 });
    expect(scanWorktreeRoot(reader, `${dir}/none`, "v0", true)).toEqual([]);
    expect(reader.faults).toEqual([]);
  });

  test("in an observability directory, a root of worktrees and the base dir", () => {
    const path = `${dir}/${made++}`;
    writeFiles(`${path}/records`, { "a.json": "{}", "processes/b.json": "{}" });
    const records = new GoneMeanwhile(`${path}/records`);
    expect(scanObservability(records, `${path}/records`, "0123456789ab")?.files).toEqual([]);
    writeFiles(`${path}/trees`, { "app/app-1/README": "" });
    const trees = new GoneMeanwhile(`${path}/trees`);
    expect(scanWorktreeRoot(trees, `${path}/trees`, "v0", true)).toEqual([]);
    writeFiles(`${path}/base`, { "notes.txt": "", "running.lock": "" });
    const base = new GoneMeanwhile(`${path}/base`);
    expect(scanBaseDir(base, `${path}/base`, Date.now()).leftovers).toEqual([]);
    expect([records.faults, trees.faults, base.faults]).toEqual([[], [], []]);
  });
});
