/** Where edits of a registry go, and which of them its text does not let through. */

import { expect, test } from "bun:test";
import type { Operation } from "../../../lib/change/operation.ts";
import type { Edit } from "../../../lib/edits.ts";
import { blockedEdits, registryPointer } from "../../../lib/storage/registry-edits.ts";
import { registry } from "./found.ts";

test("a project's entry is pointed to by its key, and by nothing where there is no mapping", () => {
  const pointer = (raw: unknown, key = "app") =>
    registryPointer({ ...registry([]), raw: raw as never }, key);
  expect(pointer({ projects: {} })).toBe("/projects/app");
  expect(pointer({ projects: {} }, "~a/b~/c")).toBe("/projects/~0a~1b~0~1c");
  for (const projects of [[], null, "app", undefined]) {
    expect(pointer({ projects })).toBeNull();
  }
  expect(pointer([])).toBeNull();
});

const file = "/home/u/.agent-orchestrator/config.yaml";
const merged = [
  "projects:",
  ...["  a: &a", "    key: 1", "  b:", "    <<: *a", "    own: 1", "  c:", "    key: 1", ""],
].join("\n");

function patch(edit: Edit, path = file): Operation {
  return { op: "patchYaml", path, edits: [edit] };
}

const edited = { ...registry([]), file, text: merged };

test("an edit beside a merge key is blocked with its place; of other files nothing is asked", () => {
  const away = { pointer: "/projects/b/own", before: 1 };
  const [line, ...more] = blockedEdits(edited, [
    { op: "makeDir", path: file },
    patch(away, "/other.yaml"),
    patch(away),
  ]);
  expect(more).toEqual([]);
  expect(line).toStartWith(`${file}:`);
  expect(line).toContain("cannot change /projects/b/own: ");
});

test("an edit may build on those before it", () => {
  const rename = patch({ pointer: "/projects/c", rename: "d" });
  const edit = patch({ pointer: "/projects/d/key", before: 1, after: 2 });
  expect(blockedEdits(edited, [rename, edit])).toEqual([]);
  expect(blockedEdits(edited, [edit])).toHaveLength(1);
});

test("plain text lets every edit through", () => {
  const text = "projects:\n  b:\n    key: 1\n";
  const edit = patch({ pointer: "/projects/b/key", before: 1 });
  expect(blockedEdits({ ...edited, text }, [edit])).toEqual([]);
});
