import { expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ToolkitError } from "../../../lib/errors.ts";
import { checkRunbook, loadRunbook } from "../../../lib/smoke/load.ts";
import { makeTemp } from "../../temp.ts";
import { lanesDir } from "./walking.ts";

const fixtures = join(import.meta.dir, "../../fixtures/smoke-runbook");

test("the lanes that come along hold every numbered step of the plan", () => {
  const runbook = loadRunbook(lanesDir);
  const ids = runbook.lanes.flatMap((lane) => lane.steps.map(({ id }) => id));
  expect(runbook.lanes.map(({ lane }) => lane)).toEqual([
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "10",
    "11",
    "teardown",
  ]);
  const plan =
    "1.1 1.2 1.3 1.4 1.5 2.1 2.2 2.3 3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.8 3.9 4.1 4.2 5.1 5.2 5.3 6.1 6.2 6.3 6.4 6.5 6.6 7.1 7.2 8.1 8.2 8.3 9.1 10.1 10.2";
  for (const id of plan.split(" ")) expect(ids).toContain(id);
  expect(ids).toContain("2.4-project-rm");
});

test("all mistakes of all files are reported at once, each with its line", () => {
  const dir = join(fixtures, "mistakes");
  const { mistakes } = checkRunbook(dir);
  const seen = mistakes.map(
    ({ place, message }) =>
      `${place.file.split("/").at(-1)}:${place.line}: ${message.replace(`${dir}/`, "")}`,
  );
  expect(seen).toEqual([
    "01-broken.yaml:6: title: is missing",
    "01-broken.yaml:8: an action needs one of: run, http, sql, subscribe, events, websocket, file, write, log, process, worktrees, sessions, pane, kill_session, daemon, github, requests, pause, manual",
    "01-broken.yaml:14: timeout: must be a duration like 250ms, 5s or 2m",
    "01-broken.yaml:18: matches: must be a regular expression",
    "01-broken.yaml:20: expct: is not a known field here",
    "01-broken.yaml:21: step 1.4 needs 9.9, which no earlier step is",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of a lane.
    "01-broken.yaml:21: step 1.4 uses ${nobody}, which neither it nor its needs capture",
    '01-broken.yaml:27: "2.1" is not an id of lane 1',
    '02-syntax.yaml:3: missing closing "quote',
    "03-twice.yaml:5: step 1.4 is already in 01-broken.yaml:21",
  ]);
});

test("what is no lane file is a mistake, and no reason to wait or to stop", () => {
  const dir = makeTemp("lanes");
  try {
    mkdirSync(join(dir, "1-dir.yaml"));
    Bun.spawnSync(["mkfifo", join(dir, "2-pipe.yaml")]);
    symlinkSync("nowhere", join(dir, "3-link.yaml"));
    writeFileSync(join(dir, "4-large.yaml"), "#".repeat(300 * 1024));
    writeFileSync(join(dir, "5-keys.yaml"), "? ".repeat(1000));
    writeFileSync(join(dir, "6-deep.yaml"), `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`);
    const { mistakes } = checkRunbook(dir);
    expect(mistakes.map(({ message }) => message)).toEqual([
      "is no file",
      "is no file",
      "cannot be read: ENOENT",
      "is larger than 256 KB",
      "a key that is a mapping or a list",
      "nested too deeply",
    ]);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("loading a broken runbook fails with every mistake in the message", () => {
  const load = () => loadRunbook(join(fixtures, "mistakes"));
  expect(load).toThrow(ToolkitError);
  expect(load).toThrow(/10 mistakes/);
  expect(load).toThrow(/01-broken\.yaml:6:\d+: title: is missing/);
});

test("a folder without lanes is said to be one", () => {
  expect(() => loadRunbook("/nonexistent")).toThrow(/not a folder/);
});
