import { describe, expect, test } from "bun:test";
import { ToolkitError } from "../../../lib/errors.ts";
import { readTaskSession } from "../../../lib/tasks/session.ts";

function failure(text: string): ToolkitError {
  try {
    readTaskSession(text, "a.yml");
  } catch (error) {
    if (error instanceof ToolkitError) return error;
    throw error;
  }
  throw new Error("it was read");
}

describe("a session", () => {
  test("gives its scalars as they are written", () => {
    const text =
      "id: 0012\nbig: 12345678901234567890\nname: 'It''s'\nat: 2025-12-16\non: yes\nno:\nl: []\n";
    expect([...readTaskSession(text, "a.yml").fields]).toEqual([
      ["id", { text: "0012", isString: false }],
      ["big", { text: "12345678901234567890", isString: false }],
      ["name", { text: "It's", isString: true }],
      ["at", { text: "2025-12-16", isString: true }],
      ["on", { text: "yes", isString: true }],
    ]);
  });

  test("gives its operations in their order, with what they do not say left out", () => {
    const text = `operations:
  - timestamp: 2025-12-16T11:00:00Z
    operation: CREATE
    target_type: file
    target_id: 007
    path: a.ts
    summary: First
  - timestamp: '2025-12-16T10:00:00Z'
    type: UPDATE
    target_path: b.ts
    changes: {summary: Second}
`;
    const { operations, remarks } = readTaskSession(text, "a.yml");
    expect(remarks).toEqual([]);
    expect(operations).toEqual([
      {
        ...{ timestamp: "2025-12-16T11:00:00Z", time: Date.UTC(2025, 11, 16, 11) * 1000 },
        ...{ operation: "CREATE", targetType: "file", targetId: "007", path: "a.ts" },
        summary: "First",
      },
      {
        ...{ timestamp: "2025-12-16T10:00:00Z", time: Date.UTC(2025, 11, 16, 10) * 1000 },
        ...{ operation: "UPDATE", path: "b.ts", summary: "Second" },
      },
    ]);
  });

  test("may have no operations", () => {
    for (const text of ["a: 1\n", "operations:\n", "operations: []\n", "operations: ~\n"]) {
      expect(readTaskSession(text, "a.yml").operations).toEqual([]);
    }
  });

  test("says where an operation is not as it should be", () => {
    const text = `operations:
  - operation: CREATE
  - timestamp: soon
  - a note
  - [1, 2]
`;
    const { operations, remarks } = readTaskSession(text, "a.yml");
    expect(operations).toEqual([
      { time: null, operation: "CREATE" },
      { time: null, timestamp: "soon" },
      { time: null, summary: "a note" },
      { time: null, summary: "[1,2]" },
    ]);
    const said = remarks.map(({ place, message }) => [place.line, place.column, message]);
    expect(said).toEqual([
      [2, 3, "an operation has no timestamp; it is logged last"],
      [3, 5, '"soon" is not a timestamp; its operation is logged last'],
      [4, 3, "an operation is not a mapping; it is logged last, as a summary"],
      [5, 3, "an operation is not a mapping; it is logged last, as a summary"],
    ]);
  });

  test("follows aliases", () => {
    const text =
      "all: &all\n  - &one {timestamp: 2025-12-16, operation: 12}\n  - *one\noperations: *all\n";
    const { operations } = readTaskSession(text, "a.yml");
    expect(operations.map(({ operation }) => operation)).toEqual(["12", "12"]);
  });
});

describe("no session is", () => {
  const cases: [string, string, string][] = [
    ["an empty file", "", "1:1 it is empty"],
    ["a file with comments only", "# nothing\n", "2:1 it is empty"],
    ["a list", "# a list\n- a: 1\n", "2:1 it is not a mapping"],
    ["a word", "done\n", "1:1 it is not a mapping"],
    ["one with a key twice", "a: 1\nb: 2\na: 3\n", "3:1 a key occurs twice"],
    ["one with a key twice further in", "a:\n  - {b: 1, b: 2}\n", "2:12 a key occurs twice"],
    [
      "one whose operations are a mapping",
      "a: 1\noperations: {}\n",
      '2:1 "operations" is not a list',
    ],
    ["one whose operations are text", "operations: none\n", '1:1 "operations" is not a list'],
    ["what is not YAML", "a: [1\n", "2:1 "],
    ["two documents", "a: 1\n---\nb: 2\n", "2:1 more than one document"],
  ];
  for (const [name, text, expected] of cases) {
    test(name, () => {
      const { outcome, message, place } = failure(text);
      const [at, ...state] = expected.split(" ");
      expect(outcome).toBe("invalid");
      expect(`${place?.file} ${place?.line}:${place?.column}`).toBe(`a.yml ${at}`);
      expect(message).toContain(state.join(" "));
    });
  }
});
