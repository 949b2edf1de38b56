/** Patches and links taken back: the very file where nobody touched it, its fields where one did. */

import { describe, expect, test } from "bun:test";
import type { Facts } from "../../../lib/change/journal.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { sha256 } from "../../../lib/hash.ts";
import { type Applied, apply, type Given, migrationDir as own } from "../../change/prepared.ts";

const id = "test-20260101T000000Z-abcdef";
const trash = `${own}/trash`;
const path = "/tree/a.json";
const far = "/tree/far/a.json";
const nothing = { index: 0, facts: { i: 0 }, actions: [], staged: [], bytes: 0 };

const set = (name: string, before: number, after: number, file = path): Operation => ({
  ...{ op: "patchJson", path: file },
  edits: [{ pointer: `/${name}`, before, after }],
});

const one = (): Promise<Applied> => apply([set("n", 1, 2)], { files: { [path]: '{"n": 1}' } });
const onFar = (): Promise<Applied> =>
  apply([set("n", 1, 2, far)], { dirs: ["/tree/far"], files: { [far]: '{"n": 1}' } });

/** What the run does when a step is durable: all of it, up to what may go. */
function finish({ context, perform }: Applied, step: Awaited<ReturnType<Applied["back"]>>): void {
  expect(perform(step)).toEqual(step.actions.map(() => "done"));
  for (const action of step.actions) context.dropOurs(action);
}

describe("a patch", () => {
  test("goes back to the very file, as long as nobody touched it", async () => {
    const applied = await one();
    const ino = applied.disk.lstat(`${trash}/0-a.json`)?.ino;
    const step = await applied.back();
    const digests = [sha256('{"n": 2}'), sha256('{"n": 1}')];
    expect(step.facts).toStrictEqual({ i: 0, swaps: [digests], exact: true } as Facts);
    // It is not even taken out when it is another one by then.
    expect(step.actions).toMatchObject([{ seen: applied.disk.lstat(path) }]);
    finish(applied, step);
    expect(applied.disk.lstat(path)?.ino).toBe(ino);
    expect(applied.files()).toEqual({
      ...{ [path]: '{"n": 1}', [`${trash}/undo1-0-a.json`]: '{"n": 2}' },
    });
  });

  test("on another device leaves nothing beside its file", async () => {
    const applied = await onFar();
    const step = await applied.back();
    expect(step.facts.swaps?.[0]?.[2]).toBe("near");
    finish(applied, step);
    expect(applied.files()).toEqual({ [far]: '{"n": 1}' });
  });

  test("gives its fields back where others were changed", async () => {
    const applied = await one();
    const edited = '{"n": 2, "mine": true}';
    applied.disk.overwrite(path, edited);
    const step = await applied.back();
    const merged = '{"n": 1, "mine": true}';
    expect(step.facts).toEqual({ i: 0, swaps: [[sha256(edited), sha256(merged)]] });
    expect([step.staged, step.bytes]).toEqual([[`${own}/staging/undo1-0`], merged.length]);
    finish(applied, step);
    expect(applied.files()[path]).toBe(merged);

    const other = await onFar();
    other.disk.overwrite(far, edited);
    const near = await other.back();
    expect(near.staged).toEqual([`/tree/far/.a.json.ao-${id}-undo1-0.staged`]);
    finish(other, near);
    expect(other.files()[far]).toBe(merged);
  });

  test("keeps what holds another value, and gives back the rest", async () => {
    const operation: Operation = {
      ...{ op: "patchJson", path },
      edits: ["n", "m"].map((name) => ({ pointer: `/${name}`, before: 1, after: 2 })),
    };
    const applied = await apply([operation], { files: { [path]: '{"n": 1, "m": 1}' } });
    const reason =
      "was changed after the migration: field /m: the field holds another value, it is 7";
    applied.disk.overwrite(path, '{"n": 2, "m": 7}');
    const step = await applied.back();
    expect(step.kept).toEqual({ index: 0, path, reason });
    finish(applied, step);
    expect(applied.files()[path]).toBe('{"n": 1, "m": 7}');
    applied.disk.overwrite(path, '{"n": 1, "m": 7}');
    expect(await applied.back()).toEqual({ ...nothing, kept: { index: 0, path, reason } });
  });

  test("takes back only what it did, as far as the original can tell", async () => {
    const operation: Operation = {
      ...{ op: "patchJson", path },
      edits: ["n", "m"].map((name) => ({ pointer: `/${name}`, before: 1, after: 2 })),
    };
    // One of them had its value before.
    const given = { files: { [path]: '{"n": 1, "m": 2}' } };
    const applied = await apply([operation], given);
    applied.disk.overwrite(path, '{"n": 2, "m": 2, "x": 3}');
    finish(applied, await applied.back());
    expect(applied.files()[path]).toBe('{"n": 1, "m": 2, "x": 3}');
    // Without the original the plan is all there is.
    const lost = await apply([operation], given);
    lost.disk.unlink(`${trash}/0-a.json`);
    const step = await lost.back();
    expect(step.facts.exact).toBeUndefined();
    finish(lost, step);
    expect(lost.files()[path]).toBe('{"n": 1, "m": 1}');
  });

  test("says when there is no such file any more", async () => {
    const { back, disk } = await one();
    disk.unlink(path);
    expect((await back()).kept).toEqual({ index: 0, path, reason: "is gone" });
    disk.makeDir(path);
    expect((await back()).kept?.reason).toBe("is no file any more");
    disk.removeDir(path);
    disk.makeSymlink("b.json", path);
    expect((await back()).kept?.reason).toBe("is no file any more");
  });
});

