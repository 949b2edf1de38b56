/** New contents kept from the check of a plan: for the same file alone, once, and not without end. */

import { describe, expect, test } from "bun:test";
import type { FileStat } from "../../../lib/change/disk.ts";
import { type Draft, Drafts, draftOf } from "../../../lib/change/drafts.ts";
import { sha256 } from "../../../lib/hash.ts";

const mib = 1024 * 1024;

const seen: FileStat = {
  ...{ kind: "file", mode: 0o644, uid: 0, gid: 0, size: 5 },
  ...{ dev: 1n, ino: 2n, mtimeNs: 3n },
};

function draft(...parts: string[]): Draft {
  return draftOf(
    Buffer.from("old"),
    parts.map((part) => Buffer.from(part)),
  );
}

/** A draft of so many bytes; its digests are of no consequence. */
function large(bytes: number, fill = 1): Draft {
  return { content: [new Uint8Array(bytes).fill(fill)], bytes, digests: ["a", "b"] };
}

const textOf = (found: Draft | null) =>
  found === null ? null : Buffer.concat(found.content).toString("utf8");

test("a draft knows its size and both digests, in however many parts it comes", () => {
  const { bytes, digests } = draft("one ", "", "two");
  expect([bytes, ...digests]).toEqual([7, sha256("old"), sha256("one two")]);
});

describe("a draft that is kept", () => {
  test("is handed out once, whole", () => {
    const drafts = new Drafts();
    drafts.keep(0, seen, draft("one ", "two"));
    drafts.keep(7, seen, draft("three"));
    const first = drafts.take(0, seen);
    expect(first).toMatchObject({ bytes: 7, digests: draft("one two").digests });
    expect(textOf(first)).toBe("one two");
    expect(textOf(drafts.take(7, seen))).toBe("three");
    expect([drafts.take(0, seen), drafts.take(1, seen)]).toEqual([null, null]);
  });

  test.each([{ dev: 9n }, { ino: 9n }, { mtimeNs: 9n }, { size: 9 }])(
    "is of no use for a file that looks otherwise: %p",
    (change) => {
      const drafts = new Drafts();
      drafts.keep(0, seen, draft("new"));
      expect(drafts.take(0, { ...seen, ...change })).toBeNull();
    },
  );

  test("is one of those that are small, as many as there is room for", () => {
    const drafts = new Drafts();
    drafts.keep(0, seen, large(mib + 1));
    expect(drafts.take(0, seen)).toBeNull();
    for (let index = 1; index <= 17; index += 1) drafts.keep(index, seen, large(mib, index));
    expect(drafts.take(17, seen)).toBeNull();
    const last = drafts.take(16, seen);
    expect([last?.content[0]?.length, last?.content[0]?.at(-1)]).toEqual([mib, 16]);
    // What was taken makes room, also when the file had changed.
    drafts.keep(18, seen, large(mib));
    expect(drafts.take(18, { ...seen, size: 1 })).toBeNull();
    drafts.keep(19, seen, large(mib));
    drafts.keep(20, seen, large(1));
    expect([drafts.take(20, seen), drafts.take(19, seen)?.bytes]).toEqual([null, mib]);
    expect(drafts.take(1, seen)?.content[0]?.[0]).toBe(1);
  });

  test("shares its memory with others up to the last byte, and overwrites none", () => {
    const drafts = new Drafts();
    const sizes = [mib - 10, 10, 5];
    for (const [index, size] of sizes.entries()) drafts.keep(index, seen, large(size, index + 1));
    const [a, b, c] = sizes.map((_, index) => drafts.take(index, seen)?.content[0]);
    expect([a?.buffer === b?.buffer, b?.buffer === c?.buffer]).toEqual([true, false]);
    for (const [index, part] of [a, b, c].entries()) {
      expect(part?.every((byte) => byte === index + 1)).toBe(true);
      expect(part?.length).toBe(sizes[index] ?? 0);
    }
  });
});
