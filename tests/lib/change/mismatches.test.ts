/** What a plan is compared with: the disk as every operation will find it, step by step. */

import { describe, expect, spyOn, test } from "bun:test";
import { Drafts } from "../../../lib/change/drafts.ts";
import type { Operation } from "../../../lib/change/operation.ts";
import { loadPatchers } from "../../../lib/change/patch.ts";
import { Places } from "../../../lib/change/places.ts";
import {
  findMismatches,
  type PreflightInput,
  refuseStalePlan,
} from "../../../lib/change/preflight.ts";
import { Roots } from "../../../lib/change/roots.ts";
import { errorOf } from "../../change/workbench.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

function makeDisk(): SimulatedDisk {
  const disk = new SimulatedDisk();
  for (const dir of ["/tree", "/tree/dir", "/tree/wt", "/out"]) disk.makeDir(dir);
  const write = (path: string, text: string) =>
    disk.writeNew(path, [Buffer.from(text)], { mode: 0o644 });
  write("/tree/a.json", '{"n":1}');
  write("/tree/a.yaml", "n: 1\n");
  write("/tree/dir/b.json", '{"n":1}');
  write("/tree/wt/.git", "gitdir: /old\n");
  write("/out/x", "");
  disk.makeSymlink("/out", "/tree/link");
  return disk;
}

async function inputOf(operations: Operation[], disk = makeDisk()): Promise<PreflightInput> {
  const places = new Places("/base/migrations/test-20260101T000000Z-abcdef");
  const roots = new Roots(disk, places, { callers: ["/tree"], plans: ["/tree"] });
  return { disk, operations, roots, patchers: await loadPatchers(operations) };
}

/** `<number> <path> <reason>` of each mismatch. */
async function found(...operations: Operation[]): Promise<string[]> {
  const all = await findMismatches(await inputOf(operations));
  return all.map(({ index, path, reason }) => `${index + 1} ${path} ${reason}`);
}

const trash = (path: string): Operation => ({ op: "trash", path });
const makeDir = (path: string): Operation => ({ op: "makeDir", path });
const patch = (path: string, before: number, after = before + 1): Operation => ({
  ...{ op: path.endsWith(".yaml") ? "patchYaml" : "patchJson", path },
  edits: [{ pointer: "/n", before, after }],
});
const relink = (before: string, after: string): Operation => ({
  ...{ op: "relinkWorktree", repo: "/tree", worktree: "/tree/wt" },
  files: [{ path: "/tree/wt/.git", before: `gitdir: ${before}\n`, after: `gitdir: ${after}\n` }],
});

describe("a later operation finds what an earlier one", () => {
  const encoding = "base64";
  const content = Buffer.from('{"n":1}').toString(encoding);

  test.each<[string, Operation[]]>([
    [
      "created, in either encoding",
      [
        { op: "create", path: "/tree/new.json", content, encoding },
        patch("/tree/new.json", 1),
        { op: "create", path: "/tree/text.json", content: '{"n":5}' },
        patch("/tree/text.json", 5),
      ],
    ],
    ["patched, once and again", [1, 2, 3, 3].map((n) => patch("/tree/a.json", n))],
    ["threw away", [trash("/tree/a.json"), makeDir("/tree/a.json"), trash("/tree/a.json")]],
    ["made, or would have made", [makeDir("/tree/dir"), patch("/tree/dir/b.json", 1)]],
    ["linked, also when it was linked before", [relink("/old", "/new"), relink("/x", "/new")]],
    ["renamed, which is not asked for here", [{ op: "renameTmux", from: "a", to: "b" }]],
  ])("%s", async (_, operations) => {
    expect(await found(...operations)).toEqual([]);
  });
});

