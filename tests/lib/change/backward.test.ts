/** Operations taken back one by one: what goes back, what stays, and what it says then. */

import { describe, expect, test } from "bun:test";
import { prepareBackward } from "../../../lib/change/backward.ts";
import type { Facts } from "../../../lib/change/journal.ts";
import { emptyLedger } from "../../../lib/change/ledger.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import type { TmuxPort } from "../../../lib/change/options.ts";
import {
  altered,
  apply,
  type Given,
  makePrepared,
  migrationDir as own,
} from "../../change/prepared.ts";

const id = "test-20260101T000000Z-abcdef";
const trash = `${own}/trash`;

const patch = (path: string): Operation => ({
  ...{ op: "patchJson", path },
  edits: [{ pointer: "/n", before: 1, after: 2 }],
});

const nothing = { index: 0, facts: { i: 0 }, actions: [], staged: [], bytes: 0 };

describe("nothing is taken back", () => {
  test("of what was skipped or never begun", async () => {
    const { back, ledger, files } = await apply([{ op: "create", path: "/tree/a", content: "" }]);
    ledger.facts[0] = { ...ledger.facts[0], i: 0, skip: true };
    expect(await back()).toEqual(nothing);
    ledger.facts = [];
    expect(await back()).toEqual(nothing);
    expect(files()).toEqual({ "/tree/a": "" });
  });

  test("of a batch that was cut short before it, and what was staged goes", async () => {
    const { back, context, disk, files, ledger } = await apply([patch("/tree/a.json")], {
      files: { "/tree/a.json": '{"n": 1}' },
    });
    // As if the crash had come before the swap.
    disk.exchange("/tree/a.json", `${trash}/0-a.json`);
    disk.renameNoReplace(`${trash}/0-a.json`, `${own}/staging/0`);
    ledger.applied = 0;
    context.roots.forget();
    expect(await back()).toEqual(nothing);
    expect(files()).toEqual({ "/tree/a.json": '{"n": 1}' });
  });

  test("where it is as it was already", async () => {
    const made = await apply([{ op: "makeDir", path: "/tree/new" }]);
    made.disk.removeDir("/tree/new");
    const created = await apply([{ op: "create", path: "/tree/new", content: "" }]);
    created.disk.unlink("/tree/new");
    const moved = await apply([{ op: "move", from: "/tree/a", to: "/tree/b" }], {
      files: { "/tree/a": "1" },
    });
    moved.disk.renameNoReplace("/tree/b", "/tree/a");
    const thrown = await apply([{ op: "trash", path: "/tree/a" }], { files: { "/tree/a": "1" } });
    thrown.disk.renameNoReplace(`${trash}/0-a`, "/tree/a");
    const patched = await apply([patch("/tree/a")], { files: { "/tree/a": '{"n": 1}' } });
    patched.disk.overwrite("/tree/a", '{"n": 1}');
    const same = await apply([patch("/tree/a")], { files: { "/tree/a": '{"n": 2}' } });
    for (const { back } of [made, created, moved, thrown, patched, same]) {
      expect(await back()).toEqual(nothing);
    }
  });
});

