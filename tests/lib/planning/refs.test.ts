import { expect, test } from "bun:test";
import { mayBeInside, refSyntaxFault } from "../../../lib/planning/refs.ts";

test("a path may be inside a directory when a file system could have it there", () => {
  const paths = ["plan.md", "a/b.md", "..a", `${"x".repeat(255)}/b`];
  expect(paths.map(mayBeInside)).toEqual(paths.map(() => true));
  const impossible = [
    "",
    ".",
    "/etc/passwd",
    "..",
    "a/../../b",
    "a\0b",
    "x".repeat(256),
    "é".repeat(128),
  ];
  expect(impossible.map(mayBeInside)).toEqual(impossible.map(() => false));
  expect(mayBeInside("a/".repeat(600))).toBe(false);
});

test("a ref that no file system could have names no file", () => {
  expect(refSyntaxFault(`migrations/shed/${"x".repeat(256)}`)).toContain("too long");
  expect(refSyntaxFault("migrations/shed/plan.md")).toBeNull();
});