describe("an earlier patch of a file", () => {
  const two = async () => {
    const operations = [set("n", 1, 2), set("m", 1, 2)];
    return await apply(operations, { files: { [path]: '{"n": 1, "m": 1}' } });
  };
  const waits = `"${path}" waits until a later change of it is taken back`;

  test("waits for a later one that failed, whichever way that had come", async () => {
    const { back, disk, ledger } = await two();
    ledger.kept.set(1, { index: 1, path, reason: "EACCES", failed: true });
    await expect(back()).rejects.toThrow(waits);
    // Had its swap come through before the failure, the file is as this one left it.
    disk.overwrite(path, '{"n": 2, "m": 1}');
    await expect(back()).rejects.toThrow(waits);
    disk.overwrite(path, '{"n": 2, "m": 3}');
    expect((await back()).kept).toBeUndefined();
  });

  test("does not wait for one that was kept for good, nor for itself", async () => {
    const { back, ledger } = await two();
    ledger.kept.set(1, { index: 1, path, reason: "was changed after the migration" });
    expect((await back()).actions).toHaveLength(1);
    ledger.kept.clear();
    ledger.kept.set(1, { index: 1, path, reason: "EACCES", failed: true });
    ledger.kept.set(0, { index: 0, path, reason: "EACCES", failed: true });
    expect((await back(1)).actions).toHaveLength(1);
  });
});

