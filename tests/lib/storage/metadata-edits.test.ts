import { describe, expect, test } from "bun:test";
import { patchJsonText } from "../../../lib/json.ts";
import { sessionFieldsOf } from "../../../lib/metadata.ts";
import type { SessionFile, StateDir } from "../../../lib/storage/inventory.ts";
import { convertedText, metadataEdits } from "../../../lib/storage/metadata-edits.ts";
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
});