describe("a plan does not fit when", () => {
  test.each<[string, Operation, string]>([
    ["a file holds another value", patch("/tree/a.json", 2), "a.json field /n: "],
    ["a YAML file does", patch("/tree/a.yaml", 2), "a.yaml field /n: "],
    ["a new directory has none to be in", makeDir("/tree/no/x"), "no/x has no directory to be in"],
    ["a file stands for it", makeDir("/tree/a.json"), "a.json is there and is no directory"],
    ["what is thrown away is through a link", trash("/tree/link/x"), "link/x leads through a"],
    [
      "what moves is through a link",
      { op: "move", from: "/tree/link/x", to: "/tree/x" },
      "link/x leads through a",
    ],
    ["a file to patch is gone", patch("/tree/no.json", 1), "no.json is gone"],
    [
      "a worktree is a file",
      { op: "relinkWorktree", repo: "/tree", worktree: "/tree/a.json", files: [] },
      "a.json is no directory",
    ],
    [
      "a file to link is through a link",
      {
        ...{ op: "relinkWorktree", repo: "/tree", worktree: "/tree/wt" },
        files: [{ path: "/tree/link/x", before: "", after: "y" }],
      },
      "link/x leads through a",
    ],
    ["a link names another place", relink("/else", "/new"), "wt/.git names another place"],
  ])("%s", async (_, operation, reason) => {
    expect(await found(operation)).toEqual([expect.stringContaining(`1 /tree/${reason}`)]);
  });

  test("a file to patch will be a directory by then", async () => {
    expect(await found(makeDir("/tree/d"), patch("/tree/d", 1))).toEqual(["2 /tree/d is no file"]);
  });

  test("a link was made to another place by an earlier operation", async () => {
    expect(await found(relink("/old", "/new"), relink("/old", "/other"))).toEqual([
      "2 /tree/wt/.git names another place",
    ]);
  });

  test("a file to patch belongs to another user, unless root asks", async () => {
    const user = spyOn(process, "geteuid");
    try {
      user.mockReturnValue(1000);
      expect(await found(patch("/tree/a.json", 1))).toEqual([
        "1 /tree/a.json belongs to another user",
      ]);
      const disk = makeDisk();
      const owner = { uid: 1000, gid: 1000 };
      disk.writeNew("/tree/mine.json", [Buffer.from('{"n":1}')], { mode: 0o644, owner });
      const input = await inputOf([patch("/tree/mine.json", 1)], disk);
      expect(await findMismatches(input)).toEqual([]);
      user.mockReturnValue(0);
      expect(await findMismatches(input)).toEqual([]);
      expect(await found(patch("/tree/a.json", 1))).toEqual([]);
    } finally {
      user.mockRestore();
    }
  });
});

test("as many differences are looked for as are asked for", async () => {
  const operations = ["p", "q", "r"].map((name) => trash(`/tree/${name}`));
  const indexes = async (limit?: number) => {
    const mismatches = await findMismatches(await inputOf(operations), limit);
    return mismatches.map(({ index }) => index);
  };
  expect([await indexes(), await indexes(2), await indexes(3)]).toEqual([
    [0, 1, 2],
    [0, 1],
    [0, 1, 2],
  ]);
});

test("a refusal names the file of the first difference, and five without more", async () => {
  const operations = Array.from({ length: 5 }, (_, n) => trash(`/tree/none-${n}`));
  const error = await errorOf(refuseStalePlan(await inputOf(operations)));
  expect(error).toMatchObject({ outcome: "refused", place: { file: "/tree/none-0" } });
  expect(error.hint).toBeTruthy();
  expect(error.message.split("\n").slice(1)).toEqual(
    operations.map((_, n) => `  /tree/none-${n} is gone (operation ${n + 1})`),
  );
});

test("a long comparison says how far it is, every 500 operations and at the end", async () => {
  const operations = Array.from(
    { length: 1001 },
    (): Operation => ({
      ...{ op: "renameTmux", from: "a", to: "b" },
    }),
  );
  const input = await inputOf(operations);
  const said: number[] = [];
  await findMismatches({ ...input, from: 3, onStride: (checked) => said.push(checked) });
  expect(said).toEqual([500, 1000, 1001]);
  expect(await findMismatches(input)).toEqual([]);
});

test("a new content is kept for the run only while the file on the disk is what it is made of", async () => {
  const drafts = new Drafts();
  const operations = [
    patch("/tree/a.json", 1),
    patch("/tree/a.json", 2),
    patch("/tree/a.json", 3),
    patch("/tree/a.yaml", 0, 1),
    patch("/tree/a.yaml", 1),
    { op: "create", path: "/tree/new.json", content: '{"n":1}' } as const,
    patch("/tree/new.json", 1),
    patch("/tree/dir/b.json", 1),
  ];
  const input = await inputOf(operations);
  expect(await findMismatches({ ...input, drafts })).toEqual([]);
  const kept = operations.map((operation, index) => {
    const stat = "path" in operation ? input.disk.lstat(operation.path) : null;
    const draft = stat === null ? null : drafts.take(index, stat);
    return draft === null ? null : Buffer.concat(draft.content).toString("utf8");
  });
  expect(kept).toEqual(['{"n":2}', null, null, null, null, null, null, '{"n":2}']);
});
