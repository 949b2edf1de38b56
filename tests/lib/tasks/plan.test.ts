import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { taskPlaces } from "../../../lib/tasks/places.ts";
import { planTasks, type TaskPlan } from "../../../lib/tasks/plan.ts";
import { scanTasks } from "../../../lib/tasks/scan.ts";
import { makeProject, type Project } from "./project.ts";

const now = new Date(2025, 11, 16, 12, 0, 0);

function planOf({ root }: Project): TaskPlan {
  return planTasks(scanTasks(taskPlaces(root)), { now });
}

/** Problems as `file: message`, without the project's own path. */
function problemsOf(project: Project): string[] {
  const short = (text: string) => text.replaceAll(`${project.at("")}/`, "");
  return planOf(project).problems.map(({ file, message }) => `${file}: ${short(message)}`);
}

describe("a plan", () => {
  test("makes the directory, moves the session, and creates what goes beside it", () => {
    using project = makeProject({
      "v001/task_sessions/a.yml": "status: completed\n",
      "v001/tasks/a.yml": "id: a\n",
    });
    const plan = planOf(project);
    const dir = project.at("v001/task_sessions");
    expect(plan.operations).toMatchObject([
      { op: "makeDir", path: `${dir}/a` },
      { op: "move", from: `${dir}/a.yml`, to: `${dir}/a/session.yml` },
      { op: "create", path: `${dir}/a/task.yml`, mode: 0o644 },
      { op: "create", path: `${dir}/a/operations.log`, mode: 0o644 },
    ]);
    expect({ ...plan, operations: [] }).toEqual({
      stamp: "2025-12-16T12:00:00",
      sessions: [
        {
          ...{ version: "v001", task: "a", file: "a.yml", directoryExists: false, kept: [] },
          directory: ".workflow/versions/v001/task_sessions/a",
          ...{ definition: "tasks/a.yml", logged: 0 },
        },
      ],
      ...{ problems: [], warnings: [], operations: [] },
    });
  });

  test("is made from the scan alone", () => {
    const project = makeProject({ "v001/task_sessions/a.yml": "status: completed\n" });
    const inventory = scanTasks(taskPlaces(project.root));
    const before = structuredClone(inventory);
    const plan = planTasks(inventory, { now });
    project[Symbol.dispose]();
    expect(planTasks(inventory, { now })).toEqual(plan);
    expect(inventory).toEqual(before);
  });

  test("keeps what comes from a private session private, and nothing executable", () => {
    using project = makeProject({
      "v001/task_sessions/a.yml": "status: completed\n",
      "v001/tasks/a.yml": "id: a\n",
      "v001/task_sessions/b.yml": "status: completed\n",
    });
    chmodSync(project.at("v001/task_sessions/a.yml"), 0o600);
    chmodSync(project.at("v001/task_sessions/b.yml"), 0o755);
    const modes = planOf(project).operations.flatMap((each) =>
      each.op === "create" ? [each.mode] : [],
    );
    expect(modes).toEqual([0o600, 0o600, 0o644, 0o644]);
  });

  test("uses a directory that is there, and keeps its files", () => {
    using project = makeProject({
      "v001/task_sessions/a.yml": "operations: [{timestamp: 2025-12-16, operation: X}]\n",
      "v001/task_sessions/a/operations.log": "mine\n",
      "v001/task_sessions/a/chart.png": "x",
      "v001/tasks/a.yml": "id: a\n",
    });
    const { operations, sessions, warnings } = planOf(project);
    expect(operations.map(({ op }) => op)).toEqual(["move", "create"]);
    expect(sessions).toMatchObject([
      { directoryExists: true, kept: ["operations.log"], logged: 0 },
    ]);
    expect(warnings).toEqual([
      {
        place: { file: project.at("v001/task_sessions/a/operations.log") },
        message: "it was there before and stays as it is",
      },
    ]);
  });

  test("does not read a definition that it has no use for", () => {
    using project = makeProject({
      "v001/task_sessions/a.yml": "status: completed\n",
      "v001/task_sessions/a/task.yml": "mine\n",
      "v001/tasks/a.yml": "broken: [\n",
    });
    const { problems, sessions } = planOf(project);
    expect(problems).toEqual([]);
    expect(sessions).toMatchObject([{ definition: null, kept: ["task.yml"] }]);
  });

  test("lets a directory take the name of a session that moves away", () => {
    using project = makeProject({
      "v001/task_sessions/a.yml": "status: one\n",
      "v001/task_sessions/a.yml.yml": "status: two\n",
    });
    expect(problemsOf(project)).toEqual([]);
    using stuck = makeProject({
      "v001/task_sessions/a.yml": "",
      "v001/task_sessions/a.yml.yml": "status: two\n",
    });
    expect(problemsOf(stuck)).toEqual([
      'a.yml: Cannot read "v001/task_sessions/a.yml": it is empty',
      'a.yml.yml: Cannot migrate "v001/task_sessions/a.yml.yml": "a.yml" beside it is not a directory',
    ]);
  });

  test("adds nothing for a session that has a problem", () => {
    using project = makeProject({
      "v001/task_sessions/a.yml": "operations: [note]\n",
      "v001/tasks/a.yml": "id: [\n",
      "v001/task_sessions/b.yml": "status: completed\n",
    });
    const { sessions, operations, warnings, problems } = planOf(project);
    expect(sessions.map(({ task }) => task)).toEqual(["b"]);
    expect(operations).toHaveLength(4);
    expect(warnings).toHaveLength(1);
    expect(problems).toMatchObject([
      { version: "v001", file: "a.yml", place: { file: project.at("v001/tasks/a.yml"), line: 2 } },
    ]);
    expect(problems[0]?.message).toEndWith('; so "a.yml" stays as it is');
  });

  test("tells two tasks of the same name in two versions apart", () => {
    using project = makeProject({
      "v001/task_sessions/a.yml": "status: completed\n",
      "v002/task_sessions/a.yaml": "status: completed\n",
    });
    expect(problemsOf(project)).toEqual([]);
  });

  test("tells how far it is", () => {
    using project = makeProject({ "v1/task_sessions/a.yml": "", "v1/task_sessions/b.yml": "a: 1" });
    const calls: number[][] = [];
    const onProgress = (...call: number[]) => void calls.push(call);
    planTasks(scanTasks(taskPlaces(project.root)), { now, onProgress });
    expect(calls).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });
});
