import { expect, test } from "bun:test";
import { commandChoices, shortcutsOf, spoken } from "../../../lib/completions/model.ts";
import type { Page } from "../../../lib/help.ts";

const empty = { positionals: {}, commands: {}, examples: [], exits: {}, files: [] };
const page: Page = {
  ...empty,
  summary: "Outer",
  args: {
    plan: { type: "string", valueName: "FILE", description: "A file" },
    only: { type: "enum", valueName: "STEP", options: ["a", "b"], description: "A step" },
    tmux: { type: "boolean", default: true, description: "Leave it" },
    check: { type: "string", valueName: "CHECK", complete: "checks", description: "A check" },
    count: { type: "integer", valueName: "N", description: "How many" },
  },
  commands: {
    inner: {
      ...{ ...empty, summary: "Inner", args: {} },
      positionals: {
        id: { description: "Which", complete: "migrations" },
        rest: { description: "More", repeat: true },
      },
    },
  },
};
const known = { checks: ["AO-WT-001"], fixes: [] };

test("a tree of commands becomes a table of what can stand where", () => {
  const [outer, inner] = commandChoices(page, known);
  expect(outer).toMatchObject({ path: "", commands: ["inner"], words: [], endless: false });
  const own = outer?.flags.slice(0, 5).map(({ spelling, value }) => [spelling, value]);
  expect(own).toEqual([
    ["--plan", "files"],
    ["--only", ["a", "b"]],
    ["--no-tmux", null],
    ["--check", ["AO-WT-001"]],
    ["--count", []],
  ]);
  expect(outer?.flags.map(({ spelling }) => spelling)).toContain("--base-dir");
  expect(inner).toMatchObject({ path: "inner", words: ["migrations", []], endless: true });
});

test("programs of their own are those named as a command", () => {
  const choices = commandChoices(page, known);
  expect(shortcutsOf(["aokit", "ao-inner", "ao-other"], choices)).toEqual({ "ao-inner": "inner" });
});

test("a word that would need quotes in a shell is refused", () => {
  expect(spoken(["a-b", "AO-1"])).toBe("words a-b AO-1");
  expect(() => spoken(["$(touch x)"])).toThrow("would need quotes");
});
