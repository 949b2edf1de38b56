/** Names in `sessions/`, ages of locks, and which of several files of one session is the newest. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, utimesSync } from "node:fs";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { scanHashDir, scanProjectDir } from "../../../../lib/storage/scan/state-dir.ts";
import { mkdirs, writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
let sessions = "";
beforeEach(() => {
  dir = makeTemp("session-names");
  sessions = mkdirs(`${dir}/app/sessions`);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const now = Date.UTC(2026, 10, 21);

function look() {
  const reader = new Reader();
  const options = { now, heldLocks: [] as string[], digests: false, sizes: false };
  const found = scanProjectDir(reader, dir, "app", options);
  const faults = reader.faults.map(({ place }) => place.file.slice(sessions.length + 1));
  return { ...found, faults, heldLocks: options.heldLocks };
}

/** Sets the time of a file, in seconds before now. */
function age(name: string, seconds: number): void {
  utimesSync(`${sessions}/${name}`, now / 1000 - seconds, now / 1000 - seconds);
}

test("names that are nearly those of AO's own files are told", () => {
  const own = [".hidden", "int-5.json.tmp.4711.17766"];
  const odd = [
    ...["int-1.json.corrupt-12x", "int-5.json.tmp.4711.17766.bak", "int-5.json.tmp.x.1"],
    ...["int-6.json.corrupt-", "int-7.lock.txt"],
  ];
  writeFiles(sessions, Object.fromEntries([...own, ...odd].map((name) => [name, ""])));
  writeFiles(sessions, { "int-1.json.corrupt-1": "{", "int-1.json.corrupt-12": "{" });
  const { otherSessionEntries, corruptCopies, faults } = look();
  expect(otherSessionEntries).toEqual([...own, ...odd].sort());
  expect(corruptCopies).toEqual(["int-1.json.corrupt-1", "int-1.json.corrupt-12"]);
  expect(faults).toEqual(odd.toSorted());
});

test("directories that are called like a session are told, others are nobody's business", () => {
  const like = ["int-12", "int-orchestrator", "x.json"];
  for (const name of [...like, "int-12x", "notes", "x.json.d"]) mkdirs(`${sessions}/${name}`);
  const { faults, otherSessionEntries } = look();
  expect(faults).toEqual(like);
  expect(otherSessionEntries).toHaveLength(6);
});

test("a session's lock is held until it is thirty seconds old", () => {
  writeFiles(sessions, { "a-1.json.lock": "", "a-2.json.lock": "" });
  age("a-1.json.lock", 30);
  age("a-2.json.lock", 29);
  const { staleLocks, heldLocks } = look();
  expect(staleLocks).toEqual(["a-1.json.lock"]);
  expect(heldLocks).toEqual([`${sessions}/a-2.json.lock`]);
});

describe("of two files of one session", () => {
  /** Ids and forms of the files that are the newest. */
  const newest = (ages: Record<string, number>) => {
    writeFiles(sessions, Object.fromEntries(Object.keys(ages).map((name) => [name, "{}"])));
    for (const [name, seconds] of Object.entries(ages)) age(name, seconds);
    return look().sessions.flatMap(({ path, newest }) =>
      newest ? [path.slice(sessions.length + 1)] : [],
    );
  };

  test("the newest is the one that was written last, by a second at least", () => {
    expect(newest({ "int-1": 60, "int-1.json": 61 })).toEqual(["int-1"]);
    expect(newest({ "int-1": 61, "int-1.json": 60 })).toEqual(["int-1.json"]);
    expect(newest({ "int-1": 60, "int-1.json": 60.999 })).toEqual([]);
    expect(newest({ "int-1": 60, "int-1.json": 60 })).toEqual([]);
  });

  test("a session that has one file only is not compared", () => {
    expect(newest({ "int-1": 9, "int-1.json": 60, "int-2.json": 1 })).toEqual(["int-1"]);
    rmSync(`${sessions}/int-1`);
    expect(newest({ "int-1.json": 60, "int-2.json": 1 })).toEqual([]);
  });
});

describe("an .origin", () => {
  const originOf = (content: string | Uint8Array) => {
    const name = "0123456789ab-app";
    writeFiles(`${dir}/${name}`, { ".origin": content });
    const reader = new Reader();
    const options = { now, heldLocks: [], digests: false, sizes: false };
    const { origin, others } = scanHashDir(reader, dir, name, options);
    return [origin, others.length, ...reader.faults.map(({ detail }) => detail)];
  };

  test.each(["/a\n/b", "/a\0b", "a/b", ""])("that holds %j names no config", (text) => {
    expect(originOf(text)).toEqual([undefined, 1, "not the absolute path of a config"]);
  });

  test("names a config without the blanks around it, and is one fault when it is no text", () => {
    expect(originOf(" /a b.yaml \n")).toEqual(["/a b.yaml", 0]);
    expect(originOf(Buffer.from([0x2f, 0xe9]))).toEqual([undefined, 1, "not UTF-8"]);
  });
});
