import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { sha256, shortHash } from "../../lib/hash.ts";

test("the digest of a known text is the published one", () => {
  expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(shortHash("abc", 12)).toBe("ba7816bf8f01");
});

test("text is hashed as UTF-8, bytes as they are", () => {
  expect(sha256("ü")).toBe(sha256(new Uint8Array([0xc3, 0xbc])));
});

test("digests agree with node:crypto", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array()), (data) => {
      expect(sha256(data)).toBe(createHash("sha256").update(data).digest("hex"));
    }),
    { numRuns: 1000 },
  );
});
