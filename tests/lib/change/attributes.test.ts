import { dlopen } from "bun:ffi";
import { expect, test } from "bun:test";
import * as fs from "node:fs";
import { realDisk } from "../../../lib/change/disk.ts";
import { makeWorkbench } from "../../change/workbench.ts";

const isMac = process.platform === "darwin";

/** Sets or reads one extended attribute; null where the file system has none. */
function attribute(path: string, value?: string): string | null {
  const file = Buffer.from(`${path}\0`);
  const name = Buffer.from("user.ao-test\0");
  const buffer = Buffer.alloc(100);
  const sixth = isMac ? (["u32", "i32"] as const) : (["i32"] as const);
  const { symbols } = dlopen(isMac ? "libSystem.B.dylib" : "libc.so.6", {
    setxattr: { args: ["ptr", "ptr", "ptr", "u64", ...sixth], returns: "i32" },
    getxattr: { args: ["ptr", "ptr", "ptr", "u64", ...(isMac ? sixth : [])], returns: "i32" },
  });
  const call = symbols as Record<string, (...values: unknown[]) => number>;
  const rest = isMac ? [0, 0] : [0];
  if (value !== undefined) {
    const content = Buffer.from(value);
    call.setxattr?.(file, name, content, content.length, ...rest);
  }
  const size = call.getxattr?.(file, name, buffer, buffer.length, ...(isMac ? rest : [])) ?? -1;
  return size < 0 ? null : buffer.toString("utf8", 0, size);
}

test("a patched file keeps its extended attributes, owner and mode", async () => {
  using bench = makeWorkbench();
  bench.write("a.json", '{"a": 1}', 0o4750);
  const isSupported = attribute(bench.at("a.json"), "mine") === "mine";
  const edits = [{ pointer: "/a", before: 1, after: 2 }];
  await bench.apply([{ op: "patchJson", path: bench.at("a.json"), edits }]);
  expect(bench.read("a.json")).toBe('{"a": 2}');
  expect(realDisk.lstat(bench.at("a.json"))?.mode).toBe(0o4750);
  expect(attribute(bench.at("a.json"))).toBe(isSupported ? "mine" : null);
  expect(fs.statSync(bench.at("a.json")).uid).toBe(process.getuid?.() ?? 0);
});

test("a copy has the extended attributes of the original", () => {
  using bench = makeWorkbench();
  for (const name of ["a", "b"]) bench.write(name, name);
  for (const value of ["mine", ""]) {
    const isSupported = attribute(bench.at("a"), value) === value;
    realDisk.copyAttributes(bench.at("a"), bench.at("b"));
    expect(attribute(bench.at("b"))).toBe(isSupported ? value : null);
  }
});
