/** What the page says of drift: by kind, by place, and one by one. */

import { describe, expect, test } from "bun:test";
import type { Issue } from "../../../lib/storage/drift.ts";
import { driftSection, issuesOf } from "../../../lib/storage/page-drift.ts";
import type { InventoryRecord } from "../../../lib/storage/record.ts";
import { markupOf, pictureOf, tableOf, textOf } from "./page-parts.ts";

type Kind = Issue["kind"];

/** So many issues of a kind; their details name it and their number. */
const some = (kind: Kind, count: number): Issue[] =>
  Array.from({ length: count }, (_, n) => ({ kind, detail: `<${kind}> no ${n}` }));

interface Places {
  projects?: Record<string, Issue[]>;
  hashDirs?: Record<string, Issue[]>;
  config?: Issue[];
  disk?: Issue[];
}

function inventory({ projects = {}, hashDirs = {}, config = [], disk = [] }: Places) {
  const records = Object.entries(projects).map(([projectId, issues]) => ({ projectId, issues }));
  const issues = { hashDirIssues: hashDirs, globalConfigIssues: config, issues: disk };
  return { projects: records, ...issues } as InventoryRecord;
}

const section = (places: Places) => driftSection(inventory(places)).toString();

const mixed: Places = {
  projects: { app: some("kv-session", 2), quiet: [], web: some("symlink", 1) },
  hashDirs: { "0-app": [...some("kv-session", 1), ...some("v1-hash-dir", 1)], "1-app": [] },
  config: some("corrupt", 1),
  disk: some("unreadable", 3),
};

test("issues are those of projects, of old directories, of the registry, and all others", () => {
  expect(issuesOf(inventory(mixed)).map(({ kind }) => kind)).toEqual([
    ...["kv-session", "kv-session", "symlink", "kv-session", "v1-hash-dir", "corrupt"],
    ...["unreadable", "unreadable", "unreadable"],
  ] as Kind[]);
  expect(issuesOf(inventory({}))).toEqual([]);
});

test("where nothing drifted, that is all", () => {
  expect(textOf(section({ projects: { app: [] } }))).toBe("Nothing drifted.");
});

test("kinds and places are drawn from the most to the least", () => {
  const page = section(mixed);
  expect(pictureOf(page, "drift-kinds")).toBe(
    "Issues by kind: kv-session: 3, unreadable: 3, symlink: 1, v1-hash-dir: 1, corrupt: 1",
  );
  expect(pictureOf(page, "drift-places")).toBe(
    "Issues by project: Elsewhere: 3, app: 2, 0-app: 2, web: 1, Registry and configs: 1",
  );
});

test("the table counts each kind in each place, and leaves what is none empty", () => {
  expect(tableOf(section(mixed), "Issues of each kind in each place")).toEqual([
    ["Kind", "Elsewhere", "app", "0-app", "web", "Registry and configs", "All"],
    ["kv-session", "", "2", "1", "", "", "3"],
    ["unreadable", "3", "", "", "", "", "3"],
    ["symlink", "", "", "", "1", "", "1"],
    ["v1-hash-dir", "", "", "1", "", "", "1"],
    ["corrupt", "", "", "", "", "1", "1"],
  ]);
});

describe("of many places", () => {
  const places = (count: number): Places => ({
    projects: Object.fromEntries(
      Array.from({ length: count }, (_, n) => [`p${n}`, some("symlink", count - n)]),
    ),
  });

  test("nine have a column, of ten and more all after the eighth share one", () => {
    const table = (count: number) =>
      tableOf(section(places(count)), "Issues of each kind in each place");
    const names = Array.from({ length: 9 }, (_, n) => `p${n}`);
    expect(table(9)[0]).toEqual(["Kind", ...names, "All"]);
    const [head, row] = table(11);
    expect(head).toEqual(["Kind", ...names.slice(0, 8), "3 others", "All"]);
    expect(row?.slice(8)).toEqual(["4", "6", "66"]);
  });

  test("twenty-five have a bar, the others are counted with their issues", () => {
    expect(section(places(25))).not.toContain("together");
    const page = section(places(27));
    expect(textOf(page)).toContain("2 more have 3 together.");
    const picture = pictureOf(page, "drift-places");
    expect(picture).toEndWith("p24: 3");
    expect(picture).toStartWith("Issues by project: p0: 27,");
  });
});

test("each place lists its issues in words, fifty at most, and as text", () => {
  const page = section({ projects: { "a&b": some("kv-session", 52) }, disk: some("corrupt", 1) });
  const [first = "", second = ""] = page.split("<details>").slice(1);
  expect(markupOf(first, "summary").map(textOf)).toEqual(["a&amp;b 52"]);
  expect(markupOf(second, "summary").map(textOf)).toEqual(["Elsewhere 1"]);
  const items = markupOf(first, "li").map(textOf);
  expect(items).toHaveLength(51);
  expect(items[0]).toBe("kv-session &lt;kv-session&gt; no 0");
  expect(items.at(-1)).toBe("… and 2 more");
  expect(markupOf(second, "li").map(textOf)).toEqual(["corrupt &lt;corrupt&gt; no 0"]);
});
