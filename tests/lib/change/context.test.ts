/** Private files of operations: their names, and that none of unknown origin is ever lost. */

import { describe, expect, test } from "bun:test";
import { errorCode } from "../../../lib/errors.ts";
import { sha256 } from "../../../lib/hash.ts";
import {
  altered,
  failing,
  type Given,
  makePrepared,
  migrationDir as own,
} from "../../change/prepared.ts";

const id = "test-20260101T000000Z-abcdef";
const link = (path: string) => ({ path, before: "1", after: "2" });
const operations = [
  { op: "move" as const, from: "/tree/a", to: "/tree/far/b" },
  {
    ...{ op: "relinkWorktree" as const, repo: "/tree/r", worktree: "/tree/w" },
    files: [link("/tree/w/x"), link("/tree/r/y")],
  },
];
const make = (given: Given = {}) =>
  makePrepared(operations, { ...given, dirs: ["/tree/far", ...(given.dirs ?? [])] });

test("an operation that is not there is a fault", async () => {
  const { context } = await make();
  expect(context.operation(1)).toBe(operations[1] as never);
  expect(() => context.operation(2)).toThrow("there is no operation 2");
});

describe("private files", () => {
  test("stand beside a path on another device, or in a directory that is a mount", async () => {
    const { context } = await make({ dirs: ["/tree/bound"] });
    const paths = ["/tree/a", "/tree/bound/a", "/tree/far/a", "/tree/far/none/a"];
    expect(paths.map((path) => context.isNear(path))).toEqual([false, false, true, true]);
    context.mounts.add("/tree/bound");
    expect(paths.map((path) => context.isNear(path))).toEqual([false, true, true, true]);
  });

  test("of a new file there wait until its directory has been made", async () => {
    const { context } = await make();
    const create = (path: string) => context.mustWait({ op: "create", path, content: "" });
    expect(create("/tree/far/none/a")).toBe(true);
    expect([create("/tree/far/a"), create("/tree/none/a")]).toEqual([false, false]);
    expect(context.mustWait({ op: "trash", path: "/tree/far/none/a" })).toBe(false);
  });

  test("are told apart by operation, file and rollback", async () => {
    const { context } = await make();
    const owner = { index: 1, path: "/tree/r/y", near: false };
    expect([
      context.private("staged", owner),
      context.private("staged", { ...owner, n: 1 }),
      context.private("staged", { ...owner, n: 1, run: 2 }),
      context.private("trash", { ...owner, n: 0, run: 1 }),
      context.private("trash", { ...owner, near: true }),
    ]).toEqual([
      `${own}/staging/1`,
      `${own}/staging/1.1`,
      `${own}/staging/undo2-1.1`,
      `${own}/trash/undo1-1-y`,
      `/tree/r/.y.ao-${id}-1.trash`,
    ]);
    expect(context.asides({ index: 0, path: "/tree/a" })).toEqual([
      `${own}/trash/0-a`,
      `/tree/.a.ao-${id}-0.trash`,
    ]);
  });

  test("keep the name that the plan gave them when paths are other ones by now", async () => {
    const { context } = await make();
    context.operations = [{ op: "move", from: "/tree/old", to: "/tree/far/new" }];
    const trash = (path: string) => context.private("trash", { index: 0, path, near: true });
    expect(trash("/tree/old")).toBe(`/tree/.a.ao-${id}-0.trash`);
    expect(trash("/tree/far/new")).toBe(`/tree/far/.b.ao-${id}-0.trash`);
    expect(trash("/tree/other")).toBe(`/tree/.other.ao-${id}-0.trash`);
  });
});

