import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { ToolkitError } from "../../../lib/errors.ts";
import type { TaskSession } from "../../../lib/tasks/session.ts";
import { readTaskSession } from "../../../lib/tasks/session.ts";
import { minimalTask, snapshotOf } from "../../../lib/tasks/snapshot.ts";

const stamp = "2025-12-16T12:00:00";
const where = { source: "tasks/a.yml", file: "/v/tasks/a.yml" };
const session = readTaskSession("status: completed\n", "/v/task_sessions/a.yml");

const added = {
  snapshotted_at: stamp,
  source_path: "tasks/a.yml",
  status_at_snapshot: "completed",
  migration_note: "Created during migration from flat file structure",
};

const lines = `snapshotted_at: '2025-12-16T12:00:00'
source_path: 'tasks/a.yml'
status_at_snapshot: 'completed'
migration_note: 'Created during migration from flat file structure'
`;

function snapshot(text: string, of: TaskSession = session) {
  const made = snapshotOf(text, where, { session: of, stamp });
  if ("state" in made) throw new Error(made.state);
  return made;
}

describe("a snapshot", () => {
  test("is the definition with four lines behind it", () => {
    const text = "# Design\nid:   a   # odd\nsteps:\n    - 'one'\n# end\n";
    expect(snapshot(text)).toEqual({ text: text + lines, remarks: [] });
  });

  test("keeps line ends, the byte order mark, and what a number looks like", () => {
    const text = "\ufeffid: 000123456789012345678901234567890\r\nname: Größe 東京\r\n";
    expect(snapshot(text).text).toBe(text + lines.replaceAll("\n", "\r\n"));
  });

  test("ends the last line of a definition that does not", () => {
    expect(snapshot("id: a").text).toBe(`id: a\n${lines}`);
  });

  test("goes before the mark that ends a document, and into its indent", () => {
    const marked = snapshot("---\nid: a\n...\n").text;
    expect(marked).toStartWith("---\nid: a\nsnapshotted_at: ");
    expect(marked).toEndWith("\n...\n");
    expect(snapshot("  id: a\n").text).toStartWith("  id: a\n  snapshotted_at: ");
  });

  test("goes into braces", () => {
    const { text, remarks } = snapshot("{ id: a } # braces\n");
    expect(text).toStartWith("{ id: a, snapshotted_at: ");
    expect(text).toEndWith(" } # braces\n");
    expect({ remarks, value: parse(text) }).toEqual({ remarks: [], value: { id: "a", ...added } });
  });

  test("puts new values where a definition has such fields", () => {
    const text = "source_path: 'x'  # old\nid: a\nsnapshotted_at:\n";
    const made = snapshot(text);
    expect(made.text).toStartWith(
      `source_path: 'tasks/a.yml'  # old\nid: a\nsnapshotted_at: "${stamp}"\n`,
    );
    expect({ ...made, text: parse(made.text) }).toEqual({
      ...{ text: { id: "a", ...added }, remarks: [] },
    });
  });

  test("leaves a field that others may refer to, and says so", () => {
    const made = snapshot("source_path: &here x\nid: *here\n");
    expect(made.text).toStartWith("source_path: &here x\nid: *here\n");
    expect(parse(made.text)).toEqual({ ...added, source_path: "x", id: "x" });
    expect(made.remarks).toEqual([
      {
        place: { file: where.file, line: 1, column: 1 },
        message: "source_path could not be set: an anchor or tag stands on the way",
      },
    ]);
  });

  test("quotes whatever the status of a session is", () => {
    const statuses: [string, string][] = [
      ["it's: #done", `"it's: #done"`],
      ["", '""'],
      ["two\nlines \x7f", '"two\\nlines \\x7f"'],
      ["12345678901234567890", "12345678901234567890"],
      ["on", "on"],
    ];
    for (const [status, written] of statuses) {
      const of = readTaskSession(`status: ${written}\n`, "a.yml");
      expect(parse(snapshot("id: a\n", of).text)).toMatchObject({ status_at_snapshot: status });
    }
    const none = readTaskSession("a: 1\n", "a.yml");
    expect(parse(snapshot("id: a\n", none).text)).toMatchObject({ status_at_snapshot: "unknown" });
  });

  test("of any mapping reads as it and the fields, and drops nothing of its text", () => {
    const key = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("source_path", "<<", "é"));
    const document = fc.dictionary(key, fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 });
    const style = fc.record({
      indent: fc.integer({ min: 2, max: 6 }),
      collectionStyle: fc.constantFrom("any", "block", "flow"),
      crlf: fc.boolean(),
    } as const);
    fc.assert(
      fc.property(document, style, (value, { crlf, ...options }) => {
        const text = stringify(value, options).replaceAll("\n", crlf ? "\r\n" : "\n");
        const made = snapshot(text);
        if (made.remarks.length > 0) return;
        expect(parse(made.text)).toEqual({ ...parse(text), ...added });
        if (!("source_path" in value)) expect(isWithin(text, made.text)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

/** Whether all characters of a text are in another one, in their order. */
function isWithin(text: string, other: string): boolean {
  let at = 0;
  for (const character of other) if (character === text[at]) at += 1;
  return at === text.length;
}

test("what is empty or not a mapping gives no snapshot", () => {
  const made = (text: string) => snapshotOf(text, where, { session, stamp });
  for (const text of ["", "# only\n", "---\n", "~\n"])
    expect(made(text)).toEqual({ state: "is empty" });
  for (const text of ["- a\n", "a\n", "12\n", "[]"]) {
    expect(made(text)).toEqual({ state: "is not a mapping" });
  }
});

test("what is not YAML is an error with its place", () => {
  for (const text of ["id: a\nid: b\n", "id: a\n*b\n", "id: a\n---\nid: b\n"]) {
    try {
      snapshot(text);
      throw new Error("it was read");
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error;
      expect(error.place).toMatchObject({ file: where.file, line: 2 });
    }
  }
});

test("a task without a definition has what its session says of it", () => {
  const text =
    'run: 1\ntask_type: 007\nstatus: failed\ntitle: "It\'s"\ndescription: |\n  One\n  two\nagent: [a]\n';
  const of = readTaskSession(text, "a.yml");
  expect(minimalTask("a b", "tasks/a b.yml does not exist", { session: of, stamp })).toBe(`id: 'a b'
title: 'It''s'
description: "One\\ntwo\\n"
task_type: 007
status: 'failed'
snapshotted_at: '2025-12-16T12:00:00'
source_path: null
status_at_snapshot: 'failed'
migration_note: '${added.migration_note}, from session data only: tasks/a b.yml does not exist'
`);
});
