/** What of a file an operation patches. */

import { describe, expect, test } from "bun:test";
import {
  describeConflicts,
  type FieldPatch,
  loadPatchers,
  patchBytes,
} from "../../../lib/change/patch.ts";
import type { Conflict } from "../../../lib/edits.ts";

const edits = [{ pointer: "/n", before: 1, after: 2 }];
const json = (line?: number): FieldPatch => ({
  ...{ op: "patchJson", path: "/f", edits },
  ...(line !== undefined && { line }),
});
const patchers = await loadPatchers([{ op: "patchYaml", path: "/f", edits }]);

function patched(operation: FieldPatch, text: string | Uint8Array): string | null {
  const { content } = patchBytes(operation, Buffer.from(text), patchers);
  return content === null ? null : Buffer.concat(content).toString("utf8");
}

function reasonOf(step: () => unknown): string {
  try {
    step();
  } catch (error) {
    return String((error as { reason?: string }).reason);
  }
  return "none";
}

describe("of a file of JSON lines", () => {
  const one = '{"n":1}';
  const two = '{"n":2}';

  test.each([
    ["the first line", 1, `${one}\n${one}\n`, `${two}\n${one}\n`],
    ["a line in the middle", 2, `${one}\n${one}\n${one}\n`, `${one}\n${two}\n${one}\n`],
    ["the last one, that does not end", 2, `${one}\n${one}`, `${one}\n${two}`],
    ["a line that ends as on Windows", 2, `${one}\r\n${one}\r\n`, `${one}\r\n${two}\r\n`],
    ["a line after an empty one", 3, `${one}\n\n${one}\n`, `${one}\n\n${two}\n`],
    ["a last line that ends in a return", 1, `${one}\r`, `${two}\r`],
  ])("%s is patched, and the rest stays", (_, line, text, after) => {
    expect(patched(json(line), text)).toBe(after);
  });

  test("a line that is not there is said, and no other is taken", () => {
    expect(reasonOf(() => patched(json(3), `${one}\n${one}`))).toBe("has no line 3");
    expect(reasonOf(() => patched(json(2), one))).toBe("has no line 2");
    expect(reasonOf(() => patched(json(2), `${one}\n\r\n`))).toStartWith("cannot be patched");
  });

  test("a whole file may hold line ends anywhere", () => {
    expect(patched(json(), '{\n"n":1\n}\n')).toBe('{\n"n":2\n}\n');
    expect(patched({ op: "patchYaml", path: "/f", edits }, "a: 0\nn: 1 # x\n")).toBe(
      "a: 0\nn: 2 # x\n",
    );
  });
});

test("a plan without YAML does without its parser, and one with any has it", async () => {
  const dir = { op: "makeDir", path: "/d" } as const;
  const none = await loadPatchers([dir]);
  expect(none.yaml).toBe(none.json);
  expect(none.json('{"n":1}', edits).text).toBe('{"n":2}');
  const some = await loadPatchers([dir, { op: "patchYaml", path: "/f", edits }]);
  expect(some.yaml("n: 1\n", edits).text).toBe("n: 2\n");
});

test("the mark of its byte order stays in front of a text", () => {
  expect(patched(json(), '\ufeff{"n":1}')).toBe('\ufeff{"n":2}');
  expect(patched({ op: "patchYaml", path: "/f", edits }, "\ufeffn: 1\n")).toBe("\ufeffn: 2\n");
});

test("bytes that are no UTF-8 are refused, and what is there already changes nothing", () => {
  expect(reasonOf(() => patched(json(), Buffer.from([0x7b, 0xff, 0x7d])))).toBe(
    "is not UTF-8 text",
  );
  expect(patched(json(), '{"n":2}')).toBeNull();
  const { conflicts } = patchBytes(json(), Buffer.from('{"n":3}'), patchers);
  expect(conflicts).toMatchObject([{ edit: edits[0], found: 3 }]);
});

test("a conflict names the field, what it holds, and how many others there are", () => {
  const conflict = (pointer: string, found?: string): Conflict => ({
    ...{ edit: { pointer }, reason: "differs" },
    ...(found !== undefined && { found }),
  });
  expect(describeConflicts([])).toBe("");
  expect(describeConflicts([conflict("/a")])).toBe("field /a: differs");
  expect(describeConflicts([conflict("")])).toBe("field /: differs");
  expect(describeConflicts([conflict("/a", "x"), conflict("/b"), conflict("/c")])).toBe(
    'field /a: differs, it is "x" (and 2 more fields)',
  );
  const held = (length: number) => describeConflicts([conflict("/a", "x".repeat(length))]);
  expect(held(78)).toEndWith(`it is "${"x".repeat(78)}"`);
  expect(held(79)).toEndWith(`it is "${"x".repeat(78)}…`);
});
