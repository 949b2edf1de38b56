/** Which records of observability tell projects, and how much of a migration is looked at. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { resolvePlaces } from "../../../../lib/paths.ts";
import { rememberedDataDirs, scanMigrations } from "../../../../lib/storage/scan/migrations.ts";
import { scanObservability } from "../../../../lib/storage/scan/observability.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { mkdirs, writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemp("records");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("a record", () => {
  const torn = '{"projectId": "a"}\n{"projectId": "b';
  test.each([
    // Metrics alone tell a project, and so does a project without metrics.
    ["a.json", '{"metrics": {"m::spawn": {}}}', "m", 0],
    ["a.json", '{"metrics": {"::spawn": {}, "plain": {}, "unknown::x": {}}}', "", 0],
    ["a.json", '{"metrics": "a::b"}', "", 0],
    ["a.json", '{"health": null, "list": [null, 1, "projectId"], "projectId": "p"}', "p", 0],
    ["a.json", '["::", "projectId", {"projectId": "p"}]', "p", 0],
    // What names no project is not read any further.
    ["a.json", '{"cut off', "", 0],
    // Only logs are read line by line, and may be torn; turned ones are numbered.
    ["a.ndjson", torn, "a", 0],
    ["a.ndjson.12", torn, "a", 0],
    ["a.ndjson.json", torn, "", 1],
    ["a.ndjson.1.bak", torn, "", 1],
  ])("%s with %j tells %p", (name, text, ids, faults) => {
    writeFiles(dir, { [name]: text });
    const reader = new Reader();
    const found = scanObservability(reader, dir, "0123456789ab");
    expect(found?.files[0]?.projectIds.join(" ")).toBe(ids);
    expect(reader.faults).toHaveLength(faults);
  });

  test("is none in a project's directory that has only worktrees", () => {
    mkdirs(`${dir}/worktrees`);
    expect(scanObservability(new Reader(), dir, "0123456789ab")).toBeNull();
  });
});

describe("of a migration", () => {
  const line = (...kinds: string[]) =>
    `${JSON.stringify({ sum: "0", records: kinds.map((k) => ({ k })) })}\n`;
  const much = "x".repeat(100_000);

  test("the end of a long journal tells that it ended", () => {
    writeFiles(dir, {
      "v3-a/journal.jsonl": line("start") + line("intent", much) + line("done", "end"),
      "v3-b/journal.jsonl": line("start") + line("intent", much) + line("done"),
    });
    mkdirs(`${dir}/v3-c/journal.jsonl`);
    expect(scanMigrations(new Reader(), dir).openMigrations).toEqual(["v3-b"]);
  });

  test("the beginning of a long plan tells its roots, each once, those that are paths", () => {
    const head = '{"script":"migrate","roots":["/old",7,"/nul\\u0000","old"],"operations":[\n';
    writeFiles(dir, {
      "v3-a/plan.json": head.replace("/old", "/oldest") + much,
      "v3-aa/plan.json": head,
      "v3-b/plan.json": head,
      "v3-c/plan.json": head.replace("/old", "/older"),
    });
    mkdirs(`${dir}/v3-d/plan.json`);
    const places = resolvePlaces({ home: "/home/u", env: {} });
    const before = readdirSync("/dev/fd").length;
    for (let round = 0; round < 10; round += 1) {
      const found = rememberedDataDirs(new Reader(), dir, places);
      expect(found).toEqual([{ path: "/oldest" }, { path: "/old" }, { path: "/older" }]);
    }
    expect(readdirSync("/dev/fd").length).toBe(before);
    expect(rememberedDataDirs(new Reader(), `${dir}/none`, places)).toEqual([]);
  });
});
