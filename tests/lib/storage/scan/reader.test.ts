import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { whyUnsafe } from "../../../../lib/storage/scan/names.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("reader");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A new directory with these files. */
function filled(name: string, files: Record<string, string | Uint8Array>): string {
  const path = `${dir}/${name}`;
  mkdirSync(path);
  writeFiles(path, files);
  return path;
}

describe("a listing", () => {
  test("parts names by what they are, sorted, hidden ones included", () => {
    const path = filled("kinds", { "b/x": "", "a/x": "", z: "", ".hidden": "", "10": "", "9": "" });
    symlinkSync("/", `${path}/link`);
    Bun.spawnSync(["mkfifo", `${path}/pipe`]);
    const reader = new Reader();
    expect(reader.list(path)).toEqual({
      files: [".hidden", "10", "9", "z"],
      dirs: ["a", "b"],
      symlinks: ["link"],
      specials: ["pipe"],
      unsafe: [],
    });
    expect(reader.faults).toEqual([]);
  });

  test("sets names aside that have control characters or are not UTF-8, and says which", () => {
    const path = filled("names", { "int\n1": "", fine: "" });
    const raw = Buffer.concat([Buffer.from(`${path}/caf`), Buffer.from([0xe9])]);
    writeFileSync(raw, "");
    const reader = new Reader();
    expect(reader.list(path)).toMatchObject({ files: ["fine"], unsafe: ["caf\ufffd", "int\n1"] });
    expect(reader.faults).toEqual([
      {
        kind: "unsafe-name",
        place: { file: `${path}/caf\ufffd` },
        detail: "the name is not UTF-8: caf\\xe9",
      },
      {
        kind: "unsafe-name",
        place: { file: `${path}/int\n1` },
        detail: "the name has control characters in it",
      },
    ]);
  });

  test("is null without a fault for what is not there, and with one for a file", () => {
    const reader = new Reader();
    expect(reader.list(`${dir}/missing`)).toBeNull();
    expect(reader.faults).toEqual([]);
    const path = filled("file", { plain: "" });
    expect(reader.list(`${path}/plain`)).toBeNull();
    expect(reader.faults).toMatchObject([{ kind: "not-a-file", detail: "not a directory" }]);
  });
});

describe("a read", () => {
  /** What reading a path gives, with the kind and detail of its fault. */
  function read(path: string): (string | null)[] {
    const reader = new Reader();
    const text = reader.read(path)?.toString() ?? null;
    return [text, ...reader.faults.flatMap(({ kind, detail }) => [kind, detail])];
  }

  test("gives the bytes of a file of any size up to the limit", () => {
    const path = filled("sizes", {
      empty: "",
      small: "x",
      full: "x".repeat(64 * 1024),
      over: "y".repeat(64 * 1024 + 1),
      most: "z".repeat(1024 * 1024),
      more: "z".repeat(1024 * 1024 + 1),
    });
    expect(read(`${path}/empty`)).toEqual([""]);
    expect(read(`${path}/small`)).toEqual(["x"]);
    for (const [name, text] of [
      ["full", "x".repeat(64 * 1024)],
      ["over", "y".repeat(64 * 1024 + 1)],
      ["most", "z".repeat(1024 * 1024)],
    ]) {
      expect(read(`${path}/${name}`)[0] === text).toBe(true);
    }
    expect(read(`${path}/more`)).toEqual([null, "too-large", "1048577 bytes, over 1048576"]);
  });

  test("gives the next file's bytes after a longer one", () => {
    const path = filled("reuse", { long: "x".repeat(100_000), short: "y" });
    const reader = new Reader();
    reader.read(`${path}/long`);
    expect(reader.readLossy(`${path}/short`)).toBe("y");
    expect(reader.lastSize).toBe(1);
  });

  test("neither waits for a pipe nor follows a link nor opens a directory", () => {
    const path = filled("hostile", { "dir/x": "", target: "secret" });
    Bun.spawnSync(["mkfifo", `${path}/pipe`]);
    symlinkSync("target", `${path}/link`);
    symlinkSync("loop", `${path}/loop`);
    expect(read(`${path}/pipe`)).toEqual([""]);
    expect(read(`${path}/link`)).toEqual([null, "symlink", "a symbolic link; not followed"]);
    expect(read(`${path}/loop`)).toEqual([null, "symlink", "a symbolic link; not followed"]);
    expect(read(`${path}/dir`)).toEqual([null, "not-a-file", "a directory"]);
    expect(read(`${path}/target/below`)).toEqual([null, "not-a-file", "not a directory"]);
  });

  test("reports what the system refuses, and passes over what is gone", () => {
    expect(read(`${dir}/${"long".repeat(100)}`)).toEqual([null, "unreadable", "ENAMETOOLONG"]);
    expect(read(`${dir}/missing`)).toEqual([null]);
  });

  test("tells how large a file is that it does not read", () => {
    const path = filled("sparse", { huge: "" });
    truncateSync(`${path}/huge`, 40 * 1024 * 1024);
    expect(read(`${path}/huge`)).toEqual([null, "too-large", "41943040 bytes, over 1048576"]);
  });
});

test("an object is read from UTF-8 JSON with or without a byte order mark, or is a fault", () => {
  const path = filled("objects", {
    good: '{"a": 1}',
    marked: '\ufeff{"a": 2}',
    list: "[]",
    text: "a=1",
    latin: Buffer.from('{"a": "\xe9"}', "latin1"),
    replaced: '{"a": "\ufffd"}',
  });
  const reader = new Reader();
  const read = (name: string) => reader.readObject(`${path}/${name}`);
  expect([read("good"), read("marked"), read("replaced")]).toEqual([
    { a: 1 },
    { a: 2 },
    { a: "\ufffd" },
  ]);
  expect(reader.faults).toEqual([]);
  expect([read("list"), read("text"), read("latin")]).toEqual([null, null, null]);
  expect(reader.faults.map(({ kind }) => kind)).toEqual(["corrupt", "corrupt", "corrupt"]);
  expect(reader.faults.map(({ detail }) => detail.replace(/not JSON: .*/, "not JSON"))).toEqual([
    "not a JSON object",
    "not JSON",
    "not UTF-8",
  ]);
});

test("a name that is not UTF-8 is told by its bytes, or as it is when its directory is gone", () => {
  const name = "caf\ufffd";
  const path = filled("bytes", { [name]: "" });
  expect(whyUnsafe(path, name)).toEndWith(String.raw`: caf\xef\xbf\xbd`);
  expect(whyUnsafe(`${path}/none`, name)).toEndWith(`: ${name}`);
});

test("what was read is closed again, also when it was too large or no file", () => {
  const path = filled("closed", { small: "1", "dir/x": "" });
  writeFileSync(`${path}/large`, "");
  truncateSync(`${path}/large`, 300 * 1024 * 1024);
  const open = () => readdirSync("/dev/fd").length;
  const reader = new Reader();
  reader.readLossy(`${path}/small`);
  const before = open();
  for (let round = 0; round < 20; round += 1) {
    for (const name of ["small", "large", "dir", "none"]) reader.readLossy(`${path}/${name}`);
  }
  expect(open()).toBe(before);
});