describe("a directory", () => {
  const make: Operation = { op: "makeDir", path: "/tree/new" };

  test("that was there before stays, and one that is another thing by now", async () => {
    const there = await apply([make], { dirs: ["/tree/new"] });
    expect(await there.back()).toEqual(nothing);
    const { back, disk, write } = await apply([make]);
    disk.removeDir("/tree/new");
    write("/tree/new", "mine");
    const kept = { index: 0, path: "/tree/new", reason: "is no directory any more" };
    expect(await back()).toEqual({ ...nothing, kept });
  });

  test("is tried at first whatever it holds, then when it is empty", async () => {
    const { back, disk, write } = await apply([make]);
    const removal = { actions: [{ act: "removeDir", path: "/tree/new" }] };
    expect(await back(0, 1)).toMatchObject(removal);
    write("/tree/new/x", "");
    expect(await back(0, 0)).toMatchObject(removal);
    const { kept } = await back(0, 1);
    expect(kept?.reason).toBe('holds "x", added after the migration');
    expect(kept?.quiet).toBeUndefined();
    disk.unlink("/tree/new/x");
    expect(await back(0, 2)).toMatchObject(removal);
  });

  test("names the first of what was added, besides what is kept anyhow", async () => {
    const deep = "/tree/new/kept/deep";
    const { back, ledger, write } = await apply([
      ...[make, { op: "makeDir", path: "/tree/new/kept" } as const],
      ...[deep, "/tree/z"].map((path) => ({ op: "create", path, content: "" }) as const),
    ]);
    for (const name of ["c", "b"]) write(`/tree/new/${name}`, "");
    for (const [index, path] of [deep, "/tree/z"].entries()) {
      ledger.kept.set(index + 2, { index: index + 2, path, reason: "" });
    }
    expect((await back(0, 1)).kept?.reason).toBe('holds "b" and 1 more, added after the migration');
  });

  test("that holds only what is kept is not worth a line", async () => {
    const path = "/tree/new/a";
    const { back, ledger } = await apply([make, { op: "create", path, content: "" }]);
    ledger.kept.set(1, { index: 1, path, reason: "" });
    const kept = { index: 0, path: "/tree/new", reason: "holds what was kept", quiet: true };
    expect(await back(0, 1)).toEqual({ ...nothing, kept } as never);
  });

  test("goes with the locks that AO died with, which wait in the trash", async () => {
    const sessions = "/tree/sessions";
    const { back, disk, files, perform, write } = await apply([{ op: "makeDir", path: sessions }]);
    // The simulated clock stands long ago: nobody holds them any more.
    for (const name of ["a", "b"]) write(`${sessions}/${name}.json.lock`, name);
    const step = await back(0, 1);
    expect(perform(step)).toEqual(["done", "done", "done"]);
    expect(disk.lstat(sessions)).toBeNull();
    expect(Object.values(files())).toEqual(["a", "b"]);
    expect(Object.keys(files()).every((path) => path.startsWith(trash))).toBe(true);
  });

  test("stays with a lock that is not alone in it", async () => {
    const { back, write } = await apply([{ op: "makeDir", path: "/tree/sessions" }]);
    for (const name of ["a.json.lock", "mine"]) write(`/tree/sessions/${name}`, "");
    const { actions, kept } = await back(0, 1);
    expect([actions, kept?.reason]).toEqual([
      [],
      'holds "a.json.lock" and 1 more, added after the migration',
    ]);
  });
});

describe("a new file", () => {
  test("goes to the trash when it is as it was made, and stays otherwise", async () => {
    const { back, disk, files, perform } = await apply([
      { op: "create", path: "/tree/a", content: "ours" },
    ]);
    const step = await back();
    disk.overwrite("/tree/a", "mine");
    const kept = { index: 0, path: "/tree/a", reason: "was changed after the migration" };
    expect(await back()).toEqual({ ...nothing, kept });
    disk.overwrite("/tree/a", "ours");
    expect(perform(step)).toEqual(["done"]);
    expect(files()).toEqual({ [`${trash}/undo1-0-a`]: "ours" });
  });
});

