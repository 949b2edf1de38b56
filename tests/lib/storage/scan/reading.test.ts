/** What reading leaves as it was, and what it says of entries of every kind. */

import { afterEach, beforeEach, expect, test } from "bun:test";
import { constants, Dirent, mkdirSync, rmSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemp("reading");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("a listing is sorted, links and pipes too, and a socket is neither file nor directory", () => {
  for (const name of ["b", "c", "a"]) {
    symlinkSync("/", `${dir}/link-${name}`);
    Bun.spawnSync(["mkfifo", `${dir}/pipe-${name}`]);
    mkdirSync(`${dir}/dir-${name}`);
  }
  const socket = Bun.listen({ unix: `${dir}/socket`, socket: { data: () => undefined } });
  try {
    const reader = new Reader();
    expect(reader.list(dir)).toEqual({
      files: [],
      dirs: ["dir-a", "dir-b", "dir-c"],
      symlinks: ["link-a", "link-b", "link-c"],
      specials: ["pipe-a", "pipe-b", "pipe-c", "socket"],
      unsafe: [],
    });
    expect(reader.faults).toEqual([]);
    expect(reader.read(`${dir}/socket`)).toBeNull();
    expect(reader.faults).toMatchObject([{ kind: "not-a-file", detail: "a socket" }]);
  } finally {
    socket.stop(true);
  }
});

/** As on a file system whose listings do not tell what an entry is; some of it goes meanwhile. */
class Untold extends Reader {
  protected override entries(dir: string): Dirent[] | null {
    const untold = new Dirent();
    const listed = super
      .entries(dir)
      ?.map(({ name }) => Object.assign(Object.create(untold), { name }));
    rmSync(`${dir}/gone`, { force: true });
    return listed ?? null;
  }
}

test("what an entry is gets asked where a listing does not tell", () => {
  writeFiles(dir, { file: "", gone: "", "dir/x": "" });
  symlinkSync("dir", `${dir}/link`);
  Bun.spawnSync(["mkfifo", `${dir}/pipe`]);
  const reader = new Untold();
  expect(reader.list(dir)).toEqual({
    ...{ files: ["file"], dirs: ["dir"], symlinks: ["link"], specials: ["pipe"], unsafe: [] },
  });
  expect([reader.list(`${dir}/none`), reader.faults]).toEqual([null, []]);
});

test("a file is not marked as read, where the system can be asked for that", () => {
  writeFiles(dir, { x: "text" });
  utimesSync(`${dir}/x`, 1000, 2000);
  expect(new Reader().readText(`${dir}/x`)).toBe("text");
  if (constants.O_NOATIME !== undefined) expect(statSync(`${dir}/x`).atimeMs).toBe(1_000_000);
});

test("what could not be opened has no size, whatever was read before", () => {
  writeFiles(dir, { x: "text", "d/y": "" });
  const reader = new Reader();
  for (const name of ["d", "none"]) {
    reader.read(`${dir}/x`);
    expect(reader.lastSize).toBe(4);
    reader.read(`${dir}/${name}`);
    expect(reader.lastSize).toBe(0);
  }
});

test("what cannot be asked about is a fault, and what is gone is none", () => {
  writeFiles(dir, { x: "" });
  const reader = new Reader();
  expect(reader.stat(`${dir}/none`)).toBeNull();
  expect(reader.faults).toEqual([]);
  expect(reader.stat(`${dir}/x/below`)).toBeNull();
  expect(reader.faults).toEqual([
    { kind: "not-a-file", place: { file: `${dir}/x/below` }, detail: "not a directory" },
  ]);
  const place = { file: "/a.yaml", line: 2 };
  reader.fault("corrupt", place, "odd");
  expect(reader.faults.at(-1)).toEqual({ kind: "corrupt", place, detail: "odd" });
});
