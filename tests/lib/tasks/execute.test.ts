import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { listMigrations } from "../../../lib/change/history.ts";
import { undo } from "../../../lib/change/transaction.ts";
import { ToolkitError } from "../../../lib/errors.ts";
import { migrateTasks, resumeTasks } from "../../../lib/tasks/execute.ts";
import { loadTaskSession } from "../../../lib/tasks/load.ts";
import { taskPlaces } from "../../../lib/tasks/places.ts";
import { planTasks } from "../../../lib/tasks/plan.ts";
import { scanTasks } from "../../../lib/tasks/scan.ts";
import { changesSince, makeProject, type Project, projectTree } from "./project.ts";

const now = new Date(2025, 11, 16, 12, 0, 0);
const commands = (id: string) => ({ resume: `resume ${id}`, rollback: `rollback ${id}` });

async function migrate(project: Project, options: { signal?: AbortSignal } = {}): Promise<string> {
  const places = taskPlaces(project.root);
  const plan = planTasks(scanTasks(places), { now });
  const run = { commands, toolVersion: "1.2.3", now, ...options };
  return (await migrateTasks(plan, places, run)).id;
}

function takeBack(project: Project, id: string) {
  const { migrationsDir, workflowDir } = taskPlaces(project.root);
  const migrationDir = join(migrationsDir, id);
  return undo({ migrationDir, roots: [workflowDir], commands: commands(id) });
}

function makeSessions(count: number): Project {
  const project = makeProject({ "v001/tasks/task_0.yml": "id: task_0\n" });
  for (let index = 0; index < count; index += 1) {
    project.write(`v001/task_sessions/task_${index}.yml`, `status: completed # ${index}\n`);
  }
  return project;
}

describe("a migration of task sessions", () => {
  test("is recorded with its script and a title, and reads the same afterwards", async () => {
    using project = makeSessions(2);
    const before = loadTaskSession(project.root, "v001", "task_1");
    const id = await migrate(project);
    const after = loadTaskSession(project.root, "v001", "task_1");
    expect(after).toEqual({
      ...{ structure: "directory", data: { status: "completed" } },
      path: project.at("v001/task_sessions/task_1/session.yml"),
    });
    expect(after?.data).toEqual(before?.data ?? {});
    const { migrations } = await listMigrations(taskPlaces(project.root).migrationsDir);
    expect(migrations).toMatchObject([
      {
        ...{ id, script: "migrate-sessions", state: "done", operations: 8 },
        title: "Turn 2 task sessions into directories",
      },
    ]);
    expect(id).toStartWith("sessions-");
  });

  test("taken back, leaves every byte, mode and time as it was", async () => {
    using project = makeSessions(3);
    const before = projectTree(project.root);
    const id = await migrate(project);
    expect(changesSince(before, project.root)).not.toEqual([]);
    expect(await takeBack(project, id)).toMatchObject({ state: "rolled-back", kept: [] });
    expect(changesSince(before, project.root)).toEqual([]);
  });

  test("taken back, keeps what was edited and added since", async () => {
    using project = makeSessions(3);
    const before = projectTree(project.root);
    const id = await migrate(project);
    const at = (path: string) => project.at(`v001/task_sessions/${path}`);
    writeFileSync(at("task_0/session.yml"), "status: reopened\n");
    appendFileSync(at("task_1/operations.log"), "[2025-12-17T09:00:00] UPDATE file: a.ts\n");
    writeFileSync(at("task_2/chart.svg"), "<svg/>");
    const { state, kept } = await takeBack(project, id);
    expect(state).toBe("partly-rolled-back");
    expect(kept.map(({ path, reason }) => [path, reason]).sort()).toEqual([
      [at("task_1/operations.log"), "was changed after the migration"],
      [at("task_2"), 'holds "chart.svg", added after the migration'],
    ]);
    expect(readFileSync(at("task_0.yml"), "utf8")).toBe("status: reopened\n");
    const changes = changesSince(before, project.root).map((line) => line.split(":", 1)[0]);
    expect(changes).toEqual([
      "~ .workflow/versions/v001/task_sessions/task_0.yml",
      "+ .workflow/versions/v001/task_sessions/task_1 (dir)",
      "+ .workflow/versions/v001/task_sessions/task_1/operations.log (file)",
      "+ .workflow/versions/v001/task_sessions/task_2 (dir)",
      "+ .workflow/versions/v001/task_sessions/task_2/chart.svg (file)",
    ]);
    // What is left does not keep the sessions from being migrated again.
    await migrate(project);
    expect(readFileSync(at("task_1/operations.log"), "utf8")).toContain("2025-12-17T09");
    expect(existsSync(at("task_2/session.yml"))).toBe(true);
  });

  test("that stopped half-way is resumed, or taken back", async () => {
    for (const way of ["resume", "undo"] as const) {
      using project = makeSessions(600);
      const before = projectTree(project.root);
      const places = taskPlaces(project.root);
      const plan = planTasks(scanTasks(places), { now });
      const stop = new AbortController();
      const run = { commands, toolVersion: "1.2.3", now, signal: stop.signal };
      const failure = await migrateTasks(plan, places, {
        ...run,
        onProgress: ({ phase, done }) => {
          if (phase === "apply" && done > 0) stop.abort(new ToolkitError("cancelled", "Stop"));
        },
      }).catch((error: unknown) => error);
      if (!(failure instanceof ToolkitError)) throw failure;
      expect(failure.outcome).toBe("interrupted");
      const [id = ""] = readdirSync(places.migrationsDir).filter((name) => !name.startsWith("."));
      expect(failure.hint).toContain(`resume ${id}`);
      expect(failure.hint).toContain(`rollback ${id}`);
      expect(scanTasks(places).sessions.length).toBeWithin(1, 600);
      if (way === "resume") {
        expect(await resumeTasks(places, { commands })).toMatchObject({ id, state: "done" });
        expect(scanTasks(places).sessions).toEqual([]);
        expect(await takeBack(project, id)).toMatchObject({ state: "rolled-back" });
      } else {
        expect(await takeBack(project, id)).toMatchObject({ state: "rolled-back" });
      }
      expect(changesSince(before, project.root)).toEqual([]);
    }
  });

  test("is refused when the disk is not as it was planned for", async () => {
    using project = makeSessions(2);
    const places = taskPlaces(project.root);
    const plan = planTasks(scanTasks(places), { now });
    rmSync(project.at("v001/task_sessions/task_1.yml"));
    const before = projectTree(project.root);
    const run = { commands, toolVersion: "1.2.3", now };
    const failure = await migrateTasks(plan, places, run).catch((error: unknown) => error);
    expect(failure).toMatchObject({ outcome: "refused" });
    expect(changesSince(before, project.root)).toEqual([]);
  });

  test("works behind a version that is a link inside .workflow", async () => {
    using project = makeProject({ "../archive/v002/task_sessions/a.yml": "status: completed\n" });
    project.link("v002", "../archive/v002");
    const before = projectTree(project.root);
    const id = await migrate(project);
    expect(existsSync(project.at("v002/task_sessions/a/session.yml"))).toBe(true);
    await takeBack(project, id);
    expect(changesSince(before, project.root)).toEqual([]);
  });
});

test("without an interrupted migration there is nothing to resume", async () => {
  using project = makeSessions(1);
  const failure = await resumeTasks(taskPlaces(project.root), { commands }).catch(
    (e: unknown) => e,
  );
  expect(failure).toMatchObject({ outcome: "refused" });
});