describe("a file that was made in another's place", () => {
  const make: Operation = { op: "create", path: "/tree/a.json", content: "ours" };
  const throwAway = (path: string): Operation => ({ op: "trash", path });
  const reason = "is all that is left: what it was made from is no longer in the trash";

  test("stays when the other is in the trash no more, as when that was emptied", async () => {
    const beside = await apply([make, throwAway("/tree/a")], { files: { "/tree/a": "old" } });
    beside.disk.unlink(`${trash}/1-a`);
    expect(await beside.back(0)).toMatchObject({ actions: [], kept: { index: 0, reason } });
    const files = { "/tree/a.json": "old" };
    const same = await apply([throwAway("/tree/a.json"), make], { files });
    same.disk.unlink(`${trash}/0-a.json`);
    expect(await same.back(1)).toMatchObject({ actions: [], kept: { index: 1, reason } });
  });

  test("goes when the other is there, in its place or in the trash, or is another's", async () => {
    const files = { "/tree/a": "old" };
    const { back, disk } = await apply([make, throwAway("/tree/a")], { files });
    expect((await back(0)).kept).toBeUndefined();
    disk.renameNoReplace(`${trash}/1-a`, "/tree/a");
    expect((await back(0)).kept).toBeUndefined();
    // Given back by an earlier rollback, which then took its directory on with it.
    const earlier = await apply([make, throwAway("/tree/a")], { files });
    earlier.disk.renameNoReplace(`${trash}/1-a`, "/tree/where it was before");
    earlier.ledger.undone.add(1);
    expect((await earlier.back(0)).kept).toBeUndefined();
    const other = await apply([throwAway("/tree/a"), make], { files });
    other.disk.unlink(`${trash}/0-a`);
    expect((await other.back(1)).kept).toBeUndefined();
  });
});

describe("a move", () => {
  const move: Operation = { op: "move", from: "/tree/dir/a", to: "/tree/b" };
  const given = { dirs: ["/tree/dir"], files: { "/tree/dir/a": "1" } };

  test("goes back to a place that is free", async () => {
    const { back, files, ledger, perform } = await apply([move], given);
    const step = await back();
    const id = ledger.facts[0]?.id ?? "";
    expect(step).toMatchObject({ facts: { i: 0, id }, actions: [{ act: "move", id }] });
    expect(perform(step)).toEqual(["done"]);
    expect(files()).toEqual(given.files);
  });

  test("says when it cannot: it is gone, its place is taken or has no directory", async () => {
    const { back, context, disk, write } = await apply([move], given);
    write("/tree/dir/a", "mine");
    const reason = 'cannot go back: "/tree/dir/a" is there again';
    expect(await back()).toEqual({ ...nothing, kept: { index: 0, path: "/tree/b", reason } });
    disk.unlink("/tree/dir/a");
    disk.renameNoReplace("/tree/dir", "/tree/elsewhere");
    write("/tree/dir", "a file");
    context.roots.forget();
    await expect(back()).rejects.toThrow('"/tree/dir/a" has no directory to go back to');
    disk.unlink("/tree/b");
    const gone = { index: 0, path: "/tree/b", reason: "is gone, so it cannot go back" };
    expect(await back()).toEqual({ ...nothing, kept: gone });
  });

  test("goes back also where its directory was cleared away since, and those above it", async () => {
    const deep: Operation = { op: "move", from: "/tree/dir/in/a", to: "/tree/b" };
    const { back, disk, files, perform } = await apply([deep], {
      ...{ dirs: ["/tree/dir", "/tree/dir/in"], files: { "/tree/dir/in/a": "1" } },
    });
    disk.removeDir("/tree/dir/in");
    disk.removeDir("/tree/dir");
    expect(perform(await back())).toEqual(["done"]);
    expect(files()).toEqual({ "/tree/dir/in/a": "1" });
  });

  test("makes no directory where its own has still to come back", async () => {
    const out: Operation = { op: "trash", path: "/tree/dir" };
    const { back, context, disk, ledger } = await apply([move, out], given);
    ledger.kept.set(1, { index: 1, path: "/tree/dir", reason: "for now", failed: true });
    context.roots.forget();
    await expect(back()).rejects.toThrow('"/tree/dir/a" has no directory to go back to');
    expect(disk.lstat("/tree/dir")).toBeNull();
  });

  test("is not taken for the same thing under another name by its inode alone", async () => {
    // Another device numbers its files anew.
    const seenAs: Given["seenAs"] = (disk) =>
      altered(disk, {
        lstat(path) {
          const stat = disk.lstat(path);
          const numbered = path === "/tree/far/a" ? disk.lstat("/tree/b") : null;
          return stat === null || numbered === null ? stat : { ...stat, ino: numbered.ino };
        },
      });
    const far: Operation = { op: "move", from: "/tree/far/a", to: "/tree/b" };
    const { back, write } = await apply([far], {
      ...{ dirs: ["/tree/far"], files: { "/tree/far/a": "1" }, seenAs },
    });
    write("/tree/far/a", "mine");
    expect((await back()).kept?.reason).toBe('cannot go back: "/tree/far/a" is there again');
  });

  test("across devices brings the original back, unless the copy was changed", async () => {
    const far: Operation = { op: "move", from: "/tree/a", to: "/tree/far/b" };
    const across = () => apply([far], { dirs: ["/tree/far"], files: { "/tree/a": "1" } });
    const same = await across();
    const ino = same.disk.lstat(`${trash}/0-a`)?.ino;
    const exact = await same.back();
    expect(exact.facts).toEqual({ i: 0, aside: "trash" });
    expect(same.perform(exact)).toEqual(["done", "done"]);
    expect(same.disk.lstat("/tree/a")?.ino).toBe(ino);
    expect(same.disk.lstat("/tree/far/b")).toBeNull();
    const changed = await across();
    changed.disk.overwrite("/tree/far/b", "2");
    const step = await changed.back();
    expect(step.facts).toEqual({ i: 0, id: changed.identity("/tree/far/b") });
    expect(changed.perform(step)).toEqual(["done"]);
    expect(changed.files()).toMatchObject({ "/tree/a": "2", [`${trash}/0-a`]: "1" });
  });

  test("out of another device brings back the original that stayed there", async () => {
    const out: Operation = { op: "move", from: "/tree/far/a", to: "/tree/b" };
    const applied = await apply([out], { dirs: ["/tree/far"], files: { "/tree/far/a": "1" } });
    const beside = `/tree/far/.a.ao-${id}-0.trash`;
    expect(applied.files()).toEqual({ "/tree/b": "1", [beside]: "1" });
    const step = await applied.back();
    expect(step.facts).toEqual({ i: 0, aside: "beside" });
    expect(applied.perform(step)).toEqual(["done", "done"]);
    expect(applied.files()).toEqual({ "/tree/far/a": "1", [`${trash}/undo1-0-b`]: "1" });
  });
});

