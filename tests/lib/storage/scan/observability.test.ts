import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { scanObservability } from "../../../../lib/storage/scan/observability.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("observability");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let made = 0;

function scanned(files: Record<string, string>, prepare?: (path: string) => void) {
  const path = `${dir}/${made++}`;
  mkdirSync(path);
  writeFiles(path, files);
  prepare?.(path);
  const reader = new Reader();
  const found = scanObservability(reader, path, "0123456789ab");
  const faults = reader.faults.map(
    ({ kind, place }) => `${kind} ${place.file.slice(path.length + 1)}`,
  );
  const ids = Object.fromEntries(
    (found?.files ?? []).map(({ name, projectIds }) => [name, projectIds.join(" ")]),
  );
  return { found, ids, faults };
}

describe("the project ids of a record", () => {
  test("are found at the top, in traces, sessions and health records, and in metric names", () => {
    const record = {
      projectId: "top",
      metrics: {
        "metric::spawn": { total: 1 },
        "unknown::spawn": { total: 1 },
        "::spawn": {},
        plain: {},
      },
      traces: [{ projectId: "trace-a" }, { projectId: "trace-b", deep: [{ projectId: "deep" }] }],
      sessions: { "int-1": { projectId: "session" } },
      health: { poll: { projectId: "health", other: { projectId: 7 } } },
    };
    const { ids, faults } = scanned({
      "processes/a-1.json": JSON.stringify(record, null, 2),
      "processes/list-2.json": JSON.stringify({ sessions: [{ projectId: "listed" }] }),
    });
    expect(ids).toEqual({
      "processes/a-1.json": "deep health metric session top trace-a trace-b",
      "processes/list-2.json": "listed",
    });
    expect(faults).toEqual([]);
  });

  test("are not taken from inside texts", () => {
    const record = { message: 'got {"projectId": "quoted"} and a::b', note: "projectId" };
    expect(scanned({ "processes/a-1.json": JSON.stringify(record) }).ids).toEqual({
      "processes/a-1.json": "",
    });
  });

  test("are collected line by line from logs, whose last line may be torn", () => {
    const { ids, faults } = scanned({
      "processes/a-1.ndjson": '{"projectId":"a"}\n\n{"projectId":"b"}\n{"projectId":"c',
      "processes/a-1.ndjson.1": '{"projectId":"d"}\n',
    });
    expect(ids).toEqual({ "processes/a-1.ndjson": "a b", "processes/a-1.ndjson.1": "d" });
    expect(faults).toEqual([]);
  });
});

test("a directory has its files with sizes, and the time of the oldest", () => {
  const { found } = scanned(
    { "processes/a-1.json": "{}", "processes/b-2.json": "{ }", "openclaw-health.json": "{}" },
    (path) => utimesSync(`${path}/processes/b-2.json`, 1000, 1000),
  );
  expect(found?.files.map(({ name, bytes }) => [name, bytes])).toEqual([
    ["openclaw-health.json", 2],
    ["processes/a-1.json", 2],
    ["processes/b-2.json", 3],
  ]);
  expect(found).toMatchObject({ bytes: 7, oldestMs: 1_000_000, hash: "0123456789ab" });
});

test("an empty directory is as old as itself", () => {
  const { found } = scanned({}, (path) => utimesSync(path, 2000, 2000));
  expect(found).toMatchObject({ files: [], bytes: 0, oldestMs: 2_000_000 });
});

test("a document that is cut off is a fault, as are links, pipes and huge files; none hides the rest", () => {
  const { ids, faults } = scanned(
    {
      "processes/a-1.json": '{"projectId": "a"',
      "processes/b-2.json": `{"projectId": "${"x".repeat(4 * 1024 * 1024)}"}`,
      "processes/c-3.json": '{"projectId": "c"}',
    },
    (path) => {
      symlinkSync("c-3.json", `${path}/processes/d-4.json`);
      symlinkSync(path, `${path}/loop`);
      Bun.spawnSync(["mkfifo", `${path}/processes/e-5.json`]);
    },
  );
  expect(ids["processes/c-3.json"]).toBe("c");
  expect(faults).toEqual([
    "symlink loop",
    "corrupt processes/a-1.json",
    "too-large processes/b-2.json",
    "symlink processes/d-4.json",
    "not-a-file processes/e-5.json",
  ]);
});

test("a project that is called observability is none", () => {
  expect(scanned({ "sessions/obs-1": "status=done\n" }).found).toBeNull();
});
