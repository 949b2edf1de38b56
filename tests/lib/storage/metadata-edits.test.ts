import { describe, expect, test } from "bun:test";
import { patchJsonText } from "../../../lib/json.ts";
import { sessionFieldsOf } from "../../../lib/metadata.ts";
import type { SessionFile, StateDir } from "../../../lib/storage/inventory.ts";
import {
  convertedText,
  metadataEdits,
  namedWorkspaces,
  workspaceEdits,
} from "../../../lib/storage/metadata-edits.ts";
import type { ProjectTarget, SessionTarget } from "../../../lib/storage/shape.ts";

const target = {
  id: "web_0123456789",
  project: { names: new Set(["web"]), prefix: "web" },
} as ProjectTarget;

function sessionOf(text: string, format: SessionFile["format"]): SessionTarget {
  const record = format === "json" ? JSON.parse(text) : {};
  return {
    file: {
      path: "/b/web-1",
      sessionId: "web-1",
      format,
      bytes: 1,
      text,
      fields: sessionFieldsOf(record),
    },
    dir: {} as StateDir,
    archived: false,
    fate: "stay",
    formerId: "web-1",
    sessionId: "web-1",
    fileName: "web-1.json",
    path: "/b/web-1.json",
  };
}

function patched(session: SessionTarget, name?: string): string {
  const edits = metadataEdits(session, target, {
    paths: { of: (path) => path.replace("/old/", "/new/") },
    tmux: {
      renames: [],
      nameOf: new Map(name === undefined ? [] : [[session, name]]),
      warnings: [],
    },
  });
  const { text, conflicts } = patchJsonText(session.file.text ?? "", edits);
  expect(conflicts).toEqual([]);
  return text;
}

describe("the metadata of a session after the plan", () => {
  test("names the project, the worktree and the tmux session wherever AO keeps them", () => {
    const before = {
      project: "web",
      tmuxName: "web-web-1",
      worktree: "/old/web-1",
      runtimeHandle: { id: "web-web-1", data: { workspacePath: "/old/web-1" } },
      lifecycle: {
        runtime: {
          tmuxName: "web-web-1",
          handle: { id: "web-web-1", data: { workspacePath: "/old/web-1" } },
        },
      },
    };
    const text = patched(sessionOf(JSON.stringify(before), "json"), "web-1");
    expect(JSON.parse(text)).toEqual({
      project: "web_0123456789",
      tmuxName: "web-1",
      worktree: "/new/web-1",
      runtimeHandle: { id: "web-1", data: { workspacePath: "/new/web-1" } },
      lifecycle: {
        runtime: {
          tmuxName: "web-1",
          handle: { id: "web-1", data: { workspacePath: "/new/web-1" } },
        },
      },
    });
  });

  test("a runtime handle kept as JSON text is edited inside its text", () => {
    const handle = JSON.stringify({ id: "web-web-1", data: { workspacePath: "/old/web-1" }, n: 1 });
    const text = patched(sessionOf(JSON.stringify({ runtimeHandle: handle }), "json"), "web-1");
    expect(JSON.parse(JSON.parse(text).runtimeHandle)).toEqual({
      id: "web-1",
      data: { workspacePath: "/new/web-1" },
      n: 1,
    });
  });

  test("a foreign project and a tmux name of nobody's convention stay", () => {
    const text = JSON.stringify({ project: "shop", tmuxName: "mine", worktree: "/elsewhere" });
    expect(patched(sessionOf(text, "json"), "web-1")).toBe(text);
  });

  test("a converted session is written with its edits", () => {
    const session = sessionOf("project=web\nbranch=main\nrole=\n", "kv");
    const edits = [{ pointer: "/project", before: "web", after: "web_0123456789" }];
    expect(JSON.parse(convertedText(session, edits))).toMatchObject({
      project: "web_0123456789",
      branch: "main",
    });
  });

  test("names itself anew when it was renamed, and its project by either field", () => {
    const text = JSON.stringify({ projectId: "web", sessionId: "web-1", worktree: "/old/web-1" });
    const session = { ...sessionOf(text, "json"), sessionId: "web-1__from-x" };
    expect(JSON.parse(patched(session))).toEqual({
      projectId: "web_0123456789",
      sessionId: "web-1__from-x",
      worktree: "/new/web-1",
    });
    const other = JSON.stringify({ projectId: "shop", sessionId: "web-2" });
    const foreign = { ...sessionOf(other, "json"), sessionId: "web-1__from-x" };
    expect(patched(foreign)).toBe(other);
  });

  test("keeps what is in a runtime handle kept as text, while nothing in it changes", () => {
    const handle = JSON.stringify({ id: "mine", n: 1 });
    const text = JSON.stringify({ runtimeHandle: handle, project: "web" });
    expect(JSON.parse(patched(sessionOf(text, "json"), "web-1"))).toEqual({
      runtimeHandle: handle,
      project: "web_0123456789",
    });
  });

  test("of a converted session gets no edit where the field, or what it is in, is not there", () => {
    const edit = (pointer: string, after?: string) =>
      after === undefined ? { pointer, before: "x" } : { pointer, before: "x", after };
    const edits = [
      ...[edit("/runtimeHandle/id", "new"), edit("/lifecycle/runtime/tmuxName", "new")],
      ...[edit("/absent", "new"), edit("/branch")],
    ];
    const converted = (text: string) => JSON.parse(convertedText(sessionOf(text, "kv"), edits));
    const plain = { branch: "main", runtimeHandle: "text" };
    expect(converted("branch=main\nruntimeHandle=text\n")).toMatchObject(plain);
    const given: [string, object][] = [
      ['runtimeHandle={"id":"old","n":1}', { runtimeHandle: { id: "new", n: 1 } }],
      ['runtimeHandle={"n":1}', { runtimeHandle: { n: 1 } }],
      ['statePayload={"runtime":null}', { lifecycle: { runtime: null } }],
      ['statePayload={"runtime":["x"]}', { lifecycle: { runtime: ["x"] } }],
      [
        'statePayload={"runtime":{"tmuxName":"old"}}',
        { lifecycle: { runtime: { tmuxName: "new" } } },
      ],
    ];
    for (const [text, after] of given) expect(converted(`${text}\n`)).toEqual(after);
  });
});