describe("a rollback that a crash cut short", () => {
  test("brings the original back that still waits in the trash", async () => {
    const applied = await one();
    const ino = applied.disk.lstat(`${trash}/0-a.json`)?.ino;
    applied.ledger.undoFacts.set(0, (await applied.back()).facts);
    const step = await applied.back();
    expect(step.facts.exact).toBe(true);
    finish(applied, step);
    expect(applied.disk.lstat(path)?.ino).toBe(ino);
  });

  test("merges anew, from the file as it is by now, and leaves no old merge behind", async () => {
    const applied = await one();
    applied.disk.overwrite(path, '{"n": 2, "x": 1}');
    applied.ledger.undoFacts.set(0, (await applied.back()).facts);
    applied.disk.overwrite(path, '{"n": 2, "x": 2}');
    finish(applied, await applied.back());
    expect(applied.files()).toEqual({
      [path]: '{"n": 1, "x": 2}',
      [`${trash}/0-a.json`]: '{"n": 1}',
      [`${trash}/undo1-0-a.json`]: '{"n": 2, "x": 2}',
    });
  });

  test("does what it had only said, and what it had not is decided anew", async () => {
    const text = { "/tree/a": "1" };
    const cases: [Operation, Record<string, string>][] = [
      [{ op: "makeDir", path: "/tree/new" }, {}],
      [{ op: "create", path: "/tree/b", content: "1" }, {}],
      [{ op: "trash", path: "/tree/a" }, text],
      [{ op: "move", from: "/tree/a", to: "/tree/b" }, text],
      [{ op: "move", from: "/tree/a", to: "/tree/far/b" }, text],
    ];
    for (const [operation, files] of cases) {
      const applied = await apply([operation], { dirs: ["/tree/far"], files });
      const said = await applied.back();
      applied.ledger.undoFacts.set(0, said.facts);
      const step = await applied.back();
      expect(step).toEqual(said);
      finish(applied, step);
      const left = Object.entries(applied.files()).filter(([path]) => !path.startsWith(own));
      expect(Object.fromEntries(left)).toEqual(files);
    }
  });

  test("knows what it had done from what somebody made in its place since", async () => {
    const applied = await apply([{ op: "create", path, content: "ours" }]);
    const step = await applied.back();
    finish(applied, step);
    applied.ledger.undoFacts.set(0, step.facts);
    applied.write(path, "mine");
    const again = await applied.back();
    expect([again.actions, again.kept]).toEqual([[], undefined]);
    expect(applied.files()[path]).toBe("mine");
  });

  test("does not do what it had said where somebody was quicker", async () => {
    const move: Operation = { op: "move", from: "/tree/a", to: "/tree/b" };
    const applied = await apply([move], { files: { "/tree/a": "1" } });
    applied.ledger.undoFacts.set(0, (await applied.back()).facts);
    applied.write("/tree/a", "mine");
    const { actions, kept } = await applied.back();
    expect(actions).toEqual([]);
    expect(kept?.reason).toBe('cannot go back: "/tree/a" is there again');
  });

  test("takes the copy away when the original was back on its device already", async () => {
    const move: Operation = { op: "move", from: "/tree/a", to: "/tree/far/b" };
    const applied = await apply([move], { dirs: ["/tree/far"], files: { "/tree/a": "1" } });
    const said = await applied.back();
    expect(said.facts.aside).toBe("trash");
    applied.perform({ ...said, actions: said.actions.slice(0, 1) });
    applied.ledger.undoFacts.set(0, said.facts);
    const rest = await applied.back();
    expect(rest.actions).toEqual(said.actions.slice(1));
    finish(applied, rest);
    expect(applied.files()).toEqual({ "/tree/a": "1" });
  });

  test("removes what it had put beside its place", async () => {
    const text = { "/tree/a": "1" };
    const cases: [Operation, Record<string, string>, Record<string, string>][] = [
      [set("n", 1, 2, far), { [far]: '{"n": 1}' }, { [far]: '{"n": 1}' }],
      [{ op: "create", path: "/tree/far/b", content: "1" }, {}, {}],
      [{ op: "move", from: "/tree/a", to: "/tree/far/b" }, text, text],
    ];
    for (const [operation, files, expected] of cases) {
      const applied = await apply([operation], { dirs: ["/tree/far"], files });
      const step = await applied.back();
      applied.perform(step);
      applied.ledger.undoFacts.set(0, step.facts);
      expect((await applied.back()).actions).toEqual([]);
      expect(applied.files()).toEqual(expected);
    }
  });

  test("moves back the rest across devices, where the copy is dropped that was changed", async () => {
    const move: Operation = { op: "move", from: "/tree/a", to: "/tree/far/b" };
    const applied = await apply([move], { dirs: ["/tree/far"], files: { "/tree/a": "1" } });
    applied.disk.overwrite("/tree/far/b", "2");
    finish(applied, await applied.back());
    expect(applied.files()).toEqual({ "/tree/a": "2", [`${trash}/0-a`]: "1" });
  });
});

test("a run that was cut short had not done what stands there in another's name", async () => {
  const applied = await apply([{ op: "create", path, content: "ours" }]);
  applied.disk.renameNoReplace(path, `${own}/staging/0`);
  applied.write(path, "mine");
  applied.ledger.applied = 0;
  expect(await applied.back()).toEqual(nothing);
  expect(applied.files()).toEqual({ [path]: "mine" });
});

test("a change of case alone goes back where both are one name", async () => {
  const applied = await apply([{ op: "move", from: "/tree/a", to: "/tree/A" }], {
    ...{ files: { "/tree/a": "1" }, simulation: { caseless: true } },
  });
  finish(applied, await applied.back());
  expect(applied.files()).toEqual({ "/tree/a": "1" });
});

