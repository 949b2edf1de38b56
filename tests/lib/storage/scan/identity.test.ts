import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { readCounter, readIdentity } from "../../../../lib/storage/scan/identity.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("identity");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const least = { schemaVersion: 3, projectId: "x_0123456789", path: "/x", sessionPrefix: "x" };

/** What a reading function makes of this object, with the details of its faults. */
function read<T>(how: (reader: Reader, path: string) => T, value: unknown) {
  const path = `${dir}/file.json`;
  writeFileSync(path, JSON.stringify(value));
  const reader = new Reader();
  return { value: how(reader, path), faults: reader.faults.map(({ detail }) => detail) };
}

describe("an identity", () => {
  test("needs four fields, and of the others takes what has their type", () => {
    const found = { ...least, originUrl: null, realpath: null };
    expect(read(readIdentity, least).value).toStrictEqual(found as never);
    const odd = { ...least, originUrl: null, displayName: 7, repo: "o/x", defaultBranch: [] };
    expect(read(readIdentity, odd)).toStrictEqual({ value: found as never, faults: [] });
    const repo = { owner: "o", stars: 7 };
    expect(read(readIdentity, { ...least, repo }).value?.repo).toEqual({ owner: "o" });
    expect(read(readIdentity, { ...least, repo: ["o"] }).value?.repo).toBeUndefined();
  });

  test.each([
    ["schemaVersion", "3"],
    ["projectId", undefined],
    ["path", 7],
    ["sessionPrefix", ""],
    ["originUrl", 7],
    ["realpath", {}],
  ])("whose %s is %p is none, and only that is said to be wrong", (field, value) => {
    const { value: none, faults } = read(readIdentity, { ...least, [field]: value });
    expect([none, faults]).toEqual([undefined, [`no identity: wrong or missing ${field}`]]);
  });
});

test.each([
  [1, 1],
  [40, 40],
  [0, undefined],
  [-1, undefined],
  [1.5, undefined],
  [2 ** 53, undefined],
  ["7", undefined],
  [undefined, undefined],
])("a counter whose next is %p counts from %p", (next, expected) => {
  const { value, faults } = read(readCounter, { next });
  expect(value).toBe(expected);
  expect(faults).toHaveLength(expected === undefined ? 1 : 0);
});

test("a file that is gone is no identity and no counter, and no fault", () => {
  const reader = new Reader();
  expect(readIdentity(reader, `${dir}/none.json`)).toBeUndefined();
  expect(readCounter(reader, `${dir}/none.json`)).toBeUndefined();
  expect(reader.faults).toEqual([]);
});
