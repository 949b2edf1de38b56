import { expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dropTornLine } from "../../../lib/smoke/clean.ts";
import { openRecord, readRecord } from "../../../lib/smoke/record.ts";
import { scratch } from "./real-ao.ts";

const note = { type: "note", step: "1.1", kind: "note", text: "my secret" } as const;

test("entries are masked before they are written and read back whole", () => {
  using folder = scratch();
  const file = join(folder.path, "record.ndjson");
  const record = openRecord(file, (text) => text.replace("secret", "<secret>"));
  record.write(note);
  record.close();
  expect(readRecord(file)).toEqual([{ ...note, text: "my <secret>" }]);
});

test("a line torn by a crash is left out, and cut off before the record goes on", () => {
  using folder = scratch();
  const file = join(folder.path, "record.ndjson");
  writeFileSync(file, `${JSON.stringify(note)}\n{"type":"no`);
  expect(readRecord(file)).toHaveLength(1);
  dropTornLine(file);
  appendFileSync(file, `${JSON.stringify(note)}\n`);
  expect(readRecord(file)).toHaveLength(2);
});

test("a line that is no entry is an error with its number", () => {
  using folder = scratch();
  const file = join(folder.path, "record.ndjson");
  writeFileSync(file, `${JSON.stringify(note)}\n{"type":"bogus"}\n`);
  expect(() => readRecord(file)).toThrow(/line 2 is no entry/);
});

test("a full disk stops the run with a way to go on", () => {
  const record = openRecord("/dev/full", (text) => text);
  expect(() => record.write(note)).toThrow(/no space left on the disk/);
  record.close();
});
