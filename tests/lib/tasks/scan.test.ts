import { describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ToolkitError } from "../../../lib/errors.ts";
import { taskPlaces } from "../../../lib/tasks/places.ts";
import { scanTasks } from "../../../lib/tasks/scan.ts";
import { changesDuring } from "../../tree.ts";
import { copyCase, makeProject } from "./project.ts";

/** `version/file` of all that was found. */
function found(root: string, versions: string[] = []): string[] {
  const { sessions } = scanTasks(taskPlaces(root), { versions });
  return sessions.map(({ version, name }) => `${version}/${name}`);
}

function errorOf(act: () => unknown): ToolkitError {
  try {
    act();
  } catch (error) {
    if (error instanceof ToolkitError) return error;
    throw error;
  }
  throw new Error("there was no error");
}

describe("a scan", () => {
  test("finds flat sessions in order, and nothing else", () => {
    using project = makeProject({
      "v002/task_sessions/b.yml": "a: 1\n",
      "v002/task_sessions/a.yaml": "a: 1\n",
      "v001/task_sessions/z.yml": "a: 1\n",
      "v001/task_sessions/.hidden.yml": "a: 1\n",
      "v001/task_sessions/notes.txt": "x",
      "v001/task_sessions/dir.yml/session.yml": "a: 1\n",
      "v001/task_sessions/done/session.yml": "a: 1\n",
      "v001/tasks/z.yml": "a: 1\n",
      ".old/task_sessions/a.yml": "a: 1\n",
      "v003/tasks/a.yml": "a: 1\n",
    });
    expect(found(project.root)).toEqual(["v001/z.yml", "v002/a.yaml", "v002/b.yml"]);
  });

  test("says of a session all that its migration depends on", () => {
    using project = makeProject({
      "v001/task_sessions/my task.v1.yml": "\ufeffa: 1\r\n",
      "v001/task_sessions/my task.v1/report.md": "x",
      "v001/tasks/my task.v1.yaml": "b: 2\n",
      "v001/tasks/my task.v1.yml": "c: 3\n",
      "v001/tasks/my task.yml": "other\n",
    });
    const { sessions } = scanTasks(taskPlaces(project.root));
    const definition = (ending: string, text: string) => ({
      name: `tasks/my task.v1.${ending}`,
      path: project.at(`v001/tasks/my task.v1.${ending}`),
      content: { text },
    });
    expect(sessions).toEqual([
      {
        ...{ version: "v001", task: "my task.v1", name: "my task.v1.yml", kind: "file" },
        ...{ dir: project.at("v001/task_sessions"), mode: 0o644 },
        content: { text: "\ufeffa: 1\r\n" },
        definitions: [definition("yml", "c: 3\n"), definition("yaml", "b: 2\n")],
        target: { kind: "directory", names: ["report.md"] },
      },
    ]);
  });

  test("tells how far it is", () => {
    using project = makeProject({ "v1/task_sessions/a.yml": "", "v2/task_sessions/b.yml": "" });
    const calls: number[][] = [];
    scanTasks(taskPlaces(project.root), { onProgress: (...call) => void calls.push(call) });
    expect(calls).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  test("changes nothing", async () => {
    for (const name of ["plain", "links", "existing"]) {
      using project = copyCase(name);
      const look = () => scanTasks(taskPlaces(project.root));
      expect(await changesDuring(project.root, look, { mtime: true })).toEqual([]);
    }
  });

  test.if(process.platform === "linux")(
    "says that a name is not UTF-8, of a file or a version",
    () => {
      using project = makeProject({ "v1/task_sessions/a.yml": "a: 1\n" });
      const bad = (at: string, end: string) =>
        Buffer.concat([Buffer.from(join(project.at(at), "b")), Buffer.of(0xff), Buffer.from(end)]);
      writeFileSync(bad("v1/task_sessions", ".yml"), "a: 1\n");
      mkdirSync(bad("", "/task_sessions"), { recursive: true });
      const { sessions, closed } = scanTasks(taskPlaces(project.root));
      const reason = "its name is not UTF-8";
      expect(sessions[1]?.content).toEqual({ fault: { reason }, missing: true });
      expect(closed).toMatchObject([{ version: "b\ufffd", reason }]);
    },
  );

  test("finds the byte that is not UTF-8", () => {
    using project = makeProject({
      "v1/task_sessions/a.yml": Buffer.from("a: é\nb: x\n", "latin1"),
      "v1/task_sessions/b.yml": Buffer.concat([
        Buffer.from("a: \ufffd 東\nb: 東"),
        Buffer.of(0xe6),
      ]),
    });
    const { sessions } = scanTasks(taskPlaces(project.root));
    expect(sessions.map(({ content }) => content)).toEqual([
      { fault: { reason: "byte 4 is not UTF-8", line: 1, column: 4 }, missing: false },
      { fault: { reason: "byte 18 is not UTF-8", line: 2, column: 5 }, missing: false },
    ]);
  });
});

describe("versions", () => {
  test("are picked by name", () => {
    using project = makeProject({
      "v001/task_sessions/a.yml": "",
      "v002/task_sessions/b.yml": "",
      "v003/task_sessions/c.yml": "",
    });
    expect(found(project.root, ["v003", "v001"])).toEqual(["v001/a.yml", "v003/c.yml"]);
  });

  test("that do not exist are a usage error with the nearest name", () => {
    using project = makeProject({ "v001/task_sessions/a.yml": "" });
    const { outcome, message, hint } = errorOf(() => found(project.root, ["v001", "v01"]));
    expect(outcome).toBe("usage");
    expect(message).toBe('Cannot pick version "v01": it does not exist');
    expect(hint).toBe("did you mean v001?");
  });

  test("are looked into once, under their own names", () => {
    using project = makeProject({ "v001/task_sessions/a.yml": "" });
    project.link("current", "v001");
    project.link("again", "current");
    expect(found(project.root)).toEqual(["v001/a.yml"]);
    expect(found(project.root, ["current"])).toEqual(["current/a.yml"]);
    const [session] = scanTasks(taskPlaces(project.root), { versions: ["current"] }).sessions;
    expect(session?.dir).toBe(project.at("v001/task_sessions"));
  });

  test("that lead out of the project are closed when they hold flat sessions", () => {
    using project = makeProject();
    using other = makeProject({ "v001/task_sessions/a.yml": "", "v002/task_sessions/a/x": "" });
    project.link("v001", other.at("v001"));
    project.link("v002", other.at("v002"));
    project.link("v003/task_sessions", other.at("v001/task_sessions"));
    project.link("v004", "v004");
    const { sessions, closed } = scanTasks(taskPlaces(project.root));
    expect(sessions).toEqual([]);
    const reason = `it leads out of .workflow, to "${other.at("v001/task_sessions")}"`;
    expect(closed).toEqual([
      { version: "v001", path: project.at("v001/task_sessions"), reason },
      { version: "v003", path: project.at("v003/task_sessions"), reason },
    ]);
  });
});

describe("a project", () => {
  test("without .workflow, or without versions, has no sessions", () => {
    using project = makeProject();
    expect(found(project.root)).toEqual([]);
    mkdirSync(join(project.root, ".workflow"));
    expect(found(project.root)).toEqual([]);
  });

  test("has its places behind a .workflow that is a link", () => {
    using project = makeProject({ "v001/task_sessions/a.yml": "" });
    const elsewhere = realpathSync(mkdtempSync(`${project.root}-real-`));
    rmdirSync(elsewhere);
    renameSync(join(project.root, ".workflow"), elsewhere);
    symlinkSync(elsewhere, join(project.root, ".workflow"));
    using _ = { [Symbol.dispose]: () => renameSync(elsewhere, join(project.root, "moved")) };
    expect(taskPlaces(project.root)).toEqual({
      ...{ root: project.root, workflowDir: elsewhere },
      ...{ versionsDir: `${elsewhere}/versions`, migrationsDir: `${elsewhere}/migrations` },
    });
    expect(found(project.root)).toEqual(["v001/a.yml"]);
  });

  test("that is not a directory is an error", () => {
    using project = makeProject({ "v001/task_sessions/a.yml": "" });
    const file = project.at("v001/task_sessions/a.yml");
    for (const root of [file, join(project.root, "missing")]) {
      const { outcome, message } = errorOf(() => taskPlaces(root));
      expect({ outcome, message }).toEqual({
        outcome: "invalid",
        message: `Cannot look into "${root}": there is no such directory`,
      });
    }
  });
});
