import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { ToolkitError } from "../../../lib/errors.ts";
import { loadTaskSession } from "../../../lib/tasks/load.ts";
import { makeProject } from "./project.ts";

function outcomeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ToolkitError) return `${error.outcome} ${error.place?.line}`;
    throw error;
  }
  return "none";
}

test("a session is read from its directory, else flat, .yml before .yaml", () => {
  using project = makeProject({
    "v001/task_sessions/a/session.yml": "from: directory\n",
    "v001/task_sessions/a.yml": "from: yml\n",
    "v001/task_sessions/a.yaml": "from: yaml\n",
  });
  const names = ["a/session.yml", "a.yml", "a.yaml"];
  for (const [name, structure, from] of [
    [names[0], "directory", "directory"],
    [names[1], "flat", "yml"],
    [names[2], "flat", "yaml"],
  ] as const) {
    const path = project.at(`v001/task_sessions/${name}`);
    expect(loadTaskSession(project.root, "v001", "a")).toEqual({ structure, path, data: { from } });
    rmSync(path);
  }
  expect(loadTaskSession(project.root, "v001", "a")).toBeNull();
});

test("there is no session where there is no task, version or project state", () => {
  using project = makeProject({
    "v001/task_sessions/a.yml": "a: 1\n",
    "v001/task_sessions/b/x": "",
  });
  expect(loadTaskSession(project.root, "v001", "b")).toBeNull();
  expect(loadTaskSession(project.root, "v001", "c")).toBeNull();
  expect(loadTaskSession(project.root, "v009", "a")).toBeNull();
  using empty = makeProject();
  expect(loadTaskSession(empty.root, "v001", "a")).toBeNull();
});

test("a file that is no session is an error with its place, not passed over", () => {
  using project = makeProject({
    "v001/task_sessions/a/session.yml": "",
    "v001/task_sessions/a.yml": "from: flat\n",
    "v001/task_sessions/b.yml": "a: 1\na: 2\n",
    "v001/task_sessions/c.yml": "- a\n",
    "v001/task_sessions/d.yml": Buffer.from([0x61, 0x3a, 0x0a, 0xff]),
    "v001/task_sessions/e.yml/x": "",
  });
  const load = (task: string) => outcomeOf(() => loadTaskSession(project.root, "v001", task));
  expect(["a", "b", "c", "d", "e"].map(load)).toEqual([
    ...["invalid 1", "invalid 2", "invalid 1", "invalid 2", "invalid undefined"],
  ]);
});

test("no name leads out of its directory", () => {
  using project = makeProject({ "v001/task_sessions/a.yml": "a: 1\n" });
  for (const name of ["..", "../v001", "", "a/b", "/etc/passwd", "a\0"]) {
    expect(outcomeOf(() => loadTaskSession(project.root, "v001", name))).toStartWith("usage");
    expect(outcomeOf(() => loadTaskSession(project.root, name, "a"))).toStartWith("usage");
  }
});
