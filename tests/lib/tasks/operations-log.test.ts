import { expect, test } from "bun:test";
import { operationsLog } from "../../../lib/tasks/operations-log.ts";
import type { TaskOperation } from "../../../lib/tasks/session.ts";

const stamp = "2025-12-16T12:00:00";

/** The lines of the operations. */
function logged(...operations: TaskOperation[]): string[] {
  return operationsLog("task", stamp, operations).trimEnd().split("\n").slice(6);
}

test("a log has the documented form", () => {
  const operations: TaskOperation[] = [
    {
      ...{ timestamp: "2025-12-16T11:15:00", time: 2, operation: "UPDATE", targetType: "entity" },
      ...{ targetId: "User", path: "app/lib/types.ts", summary: "Added email field to User type" },
    },
    {
      ...{ timestamp: "2025-12-16T11:00:00", time: 1, operation: "CREATE", targetType: "file" },
      ...{ targetId: "auth.ts", path: "app/lib/auth.ts", summary: "Created authentication module" },
    },
  ];
  expect(operationsLog("task_design", stamp, operations)).toBe(`# Operations Log for task_design
# Migrated: 2025-12-16T12:00:00
# Format: [timestamp] OPERATION target_type: target_id (path)
======================================================================
[2025-12-16T12:00:00] MIGRATION: Converted from flat file structure
# Historical operations from session data:
[2025-12-16T11:00:00] CREATE file: auth.ts (app/lib/auth.ts)
  Summary: Created authentication module
[2025-12-16T11:15:00] UPDATE entity: User (app/lib/types.ts)
  Summary: Added email field to User type
`);
});

test("a session without operations has a log without history", () => {
  expect(operationsLog("task", stamp, [])).toEndWith("Converted from flat file structure\n");
});

test("operations of one moment keep their order, those without a time come last in theirs", () => {
  const at = (targetId: string, time: number | null): TaskOperation => ({
    ...{ targetId, time, timestamp: "t", operation: "O" },
  });
  const lines = logged(
    at("a", null),
    at("b", 2),
    at("c", 1),
    at("d", null),
    at("e", 2),
    at("f", 1),
  );
  expect(lines.map((line) => line.at(-1)).join("")).toBe("cfbead");
});

test("what an operation does not say is left out, or named unknown", () => {
  expect(logged({ time: null })).toEqual(["[unknown] UNKNOWN"]);
  expect(logged({ time: null, operation: "CREATE", targetId: "a.ts" })).toEqual([
    "[unknown] CREATE a.ts",
  ]);
  expect(logged({ time: 1, timestamp: "t", operation: "CREATE", targetType: "file" })).toEqual([
    "[t] CREATE file",
  ]);
  expect(logged({ time: 1, timestamp: "t", operation: "O", path: "", summary: " \n" })).toEqual([
    "[t] O",
  ]);
});

test("no text can pass for a line of its own or reach the terminal", () => {
  const summary = "One\n[2025-12-16T11:00:00] DELETE everything\n\n\x1b[2Jcleared\n";
  expect(
    logged({ time: 1, timestamp: "t", operation: "O", path: "a\n[t] DELETE", summary }),
  ).toEqual([
    "[t] O (a\\x0a[t] DELETE)",
    "  Summary: One",
    "    [2025-12-16T11:00:00] DELETE everything",
    "    ",
    "    \\x1b[2Jcleared",
  ]);
});
