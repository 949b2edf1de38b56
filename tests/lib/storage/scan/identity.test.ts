/** What is read of a V3 project's own small files, and what makes them none. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { readCounter, readIdentity } from "../../../../lib/storage/scan/identity.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { scanSessions } from "../../../../lib/storage/scan/sessions.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("identity");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function readAs<T>(read: (reader: Reader, path: string) => T, value: unknown) {
  const path = `${dir}/file.json`;
  writeFileSync(path, JSON.stringify(value));
  const reader = new Reader();
  const found = read(reader, path);
  return { found, faults: reader.faults.map(({ kind, detail }) => `${kind} ${detail}`) };
}

const least = { schemaVersion: 3, projectId: "p", path: "/p", sessionPrefix: "p" };
const rest = { originUrl: null, realpath: null };

test("an identity has what it must, and of the rest what is of the right kind", () => {
  expect(readAs(readIdentity, least)).toStrictEqual({
    found: { ...least, ...rest },
    faults: [],
  } as never);
  const full = {
    ...{ ...least, originUrl: "https://x.org/p", realpath: "/real/p", displayName: "P" },
    ...{ defaultBranch: "main", repo: { owner: "o", stars: 7 }, unknown: true },
  };
  const { unknown: _, ...known } = full;
  expect(readAs(readIdentity, full).found).toStrictEqual({
    ...known,
    repo: { owner: "o" },
  } as never);
  const listed = { ...least, repo: ["o"] };
  expect(readAs(readIdentity, listed).found).not.toHaveProperty("repo");
  const odd = { ...least, displayName: 1, defaultBranch: 2, repo: "o/p" };
  expect(readAs(readIdentity, odd)).toStrictEqual({
    found: { ...least, ...rest },
    faults: [],
  } as never);
});

test.each(["schemaVersion", "projectId", "path", "sessionPrefix", "originUrl", "realpath"])(
  "an identity with another %s is none, and the fault names that alone",
  (field) => {
    for (const value of field.endsWith("l") || field === "realpath" ? [7, {}] : [7, "", null]) {
      const { found, faults } = readAs(readIdentity, { ...least, ...rest, [field]: value });
      expect(found).toBeUndefined();
      expect(faults).toEqual([expect.stringMatching(new RegExp(`^corrupt .* ${field}$`))]);
    }
  },
);

test("a counter is a positive whole number", () => {
  expect(readAs(readCounter, { next: 1 })).toEqual({ found: 1, faults: [] });
  for (const next of [0, -1, 1.5, "7", null, 2 ** 60]) {
    const { found, faults } = readAs(readCounter, { next });
    expect([next, found, faults.length]).toEqual([next, undefined, 1]);
  }
  expect(readAs(readCounter, []).found).toBeUndefined();
});

test("files that are gone are no faults, nor are directories of sessions", () => {
  const reader = new Reader();
  expect(readIdentity(reader, `${dir}/none`)).toBeUndefined();
  expect(readCounter(reader, `${dir}/none`)).toBeUndefined();
  const into = {
    sessions: [],
    archives: [],
    corruptCopies: [],
    staleLocks: [],
    otherSessionEntries: [],
  };
  scanSessions(reader, `${dir}/none`, into, { now: 0, heldLocks: [] });
  expect([into.sessions, into.otherSessionEntries, reader.faults]).toEqual([[], [], []]);
});
