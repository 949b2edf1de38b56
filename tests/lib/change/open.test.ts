import { describe, expect, test } from "bun:test";
import { isOpenJournal } from "../../../lib/change/open.ts";

function line(...kinds: string[]): string {
  return `${JSON.stringify({ sum: "0", records: kinds.map((k) => ({ k })) })}\n`;
}

describe("a migration is open", () => {
  test.each([
    ["when its last line does not end the run", line("start", "intent")],
    ["when a run was begun after one that ended", line("start", "end") + line("start")],
    ["when all there is of its first line is torn", '{"sum": "0", "rec'],
    ["when its last whole line is damaged", `${line("start", "end")}damaged\n`],
    ["when a line behind the intent is torn", `${line("intent")}{"sum`],
    ["when the last line has no records", `${line("end")}{"records": []}\n`],
  ])("%s", (_, journal) => {
    expect(isOpenJournal(journal)).toBe(true);
  });
});

describe("a migration is not open", () => {
  test.each([
    ["before it was begun", ""],
    ["when its journal holds an empty line alone", "\n"],
    ["when its last line ends the run", line("start") + line("intent") + line("done", "end")],
    ["when its trash was emptied", line("start", "end") + line("pruned")],
    ["when a line behind the end is torn", `${line("start", "end")}{"sum`],
    ["when only the end of its journal was read", `cut": "off"}\n${line("done", "end")}`],
  ])("%s", (_, journal) => {
    expect(isOpenJournal(journal)).toBe(false);
  });
});