describe("what was thrown away", () => {
  const thrown: Operation = { op: "trash", path: "/tree/dir/a" };
  const given = { dirs: ["/tree/dir"], files: { "/tree/dir/a": "1" } };

  test("comes back to a place that is free", async () => {
    const { back, files, identity, perform } = await apply([thrown], given);
    const step = await back();
    const id = identity(`${trash}/0-a`);
    expect(step).toMatchObject({ facts: { i: 0, id, aside: "trash" }, actions: [{ id }] });
    expect(perform(step)).toEqual(["done"]);
    expect(files()).toEqual(given.files);
  });

  test("says when it cannot", async () => {
    const { back, context, disk, write } = await apply([thrown], given);
    write("/tree/dir/a", "mine");
    const reason = `is there again; the old one stays at "${trash}/0-a"`;
    const kept = { index: 0, path: "/tree/dir/a", reason };
    expect(await back()).toEqual({ ...nothing, kept });
    disk.unlink("/tree/dir/a");
    disk.removeDir("/tree/dir");
    context.roots.forget();
    write("/tree/dir", "a file");
    await expect(back()).rejects.toThrow('"/tree/dir/a" has no directory to go back to');
    disk.unlink("/tree/dir");
    disk.unlink(`${trash}/0-a`);
    const gone = { ...kept, reason: "is no longer in the trash" };
    expect(await back()).toEqual({ ...nothing, kept: gone });
  });

  test("on another device comes back from beside its place", async () => {
    const far: Operation = { op: "trash", path: "/tree/far/a" };
    const applied = await apply([far], { dirs: ["/tree/far"], files: { "/tree/far/a": "1" } });
    expect(Object.keys(applied.files())).toEqual([`/tree/far/.a.ao-${id}-0.trash`]);
    const step = await applied.back();
    expect(step.facts.aside).toBe("beside");
    expect(applied.perform(step)).toEqual(["done"]);
    expect(applied.files()).toEqual({ "/tree/far/a": "1" });
  });
});

