import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { resolvePlaces } from "../../../lib/paths.ts";
import { inventoryDigest } from "../../../lib/storage/digest.ts";
import { scan } from "../../../lib/storage/scan.ts";
import { newSession } from "../../../lib/tmux.ts";
import { git, writeFiles } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";
import { states } from "../../disk/states.ts";

let disk: Disk;
let before = "";
beforeAll(() => {
  disk = states.everyLayout();
  before = digest();
});
afterAll(() => disk.cleanup());

function digest(): string {
  const places = resolvePlaces({ home: disk.home, env: disk.env });
  return inventoryDigest(scan(places, { tmux: true, sizes: false, env: disk.env }));
}

test("a digest is 64 hex digits, and the same for the same disk", () => {
  expect(before).toMatch(/^[0-9a-f]{64}$/);
  expect(digest()).toBe(before);
});

describe("a digest stays", () => {
  const changes: [string, () => void][] = [
    ["a tmux session starts", () => newSession({ name: "other", cwd: disk.home }, disk.env)],
    ["AO starts", () => writeFiles(disk.baseDir, { "running.json": '{"pid": 1}' })],
    ["a lock is taken", () => writeFiles(disk.baseDir, { "config.yaml.lock": "" })],
    ["a file is touched", () => utimesSync(disk.configFile, 1, 1)],
    [
      "a worktree's file is edited",
      () =>
        appendFileSync(join(disk.project("backend").sessions[0]?.worktree ?? "", "README"), "x"),
    ],
  ];
  test.each(changes)("when %s", (_, change) => {
    change();
    expect(digest()).toBe(before);
  });
});

describe("a digest differs", () => {
  const session = () => disk.project("backend").sessions[0]?.file ?? "";
  const changes: [string, () => void][] = [
    ["a session's field changes", () => edit(session(), (text) => text.replace("feat/", "fix/"))],
    ["a session appears", () => writeFiles(join(session(), ".."), { "be-77.json": "{}" })],
    ["a session goes", () => rmSync(join(session(), "..", "be-77.json"))],
    ["the registry changes", () => appendFileSync(disk.configFile, "# one more comment\n")],
    [
      "a report appears",
      () => writeFiles(join(session(), "../.."), { "feedback-reports/a.kv": "" }),
    ],
    ["a branch is checked out", () => git(worktree(), "checkout", "-q", "-b", "other")],
    ["a worktree is locked", () => git(worktree(), "worktree", "lock", worktree())],
    [
      "a V1 config changes",
      () => appendFileSync(disk.project("ancient").configFile ?? "", "# x\n"),
    ],
    ["records appear", () => mkdirSync(join(disk.baseDir, "0123456789ab-observability"))],
    ["something unknown appears", () => writeFiles(disk.baseDir, { "notes.txt": "" })],
  ];
  const worktree = () => disk.project("backend").sessions[0]?.worktree ?? "";

  test.each(changes)("when %s", (_, change) => {
    const earlier = digest();
    change();
    expect(digest()).not.toBe(earlier);
  });
});

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, "utf8")));
}
