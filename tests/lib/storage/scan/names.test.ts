import { afterAll, beforeAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { isUnsafeName, whyUnsafe } from "../../../../lib/storage/scan/names.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("names");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("control characters, line separators and what is not UTF-8 are unsafe, other letters not", () => {
  const unsafe = [0x00, 0x1f, 0x7f, 0x9f, 0x2028, 0x2029, 0xfffd];
  const fine = [0x20, 0x7e, 0xa0, 0xe9, 0x2027, 0x202a, 0x65e5];
  const isUnsafe = (code: number) => isUnsafeName(`int${String.fromCodePoint(code)}1`);
  expect([...unsafe, ...fine].filter(isUnsafe)).toEqual(unsafe);
});

test("two names that decode alike are one fault, which shows the bytes of both", () => {
  for (const last of [0xe9, 0xe8]) {
    const name = Buffer.from([0x61, 0x20, 0x7e, 0x7f, 0x01, last]);
    writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), name]), "");
  }
  writeFileSync(`${dir}/other\x01`, "");
  const reader = new Reader();
  expect(reader.list(dir)?.unsafe).toHaveLength(3);
  const details = reader.faults.map(({ detail }) => detail);
  expect(details).toEqual([
    "the name is not UTF-8: a ~\\x7f\\x01\\xe8, a ~\\x7f\\x01\\xe9",
    "the name has control characters in it",
  ]);
});

test("of a directory that is gone by then the name is shown as it was listed", () => {
  expect(whyUnsafe(`${dir}/gone`, "caf\ufffd")).toEndWith(": caf\ufffd");
});