describe("a later operation that stays", () => {
  const kept = (index: number) => ({ index, path: "/tree/x", reason: "is there again" });
  const create = (path: string): Operation => ({ op: "create", path, content: "1" });

  test("has emptied the place that an earlier one wrote, which is told", async () => {
    for (const [first, later, place] of [
      [create("/tree/a"), { op: "move", from: "/tree/a", to: "/tree/b" }, "/tree/b"],
      [
        { op: "move", from: "/tree/x", to: "/tree/a" },
        { op: "trash", path: "/tree/a" },
        "the trash",
      ],
    ] as [Operation, Operation, string][]) {
      const { back, ledger } = await apply([first, later], { files: { "/tree/x": "1" } });
      ledger.kept.set(1, kept(1));
      const told = `"/tree/a" is still at "${place}", because that could not be taken back`;
      await expect(back()).rejects.toThrow(told);
      // What stays itself, or came before, is in nobody's way.
      ledger.kept.clear();
      ledger.kept.set(0, kept(0));
      expect((await back(1)).actions).toHaveLength(1);
    }
  });

  test("is in nobody's way when it only wrote, or elsewhere", async () => {
    const other: Operation = { op: "move", from: "/tree/x", to: "/tree/y" };
    const { back, ledger } = await apply([create("/tree/a"), other, create("/tree/z")], {
      files: { "/tree/x": "1" },
    });
    ledger.kept.set(1, kept(1)).set(2, kept(2));
    expect((await back()).actions).toHaveLength(1);
  });

  test("does not keep the trash from giving back what was there before", async () => {
    const { back, ledger } = await apply(
      [{ op: "trash", path: "/tree/a" }, create("/tree/a"), { op: "trash", path: "/tree/a" }],
      { files: { "/tree/a": "0" } },
    );
    ledger.kept.set(2, kept(2));
    expect((await back()).actions).toHaveLength(1);
    await expect(back(1)).rejects.toThrow("is still at");
  });
});

describe("a tmux session", () => {
  const rename: Operation = { op: "renameTmux", from: "old", to: "new" };
  const tmux = (...names: string[]): TmuxPort => ({
    hasSession: (name) => names.includes(name),
    renameSession: () => {},
  });
  const warning = (reason: string) => ({
    ...{ ...nothing, warning: `Cannot rename tmux session "new" back to "old": ${reason}` },
  });
  const act = { act: "tmux", from: "new", to: "old" };
  const begun: Facts = { i: 0 };
  test.each([
    ["goes back", tmux("new"), { ...nothing, actions: [act] }],
    ["that has ended, or went back, is left alone", tmux("old"), nothing],
    [
      "keeps its name when the old one is taken",
      tmux("old", "new"),
      warning("there is a session of that name again"),
    ],
    ["is a warning without tmux", undefined, warning("tmux was not asked")],
  ])("%s", async (_, port, expected) => {
    const prepared = await makePrepared([rename], port === undefined ? {} : { tmux: port });
    for (const undoFacts of [new Map(), new Map([[0, begun]])]) {
      // Of a batch that was cut short too: the server alone can tell.
      for (const applied of [1, 0]) {
        const ledger = { ...emptyLedger(), facts: [begun], applied, intended: 1, undoFacts };
        expect(await prepareBackward(prepared.context, ledger, 0, 0)).toEqual(expected as never);
      }
    }
  });
});
