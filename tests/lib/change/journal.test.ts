import { describe, expect, mock, test } from "bun:test";
import {
  Journal,
  type JournalContent,
  type JournalRecord,
  readJournal,
} from "../../../lib/change/journal.ts";
import type { ToolkitError } from "../../../lib/errors.ts";
import { altered, failing } from "../../change/prepared.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

const file = "/journal.jsonl";
const seed = "0".repeat(64);
const at = "2026-01-01T00:00:00.000Z";
const records: JournalRecord[][] = [
  [{ k: "start", run: "apply", at }],
  [{ k: "intent", from: 0, to: 2, items: [{ i: 0, made: true }, { i: 1 }], first: true }],
  [{ k: "done" }, { k: "warning", text: "one\ntwo \u2028 ü" }],
  [{ k: "end", at }],
];

function written(): { disk: SimulatedDisk; text: string } {
  const disk = new SimulatedDisk();
  const journal = new Journal(disk, file, { lines: [], length: 0, sum: seed });
  for (const line of records) journal.write(line);
  journal.close();
  return { disk, text: Buffer.from(disk.readFile(file)).toString("utf8") };
}

function readText(text: string | Uint8Array): JournalContent {
  const disk = new SimulatedDisk();
  disk.writeNew(file, [Buffer.from(text)], { mode: 0o600 });
  return readJournal(disk, file, seed, () => null);
}

function failure(text: string | Uint8Array): ToolkitError | null {
  try {
    readText(text);
    return null;
  } catch (error) {
    return error as ToolkitError;
  }
}

test("what was written is read again, line by line", () => {
  const { text } = written();
  expect(readText(text).lines).toEqual(records);
  expect(text.split("\n")).toHaveLength(records.length + 1);
});

test("a journal that is not there is an empty one", () => {
  expect(readJournal(new SimulatedDisk(), file, seed, () => null)).toEqual({
    lines: [],
    length: 0,
    sum: seed,
  });
});

test("it can be cut at every byte, and goes on from its last whole line", () => {
  const { text } = written();
  const bytes = Buffer.from(text);
  for (let length = 0; length <= bytes.length; length += 1) {
    const content = readText(bytes.subarray(0, length));
    const whole = bytes.subarray(0, length).toString("latin1").split("\n").length - 1;
    expect(content.lines).toEqual(records.slice(0, whole));
    const disk = new SimulatedDisk();
    disk.writeNew(file, [bytes.subarray(0, length)], { mode: 0o600 });
    const journal = new Journal(disk, file, content);
    for (const line of records.slice(whole)) journal.write(line);
    expect(Buffer.from(disk.readFile(file)).toString("utf8")).toBe(text);
  }
});

test("a torn line of zeros or of noise at the end is dropped", () => {
  const { text } = written();
  const lines = text.split("\n").slice(0, -1);
  const last = `${lines.at(-1)}\n`;
  const start = text.slice(0, text.length - last.length);
  const zeros = Buffer.from(last);
  zeros.fill(0, 10, zeros.length - 1);
  for (const tail of [zeros, Buffer.alloc(300), Buffer.from([0xff, 0x0a, 0xfe, 0x0a])]) {
    const { lines: read, length } = readText(Buffer.concat([Buffer.from(start), tail]));
    expect(read).toEqual(records.slice(0, -1));
    expect(length).toBe(Buffer.byteLength(start));
  }
});

describe("a journal that somebody changed is refused with the line:", () => {
  const { text } = written();
  const lines = text.split("\n").slice(0, -1);
  const joined = (changed: string[]) => `${changed.join("\n")}\n`;

  test.each([
    ["a value in the middle", joined(lines.map((l) => l.replace('"i":1', '"i":7'))), 2],
    ["a value in the last line", joined(lines.map((l) => l.replace("end", "dne"))), 4],
    ["a line taken out", joined(lines.toSpliced(1, 1)), 2],
    ["the first line taken out", joined(lines.slice(1)), 1],
    ["a line twice", joined(lines.toSpliced(1, 0, lines[1] ?? "")), 3],
    ["two lines swapped", joined([0, 2, 1, 3].map((n) => lines[n] ?? "")), 2],
    ["a line of its own at the end", `${text}[{"k":"end"}]\n`, 5],
    ["rubbish in front of sound lines", joined(["rubbish", ...lines]), 1],
    ["another name for the checksum", text.replace('{"sum":', '{"mus":'), 1],
    ["another name for the records", joined(lines.map((l) => l.replace('"rec', '"Rec'))), 1],
  ])("%s", (_, changed, line) => {
    const error = failure(changed);
    expect(error).toMatchObject({ outcome: "invalid", place: { file, line } });
    expect(error?.message).toMatch(/line \d: its checksum does not fit/);
  });

  test("a line that its checksum fits and that makes no sense", () => {
    const disk = new SimulatedDisk();
    const journal = new Journal(disk, file, { lines: [], length: 0, sum: seed });
    journal.write([{ k: "done" }]);
    const read = () => readJournal(disk, file, seed, () => "it makes no sense");
    expect(read).toThrow(/line 1: it makes no sense/);
  });

  test("a journal of another plan", () => {
    const disk = new SimulatedDisk();
    const sum = "1".repeat(64);
    new Journal(disk, file, { lines: [], length: 0, sum }).write([{ k: "done" }]);
    expect(() => readJournal(disk, file, seed, () => null)).toThrow(/line 1/);
  });
});

test("a line is on the disk for good when it was written, and its file can be closed", () => {
  const disk = new SimulatedDisk();
  const journal = new Journal(disk, file, { lines: [], length: 0, sum: seed });
  disk.flushAll();
  journal.write([{ k: "done" }]);
  const after = disk.afterPowerCut(() => 0);
  expect(readJournal(after, file, seed, () => null).lines).toEqual([[{ k: "done" }]]);
  const close = mock();
  const openAppend = () => ({ append: () => {}, sync: () => {}, close });
  const content = { lines: [], length: 0, sum: seed };
  new Journal(altered(disk, { openAppend }), file, content).close();
  expect(close).toHaveBeenCalledTimes(1);
});

test("a journal that cannot be read is no empty one", () => {
  const { disk } = written();
  const unreadable = altered(disk, { readFile: failing("EACCES") });
  expect(() => readJournal(unreadable, file, seed, () => null)).toThrow("EACCES");
});

test("after half a line nothing more is written", () => {
  const { disk } = written();
  const content = readJournal(disk, file, seed, () => null);
  const failing = Object.assign(Object.create(disk) as SimulatedDisk, {
    openAppend: (...values: Parameters<SimulatedDisk["openAppend"]>) => ({
      ...disk.openAppend(...values),
      append: () => {
        throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      },
    }),
  });
  const journal = new Journal(failing, file, content);
  expect(() => journal.write([{ k: "done" }])).toThrow("no space");
  expect(() => journal.write([{ k: "done" }])).toThrow("could not be written before");
});
