/** Operations prepared one by one: what the disk lets through, and what is left after a crash. */

import { describe, expect, test } from "bun:test";
import { prepareForward, unsettled } from "../../../lib/change/forward.ts";
import type { Facts } from "../../../lib/change/journal.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import type { TmuxPort } from "../../../lib/change/options.ts";
import { sha256 } from "../../../lib/hash.ts";
import { type Given, makePrepared, migrationDir as own } from "../../change/prepared.ts";

const [staging, trash] = [`${own}/staging`, `${own}/trash`];
const id = "test-20260101T000000Z-abcdef";

async function forward(operation: Operation, given: Given = {}, old?: Facts) {
  const prepared = await makePrepared([operation], given);
  return { ...prepared, step: await prepareForward(prepared.context, 0, old) };
}

/** Why an operation cannot be done, with the path that is in the way. */
async function obstacle(operation: Operation, given: Given): Promise<string> {
  try {
    await forward(operation, given);
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
}

const patch: Operation = {
  ...{ op: "patchJson", path: "/tree/a.json" },
  edits: [{ pointer: "/n", before: 1, after: 22 }],
};

describe("a directory", () => {
  const operation: Operation = { op: "makeDir", path: "/tree/new" };

  test("that is there already is nobody's to remove later", async () => {
    const absent = await forward(operation);
    expect(absent.step).toMatchObject({ facts: { i: 0, made: true }, staged: [], bytes: 0 });
    expect(absent.perform(absent.step)).toEqual(["done"]);
    const { step } = await forward(operation, { dirs: ["/tree/new"] });
    expect(step).toEqual({ index: 0, facts: { i: 0 }, actions: [], staged: [], bytes: 0 });
  });

  test("that was to be made before a crash is made, or known to be ours", async () => {
    const old: Facts = { i: 0, made: true };
    const { step } = await forward(operation, {}, old);
    expect(step).toMatchObject({ facts: old, actions: [{ act: "makeDir" }] });
    const there = await forward(operation, { dirs: ["/tree/new"] }, old);
    expect(there.step).toMatchObject({ facts: old, actions: [] });
    const found = await forward(operation, { dirs: ["/tree/new"] }, { i: 0 });
    expect(found.step).toMatchObject({ facts: { i: 0 }, actions: [] });
  });

  test("does not replace a file", async () => {
    expect(await obstacle(operation, { files: { "/tree/new": "" } })).toBe(
      '"/tree/new" is there and is no directory',
    );
  });
});

describe("a new file", () => {
  const create = (more: object = {}): Operation => ({
    ...{ op: "create", path: "/tree/new", content: "aGk=" },
    ...more,
  });

  test("is what the plan spells, with the mode that it says or the umask leaves", async () => {
    const umask = process.umask(0o027);
    try {
      const plain = await forward(create());
      expect(plain.step).toMatchObject({ facts: { i: 0, hash: sha256("aGk=") }, bytes: 4 });
      expect(plain.step.facts.near).toBeUndefined();
      expect(plain.step.staged).toEqual([`${staging}/0`]);
      expect(plain.perform(plain.step)).toEqual(["done"]);
      expect(plain.files()).toEqual({ "/tree/new": "aGk=" });
      expect(plain.disk.lstat("/tree/new")?.mode).toBe(0o640);
    } finally {
      process.umask(umask);
    }
    const coded = await forward(create({ encoding: "base64", mode: 0o666 }));
    expect(coded.perform(coded.step)).toEqual(["done"]);
    expect(coded.files()).toEqual({ "/tree/new": "hi" });
    expect(coded.disk.lstat("/tree/new")?.mode).toBe(0o666);
  });

  test("on another device waits beside its place, and the journal knows", async () => {
    const operation = create({ path: "/tree/far/new" });
    const { files, perform, step } = await forward(operation, { dirs: ["/tree/far"] });
    expect(step.facts).toMatchObject({ near: true });
    expect(step.staged).toEqual([`/tree/far/.new.ao-${id}-0.staged`]);
    expect(perform(step)).toEqual(["done"]);
    expect(files()).toEqual({ "/tree/far/new": "aGk=" });
  });

  test("replaces nothing", async () => {
    const given = { files: { "/tree/new": "mine" } };
    expect(await obstacle(create(), given)).toBe('"/tree/new" is there already');
  });

  test("that was staged before a crash is staged anew; another's file there is set aside", async () => {
    const old: Facts = { i: 0, hash: sha256("aGk=") };
    const ours = await forward(create(), { files: { [`${staging}/0`]: "aGk=" } }, old);
    expect(ours.files()).toEqual({ [`${staging}/0`]: "aGk=" });
    const torn = await forward(create(), { files: { [`${staging}/0`]: "aG" } }, old);
    expect(torn.files()).toEqual({ [`${staging}/0`]: "aGk=", [`${trash}/spare1-0`]: "aG" });
    const done = await forward(create(), { files: { "/tree/new": "aGk=" } }, old);
    expect(done.step).toEqual({ index: 0, facts: old, actions: [], staged: [], bytes: 0 });
  });
});

describe("a move", () => {
  const move = (to: string): Operation => ({ op: "move", from: "/tree/a", to });

  test("needs its source, and a free name", async () => {
    expect(await obstacle(move("/tree/b"), {})).toBe('"/tree/a" is gone');
    const taken = { files: { "/tree/a": "1", "/tree/b": "1", "/tree/A": "1" } };
    for (const to of ["/tree/b", "/tree/A"]) {
      expect(await obstacle(move(to), taken)).toBe(`"${to}" is there already`);
    }
    const linked = await makePrepared([move("/tree/b")], { files: { "/tree/a": "1" } });
    linked.disk.link("/tree/a", "/tree/b");
    await expect(prepareForward(linked.context, 0, undefined)).rejects.toThrow("is there already");
  });

  test.each([{ caseless: true }, { caseless: false }])(
    "may change the case of a name alone, %p",
    async (simulation) => {
      const given = { files: { "/tree/a": "1" }, simulation };
      const { files, identity, perform, step } = await forward(move("/tree/A"), given);
      const id = identity("/tree/a");
      expect(step).toMatchObject({ facts: { i: 0, id }, actions: [{ id }], staged: [] });
      expect(perform(step)).toEqual(["done"]);
      expect(files()).toEqual({ "/tree/A": "1" });
    },
  );

  test("that a crash cut short between devices starts with a new copy", async () => {
    const copy = `/tree/far/.b.ao-${id}-0.copy`;
    const given = { dirs: ["/tree/far"], files: { "/tree/a": "12", [copy]: "1" } };
    const first = await makePrepared([move("/tree/far/b")], given);
    const old: Facts = { i: 0, id: first.identity("/tree/a") };
    const { files, perform, step } = await forward(move("/tree/far/b"), given, old);
    expect(files()).toEqual({ "/tree/a": "12" });
    expect(perform(step)).toEqual(["done"]);
    expect(files()).toEqual({ "/tree/far/b": "12", [`${trash}/0-a`]: "12" });
  });
});

test("what goes to the trash has to be there", async () => {
  const operation: Operation = { op: "trash", path: "/tree/a" };
  expect(await obstacle(operation, {})).toBe('"/tree/a" is gone');
  const { files, perform, step } = await forward(operation, { files: { "/tree/a": "1" } });
  expect(step).toMatchObject({ facts: { i: 0 }, staged: [], bytes: 0 });
  expect(perform(step)).toEqual(["done"]);
  expect(files()).toEqual({ [`${trash}/0-a`]: "1" });
});

describe("a patch", () => {
  const text = '{"n": 1}';

  test("is of a file that is one, and holds what the plan expects", async () => {
    expect(await obstacle(patch, {})).toBe('"/tree/a.json" is gone');
    expect(await obstacle(patch, { dirs: ["/tree/a.json"] })).toBe('"/tree/a.json" is no file');
    const other = { files: { "/tree/a.json": '{"n": 3}' } };
    expect(await obstacle(patch, other)).toContain("holds another value, it is 3");
  });

  test("stages the new content with the old one's owner and mode", async () => {
    const prepared = await makePrepared([patch], { files: { "/tree/a.json": text } });
    prepared.disk.unlink("/tree/a.json");
    prepared.disk.writeNew("/tree/a.json", [Buffer.from(text)], {
      ...{ mode: 0o640, owner: { uid: 12, gid: 34 } },
    });
    const step = await prepareForward(prepared.context, 0, undefined);
    const digests = [sha256(text), sha256('{"n": 22}')];
    expect(step).toMatchObject({ facts: { i: 0, swaps: [digests] }, bytes: 9 });
    expect(step.staged).toEqual([`${staging}/0`]);
    expect(prepared.perform(step)).toEqual(["done"]);
    expect(prepared.files()).toEqual({ "/tree/a.json": '{"n": 22}', [`${trash}/0-a.json`]: text });
    const stat = prepared.disk.lstat("/tree/a.json");
    expect(stat).toMatchObject({ mode: 0o640, uid: 12, gid: 34 });
  });

  test("of a file that has its values already changes nothing", async () => {
    const given = { files: { "/tree/a.json": '{"n": 22}' } };
    const { files, step } = await forward(patch, given);
    expect(step).toMatchObject({ facts: { i: 0, swaps: [null] }, actions: [], staged: [] });
    expect(files()).toEqual(given.files);
    const again = await forward(patch, given, step.facts);
    expect(again.step).toMatchObject({ facts: step.facts, actions: [] });
  });

  test("on another device stands beside its file, and is known there after a crash", async () => {
    const operation: Operation = { ...patch, path: "/tree/far/a.json" };
    const given = { dirs: ["/tree/far"], files: { "/tree/far/a.json": text } };
    const first = await forward(operation, given);
    expect(first.step.facts.swaps?.[0]?.[2]).toBe("near");
    const staged = `/tree/far/.a.json.ao-${id}-0.staged`;
    expect(Object.keys(first.files())).toEqual([staged, "/tree/far/a.json"]);
    expect([...unsettled(first.context, first.step.facts)]).toEqual([0]);
    expect(first.perform(first.step)).toEqual(["done"]);
    expect([...unsettled(first.context, first.step.facts)]).toEqual([]);
    // Not done yet, it is prepared anew from the file as it is by now.
    const files = { "/tree/far/a.json": '{"n": 1, "m": 2}', [staged]: '{"n": 22}' };
    const again = await forward(operation, { dirs: ["/tree/far"], files }, first.step.facts);
    expect(again.files()).toEqual({ ...files, [staged]: '{"n": 22, "m": 2}' });
  });
});

describe("a worktree's links", () => {
  const link = (path: string) => ({ path, before: "old", after: "newer" });
  const operation: Operation = {
    ...{ op: "relinkWorktree", repo: "/tree", worktree: "/tree" },
    files: ["/tree/1", "/tree/2", "/tree/3"].map(link),
  };
  const files = { "/tree/1": "old", "/tree/2": "newer", "/tree/3": "old" };
  const swap: [string, string] = [sha256("old"), sha256("newer")];

  test("are changed where they name the old place", async () => {
    const { files: now, perform, step } = await forward(operation, { files });
    expect(step).toMatchObject({ facts: { i: 0, swaps: [swap, null, swap] }, bytes: 10 });
    expect(step.staged).toEqual([`${staging}/0`, `${staging}/0.2`]);
    expect(perform(step)).toEqual(["done", "done"]);
    expect(now()).toMatchObject({ "/tree/1": "newer", "/tree/2": "newer", "/tree/3": "newer" });
    for (const bad of [{ "/tree/2": "third" }, { "/tree/3": "" }]) {
      const [path] = Object.keys(bad);
      const reason = await obstacle(operation, { files: { ...files, ...bad } });
      expect(reason).toBe(`"${path}" names another place`);
    }
  });

  test("that a crash came between are changed where they were not yet", async () => {
    const half = { "/tree/1": "newer", [`${trash}/0-1`]: "old", "/tree/2": "newer" };
    const rest = { "/tree/3": "old", [`${staging}/0.2`]: "newer" };
    const old: Facts = { i: 0, swaps: [swap, null, swap] };
    const { perform, step } = await forward(operation, { files: { ...half, ...rest } }, old);
    expect(step.facts).toEqual(old);
    expect(step.staged).toEqual([`${staging}/0.2`]);
    expect(perform(step)).toEqual(["done"]);
    // What was changed since the crash is not looked at again.
    const edited = { ...half, "/tree/2": "third", ...rest };
    expect((await forward(operation, { files: edited }, old)).step.facts).toEqual(old);
  });
});

describe("a tmux session", () => {
  const operation: Operation = { op: "renameTmux", from: "old", to: "new" };
  const tmux = (...names: string[]): TmuxPort => ({
    hasSession: (name) => names.includes(name),
    renameSession: () => {},
  });
  const act = { act: "tmux", from: "old", to: "new" };
  const warning = (reason: string) => `Cannot rename tmux session "old": ${reason}`;
  const skipped = { i: 0, skip: true };
  test.each([
    ["alone is renamed", tmux("old"), undefined, { facts: { i: 0 }, actions: [act] }],
    ["is renamed after a crash", tmux("old"), { i: 0 }, { facts: { i: 0 }, actions: [act] }],
    ["was renamed before a crash", tmux("new"), { i: 0 }, { facts: { i: 0 }, actions: [] }],
    [
      "that is not there is skipped",
      tmux(),
      undefined,
      { facts: skipped, actions: [], warning: warning("there is no such session") },
    ],
    [
      "of the new name was there before",
      tmux("new"),
      undefined,
      { facts: skipped, actions: [], warning: warning("there is no such session") },
    ],
    [
      "was skipped before a crash too",
      tmux("new"),
      { i: 0, skip: true as const },
      { facts: skipped, actions: [], warning: warning("there is no such session") },
    ],
    [
      "does not take a name that is taken",
      tmux("old", "new"),
      { i: 0 },
      { facts: skipped, actions: [], warning: warning('there is a session "new" already') },
    ],
    [
      "is a warning without tmux",
      undefined,
      undefined,
      { facts: skipped, actions: [], warning: warning("tmux was not asked") },
    ],
  ])("%s", async (_, port, old, expected) => {
    const { step } = await forward(operation, port === undefined ? {} : { tmux: port }, old);
    expect(step).toEqual({ index: 0, staged: [], bytes: 0, ...expected } as never);
  });
});