describe("a worktree's links", () => {
  const link = (name: string) => ({ path: `/tree/${name}`, before: "old", after: "new" });
  const operation: Operation = {
    ...{ op: "relinkWorktree", repo: "/tree", worktree: "/tree" },
    files: ["1", "2", "far/3"].map(link),
  };
  const given: Given = {
    ...{ dirs: ["/tree/far"] },
    ...{ files: { "/tree/1": "old", "/tree/2": "new", "/tree/far/3": "old" } },
  };
  const digests = [sha256("new"), sha256("old")];
  const reason = "names another place than the migration wrote";

  test("go back, those that the migration changed", async () => {
    const applied = await apply([operation], given);
    const step = await applied.back();
    expect(step.facts).toEqual({
      i: 0,
      exact: true,
      swaps: [digests, null, [...digests, "near"]],
    } as Facts);
    expect(step.kept).toBeUndefined();
    finish(applied, step);
    expect(applied.files()).toEqual({ ...given.files, [`${trash}/undo1-0-1`]: "new" });
  });

  test("stay where somebody changed them, or the original is another; the others go back", async () => {
    const applied = await apply([operation], given);
    applied.disk.overwrite("/tree/1", "third");
    const step = await applied.back();
    expect(step.kept).toEqual({ index: 0, path: "/tree/1", reason });
    finish(applied, step);
    expect(applied.files()).toMatchObject({ "/tree/1": "third", "/tree/far/3": "old" });
    const lost = await apply([operation], given);
    lost.disk.overwrite(`${trash}/0-1`, "else");
    lost.disk.unlink("/tree/far/3");
    const gone = { path: "/tree/1", reason: "is no longer in the trash as it was" };
    expect(await lost.back()).toMatchObject({ actions: [], kept: gone });
  });

  test("go back also where the trash was emptied: all of a link is in the plan", async () => {
    const applied = await apply([operation], given);
    applied.disk.unlink(`${trash}/0-1`);
    applied.disk.unlink(`/tree/far/.3.ao-${id}-0.2.trash`);
    const step = await applied.back();
    expect([step.kept, step.staged.length]).toEqual([undefined, 2]);
    finish(applied, step);
    expect(applied.files()).toMatchObject(given.files ?? {});
  });

  test("are told of once more after a crash, when the others had gone back", async () => {
    const applied = await apply([operation], given);
    applied.disk.overwrite("/tree/1", "third");
    const step = await applied.back();
    finish(applied, step);
    applied.ledger.undoFacts.set(0, step.facts);
    const again = await applied.back();
    expect([again.actions, again.kept]).toEqual([[], { index: 0, path: "/tree/1", reason }]);
  });

  test("that went back already are left alone", async () => {
    const { back, disk } = await apply([operation], given);
    disk.overwrite("/tree/1", "old");
    const { actions, kept } = await back();
    expect([actions.length, kept]).toEqual([1, undefined]);
  });

  test("wait for a later change of one of them that failed", async () => {
    const later: Operation = {
      ...{ op: "relinkWorktree", repo: "/tree", worktree: "/tree" },
      files: [
        { path: "/tree/other", before: "x", after: "y" },
        { path: "/tree/1", before: "new", after: "newer" },
      ],
    };
    const files = { ...given.files, "/tree/other": "x" };
    const { back, ledger } = await apply([operation, later], { ...given, files });
    ledger.kept.set(1, { index: 1, path: "/tree/1", reason: "EIO", failed: true });
    await expect(back()).rejects.toThrow("waits until a later change of it is taken back");
  });

  test("that a crash came before are nobody's to judge", async () => {
    const files = ["1", "2"].map(link);
    const applied = await apply([{ ...operation, files }], given);
    applied.disk.exchange("/tree/1", `${trash}/0-1`);
    applied.disk.renameNoReplace(`${trash}/0-1`, `${own}/staging/0`);
    applied.disk.overwrite("/tree/1", "third");
    applied.ledger.applied = 0;
    expect(await applied.back()).toEqual(nothing);
    expect(applied.files()).toEqual({ ...given.files, "/tree/1": "third" });
  });

  test("that a crash came between go back as far as they had come", async () => {
    const applied = await apply([operation], given);
    applied.disk.exchange("/tree/1", `${trash}/0-1`);
    applied.disk.renameNoReplace(`${trash}/0-1`, `${own}/staging/0`);
    applied.ledger.applied = 0;
    finish(applied, await applied.back());
    expect(applied.files()).toEqual(given.files ?? {});
  });
});
