import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import fc from "fast-check";
import { hasDuplicateKeys } from "../../../../lib/json.ts";
import { parseKeyValue, sessionFieldsOf, sniffSession } from "../../../../lib/metadata.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { scanArchives, scanSessions } from "../../../../lib/storage/scan/sessions.ts";
import { writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("sessions");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let made = 0;

/** Scans a new `sessions/` with these files in it. */
function scanned(files: Record<string, string | Uint8Array>, prepare?: (path: string) => void) {
  const path = `${dir}/${made++}`;
  mkdirSync(path);
  writeFiles(path, files);
  prepare?.(path);
  const reader = new Reader();
  const locks = { now: Date.now(), heldLocks: [] as string[] };
  const lists = {
    sessions: [],
    archives: [],
    corruptCopies: [],
    staleLocks: [],
    otherSessionEntries: [],
  } as unknown as Parameters<typeof scanSessions>[2];
  scanSessions(reader, path, lists, locks);
  const faults = reader.faults.map(({ kind, place, detail }) => {
    const { file, line, column } = place;
    return [kind, file.slice(path.length + 1), line, column, detail].filter((x) => x !== undefined);
  });
  return { path, ...lists, heldLocks: locks.heldLocks, faults };
}

describe("a session file", () => {
  test("of every format is read once, with its fields and size", () => {
    const json = '{"branch":"feat/x","runtimeHandle":{"id":"int-2","runtimeName":"tmux"}}';
    const kv = "branch=feat/y\nmine=a=b\n";
    const { sessions, faults, path } = scanned({
      "int-1": kv,
      "int-2.json": json,
      "int-3.json": kv,
      "int-4.json": " \n",
    });
    expect(faults).toEqual([]);
    expect(sessions).toEqual([
      {
        path: `${path}/int-1`,
        sessionId: "int-1",
        format: "kv",
        bytes: kv.length,
        fields: { branch: "feat/y" },
        text: kv,
      },
      {
        path: `${path}/int-2.json`,
        sessionId: "int-2",
        format: "json",
        bytes: json.length,
        fields: { branch: "feat/x", handleId: "int-2", runtimeName: "tmux" },
      },
      {
        path: `${path}/int-3.json`,
        sessionId: "int-3",
        format: "kv-in-json",
        bytes: kv.length,
        fields: { branch: "feat/y" },
        text: kv,
      },
      {
        path: `${path}/int-4.json`,
        sessionId: "int-4",
        format: "empty",
        bytes: 2,
        fields: {},
      },
    ]);
  });

  test("that is cut off, no object, not UTF-8 or huge is bad, with a fault at its place", () => {
    const { sessions, faults } = scanned({
      "a-1.json": '{\n  "branch": "x',
      "a-2.json": "[1]",
      "a-3.json": Buffer.from('{"branch": "\xe9"}', "latin1"),
      "a-4.json": `{"log": "${"x".repeat(1024 * 1024)}"}`,
      "a-5": "no pair in here\n",
    });
    expect(sessions.map(({ format }) => format)).toEqual(["bad", "bad", "bad", "bad", "bad"]);
    expect(sessions.map(({ bytes }) => bytes)).toEqual([16, 3, 15, 1_048_587, 16]);
    expect(faults).toEqual([
      ["corrupt", "a-1.json", 2, 15, "JSON is cut off"],
      ["corrupt", "a-2.json", 1, 1, "JSON, but not an object"],
      ["corrupt", "a-3.json", 1, 13, "not UTF-8 at byte 13"],
      ["too-large", "a-4.json", "1048587 bytes, over 1048576"],
      ["corrupt", "a-5", 1, 1, "no key=value pair"],
    ]);
  });

  test("with a key twice, at any depth, is marked; other odd JSON is not", () => {
    const { sessions } = scanned({
      "a-1.json": '{"worktree": "/a", "worktree": "/b"}',
      "a-2.json": '{"runtimeHandle": {"id": "a", "id" : "b"}}',
      "a-3.json": '{"a" : 1, "text": "\\":", "b": ":x", "list": [{"c": 1}, {"c": 2}]}',
      "a-4.json": `\ufeff{"a":${'{"a":'.repeat(100)}1${"}".repeat(100)}}`,
    });
    expect(sessions.map(({ duplicateKeys }) => duplicateKeys)).toEqual([
      true,
      true,
      undefined,
      undefined,
    ]);
    expect(sessions.every(({ format }) => format === "json")).toBe(true);
  });

  test("is judged as the careful reading would, whatever it holds", () => {
    const text = fc
      .array(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 6 }),
          fc.constantFrom(
            "{",
            "}",
            '"a"',
            ":",
            '"b":1',
            ",",
            "a=b\n",
            "=",
            "\ufeff",
            "\0",
            "\ufffd",
          ),
          fc.json(),
        ),
        { maxLength: 8 },
      )
      .map((pieces) => pieces.join(""));
    const files = fc.sample(text, 400).map((content, at): [string, string] => {
      return [`a-${String(at).padStart(3, "0")}${at % 2 === 0 ? "" : ".json"}`, content];
    });
    const { sessions } = scanned(Object.fromEntries(files));
    expect(sessions).toHaveLength(files.length);
    for (const [at, [name, content]] of files.entries()) {
      const { format, object, text } = sniffSession(Buffer.from(content), name);
      const fields = object ?? (text === undefined ? {} : parseKeyValue(text));
      const expected = { format, fields: sessionFieldsOf(fields) };
      const twice = object !== undefined && hasDuplicateKeys(content, object);
      expect(sessions[at]).toMatchObject(twice ? { ...expected, duplicateKeys: true } : expected);
      expect(sessions[at]?.text).toBe(text);
      expect(sessions[at]?.duplicateKeys ?? false).toBe(twice);
    }
  });
});

