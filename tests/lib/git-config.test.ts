import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseGitConfig, replaceGitConfigValue } from "../../lib/git-config.ts";
import { git } from "../disk/repos.ts";
import { makeTemp } from "../temp.ts";

const dir = makeTemp("git-config");
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What real git reads from the text: `section.subsection.key` and value, in order. */
function askGit(text: string): [string, string | null][] {
  const file = join(dir, "config");
  writeFileSync(file, text);
  const records = git(dir, "config", "--file", file, "--list", "-z").split("\0").slice(0, -1);
  return records.map((record) => {
    const newline = record.indexOf("\n");
    if (newline === -1) return [record, null];
    return [record.slice(0, newline), record.slice(newline + 1)];
  });
}

function ask(text: string): [string, string | null][] {
  return parseGitConfig(text).map(({ section, subsection, key, value }) => [
    [section, ...(subsection === null ? [] : [subsection]), key].join("."),
    value,
  ]);
}

const texts: Record<string, string> = {
  "a usual one":
    '[core]\n\tbare = false\n[remote "origin"]\n\turl = https://h/o/r.git\n\tfetch = +a:b\n',
  "comments and blanks": "# top\n[a] ; tail\n ; own line\n  k = v w  # tail\n\n\tl=1;2\n",
  quoting: '[a]\n\tk = " v # no ; comment "\n\tl = a" b "c\n\tm = "say \\"hi\\" \\\\ \\t|\\n|"\n',
  continuation: "[a]\n\tk = one \\\n  two\\\nthree\n\tl = x\n",
  "a key without a value": "[a]\n\tk\n\tl =\n",
  "sections with names of every kind":
    '[A.B]\nk=1\n[Remote "Or\\"ig\\\\in"] K = 2\n[x "y.z"]\nk=3\n',
  "Windows line ends": '[remote "origin"]\r\n\turl = git@h:o/r\r\n\tk = "a"\r\n',
  "a byte order mark": "\uFEFF[a]\nk = 1\n",
  "no newline at the end": "[a]\nk = v",
  "no blanks anywhere": '[a "b"]k=v\n',
  "several values": "[a]\nk = 1\nk = 2\n",
};

describe("parseGitConfig reads like git", () => {
  for (const [name, text] of Object.entries(texts)) {
    test(name, () => expect(ask(text)).toEqual(askGit(text)));
  }

  test("and goes on after a line that git refuses", () => {
    expect(ask('[a]\nk = "open\n???\nl = 1\n')).toEqual([["a.l", "1"]]);
  });
});

describe("replaceGitConfigValue", () => {
  const text = "; mine\n[core]\n\tworktree = ../old   # why\n\tbare = false\r\n";
  for (const value of ["../new", "a # b", " lead", 'q"q', "back\\slash", "semi;colon", "tab\tin"]) {
    test(`writes ${JSON.stringify(value)} so that git reads it back`, () => {
      const [entry] = parseGitConfig(text);
      if (entry === undefined) throw new Error("no entry");
      const changed = replaceGitConfigValue(text, entry, value);
      expect(askGit(changed)).toEqual([
        ["core.worktree", value],
        ["core.bare", "false"],
      ]);
      expect(changed.startsWith("; mine\n[core]\n\tworktree = ")).toBe(true);
      expect(changed.endsWith("   # why\n\tbare = false\r\n")).toBe(true);
    });
  }
});
