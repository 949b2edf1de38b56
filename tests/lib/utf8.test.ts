import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeUtf8 } from "../../lib/utf8.ts";

test("text comes back whole, a byte order mark included", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const bytes = new TextEncoder().encode(`\ufeff${text}`);
      expect(decodeUtf8(bytes)).toEqual({ text: `\ufeff${text}` });
    }),
    { numRuns: 1000 },
  );
});

test("bytes that are no text are placed by line, column and byte", () => {
  const bytes = new Uint8Array([0xc3, 0xbc, 0x0a, 0x61, 0xf0, 0x9f, 0x61]);
  expect(decodeUtf8(bytes)).toEqual({
    fault: { line: 2, column: 2, detail: "not UTF-8 at byte 5" },
  });
});