test("every entry of sessions/ is in exactly one list, and what cannot be used is a fault", () => {
  const found = scanned(
    {
      "int-1": "a=b\n",
      "int-2.json": "{}",
      "int-2.json.corrupt-1776679200000": "{",
      "int-3.json.lock": "",
      "int-4.json.lock": "",
      "int-5.json.tmp.4711.1776679200000": "{",
      ".ghcache/pulls.json": "[]",
      ".hidden": "",
      "..climb": "",
      "-rf": "a=b\n",
      "int 6": "a=b\n",
      "int-7.json/file": "",
      "notes/file": "",
      "archive/int-8_20260420T143052Z": "a=b\n",
      "archive/int-9": "a=b\n",
      "archive/sub/file": "",
    },
    (path) => {
      utimesSync(`${path}/int-3.json.lock`, 1, 1);
      symlinkSync("int-1", `${path}/int-10`);
      Bun.spawnSync(["mkfifo", `${path}/int-11`]);
    },
  );
  expect(found.sessions.map(({ sessionId }) => sessionId)).toEqual(["int-1", "int-2"]);
  expect(found.archives.map(({ sessionId }) => sessionId)).toEqual(["int-8"]);
  expect(found.corruptCopies).toEqual(["int-2.json.corrupt-1776679200000"]);
  expect(found.staleLocks).toEqual(["int-3.json.lock"]);
  expect(found.heldLocks).toEqual([`${found.path}/int-4.json.lock`]);
  expect(found.otherSessionEntries).toEqual([
    "-rf",
    "..climb",
    ".ghcache",
    ".hidden",
    "archive/int-9",
    "archive/sub",
    "int 6",
    "int-10",
    "int-11",
    "int-5.json.tmp.4711.1776679200000",
    "int-7.json",
    "notes",
  ]);
  expect(found.faults.map(([kind, name]) => `${kind} ${name}`)).toEqual([
    "unsafe-name -rf",
    "unsafe-name ..climb",
    "unsafe-name int 6",
    "not-a-file int-7.json",
    "symlink int-10",
    "not-a-file int-11",
  ]);
  // Locks that are held, the archive's three, and the directory `archive` itself.
  const { sessions, corruptCopies, staleLocks, otherSessionEntries } = found;
  const listed = [sessions, corruptCopies, staleLocks, otherSessionEntries].flat().length;
  expect(listed + 1 - 2 + 1).toBe(readdirSync(found.path).length);
});

test("archives are known by all forms of their time, each file on its own", () => {
  const path = `${dir}/archives`;
  const names = [
    "int-1_20260420T143052Z",
    "int-1_2026-02-17T10-30-00",
    "int-1_2026-04-20T14:30:52.000Z.json",
    "be_x-orchestrator_2026-02-17T10-30-00-000Z",
  ];
  writeFiles(path, Object.fromEntries(names.map((name) => [name, "status=done\n"])));
  const archives: Parameters<typeof scanArchives>[2] = [];
  expect(scanArchives(new Reader(), path, archives)).toEqual([]);
  const seen = archives.map(({ sessionId, archivedAt }) => `${sessionId} ${archivedAt}`);
  expect(seen.sort()).toEqual([
    "be_x-orchestrator 2026-02-17T10-30-00-000Z",
    "int-1 2026-02-17T10-30-00",
    "int-1 2026-04-20T14:30:52.000Z",
    "int-1 20260420T143052Z",
  ]);
});
