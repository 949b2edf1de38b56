/** The crash sweep's own eyes: what it reads in a log, sees in a tree, and calls wrong. */

import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTemp } from "../temp.ts";
import { changes, injectedCall, parseLog } from "./strace.ts";
import { type Ends, endsOf, judgeCommand, lostContents } from "./sweep-judge.ts";
import { type Look, lookAt, timeless } from "./sweep-look.ts";
import type { Begun } from "./sweep-operations.ts";
import { signature } from "./sweep-slot.ts";

const log = `100 openat(AT_FDCWD</w>, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3</etc/hosts>
101 write(4<anon_inode:[eventfd]>, ""..., 8) = 8
100 renameat2(AT_FDCWD</w>, "/t/a", AT_FDCWD</w>, "/t/b", RENAME_NOREPLACE <unfinished ...>
101 write(4<anon_inode:[eventfd]>, ""..., 8 <unfinished ...>
100 <... renameat2 resumed>) = 0
101 <... write resumed>) = 8
100 fsync(9</t/b>) = -1 EIO (Input/output error) (INJECTED)
100 renameat2(AT_FDCWD</w>, "/t/b", AT_FDCWD</w>, "/t/c", RENAME_NOREPLACE) = ?
+++ killed by SIGKILL +++
`;

describe("a log of strace", () => {
  const { calls, others } = parseLog(log);

  test("gives the calls of the main thread, numbered by name, and apart from all others", () => {
    expect(calls.map(({ syscall, nth }) => `${syscall} ${nth}`)).toEqual([
      ...["openat 1", "renameat2 1", "fsync 1", "renameat2 2"],
    ]);
    expect(others).toHaveLength(3);
    expect(parseLog('unlink("/t/a") = 0\n').calls).toHaveLength(1);
  });

  test("shows which call met a fault, and that another did not", () => {
    const met = (syscall: string, nth: number, fault: "EIO" | "ENOSPC" | "SIGKILL") =>
      injectedCall(calls, { syscall, nth, fault })?.text.slice(0, 5);
    expect(met("fsync", 1, "EIO")).toBe("fsync");
    expect(met("renameat2", 2, "SIGKILL")).toBe("renam");
    expect(met("fsync", 1, "ENOSPC")).toBeUndefined();
    expect(met("renameat2", 1, "SIGKILL")).toBeUndefined();
    expect(met("unlink", 1, "SIGKILL")).toBeUndefined();
  });

  test("tells calls that change the tree from those that read it or are elsewhere", () => {
    expect(calls.map((call) => changes(call, "/t"))).toEqual([false, true, true, true]);
    const open = { syscall: "openat", nth: 1 };
    const reading = { ...open, text: 'openat(AT_FDCWD, "/t/a", O_RDONLY) = 3</t/a>' };
    const making = { ...open, text: 'openat(AT_FDCWD, "/t/a", O_WRONLY|O_CREAT, 0644) = 3</t/a>' };
    expect([reading, making].map((call) => changes(call, "/t"))).toEqual([false, true]);
  });

  test("has the same signature in every run", () => {
    const line = (id: string, fd: number, bytes: number) =>
      `write(${fd}</t/migrations/v3-20261121T12000${bytes % 10}Z-${id}/journal.jsonl>, ""..., ${bytes}) = 9`;
    expect(signature({ text: line("ab12cd", 8, 115) })).toBe(
      signature({ text: line("0123ef", 11, 114) }),
    );
  });
});

describe("a look at a tree", () => {
  test("sees names, modes, contents and links, and not what differs from run to run", () => {
    const root = makeTemp("look");
    const now = new Date().toISOString();
    try {
      const dir = join(root, "v3-20261121T120000Z-ab12cd");
      mkdirSync(dir);
      writeFileSync(join(dir, "journal.jsonl"), `{"at":"${now}","pid":12}`, { mode: 0o600 });
      writeFileSync(join(dir, "empty"), "");
      symlinkSync("/nowhere", join(dir, "link"));
      const first = lookAt(root);
      writeFileSync(join(dir, "journal.jsonl"), `{"at":"${now.replace(/\.\d+/, "")}","pid":9}`);
      expect(lookAt(root)).toEqual(first);
      expect([...first.entries.keys()]).toEqual(["ID", "ID/empty", "ID/journal.jsonl", "ID/link"]);
      expect(first.contents.size).toBe(1);
      expect(first.entries.get("ID/link")).toBe("link /nowhere");
      writeFileSync(join(dir, "journal.jsonl"), "x");
      expect(lookAt(root)).not.toEqual(first);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test("keeps every time that was in the tree before", () => {
    const old = '{"createdAt":"2026-04-20T10:00:00.000Z"} int-1_20260420T100000Z';
    expect(timeless(old)).toBe(old);
  });
});

describe("the judge", () => {
  const look = (files: Record<string, string>): Look => ({
    entries: new Map(Object.entries(files)),
    contents: new Set(Object.values(files)),
  });
  const built = look({ "a.kv": "old bytes" });
  const done = look({ "a.json": "new bytes", "migrations/trash/1": "old bytes" });
  const ends: Ends = { built, start: built, looks: { old: built, new: done } };
  const begun: Begun = {
    ...{ env: {}, command: { script: "", args: [] }, ways: [], before: [], shows: {} },
    ...{ leadsTo: "new", skip: /^migrations(\/|$)/ },
  };
  const judge = (code: number, document: object, wreck: Look) => {
    const ended = { code, stdout: JSON.stringify(document), stderr: "" };
    return judgeCommand(begun, ends, { ended, fault: "EIO", wreck });
  };
  const error = (outcome: string, message: string, hint?: string) => ({
    error: { outcome, message, hint },
  });

  test("knows the ends, records aside", () => {
    expect(endsOf(look({ "a.json": "new bytes" }), ends, begun)).toEqual(["new"]);
    expect(endsOf(look({ "a.kv": "other" }), ends, begun)).toEqual([]);
  });

  test("misses bytes that are nowhere, not those that were moved", () => {
    expect(lostContents(done, ends, begun)).toEqual([]);
    expect(lostContents(look({ "a.json": "new bytes" }), ends, begun)).toEqual(["old bytes"]);
    const supersedes = { ...begun, supersedes: true };
    expect(lostContents(look({ "a.json": "new bytes" }), ends, supersedes)).toHaveLength(1);
    expect(lostContents(done, ends, supersedes)).toEqual([]);
  });

  test("takes a run at its word", () => {
    expect(judge(0, {}, done)).toEqual([]);
    expect(judge(0, {}, built)[0]).toContain("not done");
    expect(judge(4, error("refused", "EIO: i/o error"), built)).toEqual([]);
    expect(judge(4, error("refused", "EIO: i/o error"), done)[0]).toContain("changed");
    expect(judge(5, error("interrupted", "EIO: i/o error", "go on"), done)).toEqual([]);
  });

  test("wants the first error, a way on, no stack trace, and the right exit code", () => {
    expect(judge(5, error("interrupted", "it stopped", "go on"), done)).toEqual([
      "EIO is not told",
    ]);
    expect(judge(5, error("interrupted", "EIO"), done)).toEqual(["exit 5 without a way on"]);
    expect(judge(5, error("refused", "EIO", "go on"), done)[0]).toContain("document says refused");
    expect(judge(70, error("bug", "EIO\n      at run (/x/y.ts:1:2)"), built)).toContain("exit 70");
  });
});