describe("a private file of unknown origin", () => {
  test("is set aside, under a name of its own, before another is staged there", async () => {
    const { context, files, write } = await make();
    const staged = `${own}/staging/0`;
    const content = (text: string) => [Buffer.from(text)];
    for (const text of ["1", "2", "3"]) context.stage(staged, content(text), { mode: 0o600 });
    expect(files()).toEqual({
      ...{ [staged]: "3", [`${own}/trash/spare1-0`]: "1", [`${own}/trash/spare2-0`]: "2" },
    });
    // A name that is taken is not a free one.
    write(`${own}/trash/spare3-0`, "taken");
    context.setAside(staged);
    expect(files()).toMatchObject({ [`${own}/trash/spare4-0`]: "3" });
    context.setAside(staged);
    expect(Object.keys(files())).toHaveLength(4);
  });

  test("beside a path stays beside it", async () => {
    const { context, files, write } = await make();
    write("/tree/far/.x.staged", "1");
    context.setAside("/tree/far/.x.staged");
    expect(files()).toEqual({ [`/tree/far/..x.staged.ao-${id}-spare1.trash`]: "1" });
  });

  test("is removed only when it is what was staged", async () => {
    const { context, files, write } = await make();
    const staged = `${own}/staging/0`;
    write(staged, "ours");
    context.discardStaged(staged, sha256("ours"));
    expect(files()).toEqual({});
    write(staged, "1");
    context.discardStaged(staged, sha256("ours"));
    write(staged, "2");
    context.discardStaged(staged, undefined);
    expect(Object.values(files())).toEqual(["1", "2"]);
    expect(() => context.discardStaged(staged, undefined)).not.toThrow();
  });

  test("is not looked for when the disk fails otherwise", async () => {
    const { context, files, write } = await make({
      seenAs: (disk) => altered(disk, { writeNew: failing("ENOSPC") }),
    });
    write(`${own}/staging/0`, "1");
    let code: string | undefined;
    try {
      context.stage(`${own}/staging/0`, [], { mode: 0o600 });
    } catch (error) {
      code = errorCode(error);
    }
    expect(code).toBe("ENOSPC");
    expect(files()).toEqual({ [`${own}/staging/0`]: "1" });
  });
});

describe("what an undo put beside its target", () => {
  const [from, beside] = ["/tree/a", "/tree/.a.trash"];
  const aside = { act: "aside" as const, from, asides: [`${own}/trash/a`, beside] };
  const left = async (text: string, act: (context: Awaited<ReturnType<typeof make>>) => void) => {
    const prepared = await make();
    prepared.write(beside, text);
    prepared.write(`${own}/trash/a`, text);
    act(prepared);
    return Object.keys(prepared.files());
  };
  const both = [beside, `${own}/trash/a`];

  test("goes when it is our own content, and stays when it is another's", async () => {
    const drop = sha256("ours");
    const dropped = { ...aside, drop };
    expect(await left("ours", ({ context }) => context.dropOurs(dropped))).toEqual([both[1] ?? ""]);
    expect(await left("mine", ({ context }) => context.dropOurs(dropped))).toEqual(both);
    expect(await left("ours", ({ context }) => context.dropOurs(aside))).toEqual(both);
    const alone = { ...dropped, asides: [beside] };
    expect(await left("ours", ({ context }) => context.dropOurs(alone))).toEqual([both[1] ?? ""]);
  });

  test("goes when what stands at its old place is its twin", async () => {
    const twin = "/tree/back";
    const move = { act: "move" as const, from, to: twin, twin };
    const across = { copy: "/tree/copy", asides: aside.asides };
    for (const [text, action, remain] of [
      ["1", { ...aside, twin }, 1],
      ["2", { ...aside, twin }, 2],
      ["1", { ...move, across }, 1],
      ["2", { ...move, across }, 2],
      ["1", move, 2],
    ] as const) {
      const found = await left(text, ({ context, write }) => {
        write(twin, "1");
        context.dropOurs(action);
      });
      expect(found).toHaveLength(remain + 1);
    }
  });

  test("is all that a swap leaves of ours", async () => {
    const swap = {
      ...{ act: "swap" as const, path: "/tree/f", staged: "/tree/s", keep: beside },
      ...{ before: "1", after: "2", spare: () => "/tree/spare" },
    };
    const drop = sha256("ours");
    const run = (text: string, more: { drop?: string }) =>
      left(text, ({ context }) => context.dropOurs({ ...swap, ...more }));
    expect(await run("ours", { drop })).toEqual([both[1] ?? ""]);
    expect(await run("mine", { drop })).toEqual(both);
    expect(await run("ours", {})).toEqual(both);
  });

  test("is not asked for where there is none, and nothing is read that may not go", async () => {
    const { context, disk, files, write } = await make({
      seenAs: (real) => altered(real, { hashFile: failing("EIO") }),
    });
    write(from, "ours");
    context.dropOurs({ ...aside, drop: sha256("ours"), twin: from });
    context.dropOurs({ act: "removeDir", path: "/tree/far" });
    write(beside, "ours");
    context.dropOurs(aside);
    const swap = { act: "swap" as const, path: from, staged: "/tree/s", keep: beside };
    context.dropOurs({ ...swap, before: "1", after: "2", spare: () => "/tree/spare" });
    expect(files()).toEqual({ [from]: "ours", [beside]: "ours" });
    expect(disk.lstat("/tree/far")).not.toBeNull();
  });
});