describe("the worktrees that a session names", () => {
  const fields = {
    worktree: "/old/a",
    workspacePath: "/keep/b",
    handleWorkspacePath: "/old/c",
    lifecycleWorkspacePath: "/old/a",
    tmuxName: "/old/not-a-worktree",
  };
  const file = (more: object = {}) => ({
    ...sessionOf("{}", "json").file,
    fields: { ...fields, ...more },
  });
  const placeOf = (path: string) => path.replace("/old/", "/new/");

  test("are each told once", () => {
    expect(namedWorkspaces(file())).toEqual(["/old/a", "/keep/b", "/old/c"]);
    expect(namedWorkspaces({ ...file(), fields: {} })).toEqual([]);
  });

  test("are named where they have gone, those that have", () => {
    const edits = workspaceEdits(file(), placeOf);
    expect(edits).toEqual([
      { pointer: "/worktree", before: "/old/a", after: "/new/a" },
      { pointer: "/runtimeHandle/data/workspacePath", before: "/old/c", after: "/new/c" },
      {
        pointer: "/lifecycle/runtime/handle/data/workspacePath",
        before: "/old/a",
        after: "/new/a",
      },
    ]);
    expect(workspaceEdits(file(), (path) => path)).toEqual([]);
    expect(workspaceEdits({ ...file(), fields: {} }, placeOf)).toEqual([]);
  });

  test("are edited within a runtime handle that is kept as text", () => {
    const handleText = '{"data": {"workspacePath":"/old/c"}}';
    const edits = workspaceEdits(file({ handleText }), placeOf);
    expect(edits.map(({ pointer }) => pointer)).toEqual([
      "/worktree",
      "/lifecycle/runtime/handle/data/workspacePath",
      "/runtimeHandle",
    ]);
    expect(edits[2]).toEqual({
      pointer: "/runtimeHandle",
      before: handleText,
      after: '{"data": {"workspacePath":"/new/c"}}',
    });
  });
});
