/** The disk as it will be after operations that were not done yet. */

import { describe, expect, test } from "bun:test";
import { isCaseless, Overlay } from "../../../lib/change/overlay.ts";
import { SimulatedDisk } from "../../simulated-disk.ts";

function makeOverlay(caseless = false): Overlay {
  const disk = new SimulatedDisk({ caseless });
  for (const dir of ["/a", "/a/Sub"]) disk.makeDir(dir);
  for (const file of ["/a/file", "/a/Sub/x"]) disk.writeNew(file, [], { mode: 0o644 });
  return new Overlay(disk, caseless);
}

const file = { kind: "file", content: { bytes: new Uint8Array() }, stat: null } as const;

describe("a path that no operation touched", () => {
  test("is what the disk has there", () => {
    const overlay = makeOverlay();
    expect(overlay.at("/a/file")).toMatchObject({ kind: "real", real: "/a/file" });
    expect(overlay.at("/a/none").kind).toBe("absent");
    expect(overlay.at("/").kind).toBe("real");
    expect([overlay.realPathOf("/"), overlay.realPathOf("/a/none/x")]).toEqual(["/", "/a/none/x"]);
  });
});

describe("a path that was set", () => {
  test("is that, and nothing is below it but what is set there later", () => {
    const overlay = makeOverlay();
    overlay.set("/a", { kind: "dir" });
    expect([overlay.at("/a").kind, overlay.at("/a/file").kind]).toEqual(["dir", "absent"]);
    expect(overlay.realPathOf("/a/file")).toBeNull();
    overlay.set("/a/file", file);
    expect(overlay.at("/a/file")).toBe(file);
    overlay.set("/a", { kind: "absent" });
    expect(overlay.at("/a/file").kind).toBe("absent");
  });

  test("of which nothing can be said says nothing of what is below it", () => {
    const overlay = makeOverlay();
    overlay.set("/a", { kind: "unknown" });
    expect([overlay.at("/a/file").kind, overlay.at("/a/Sub/x").kind]).toEqual([
      "unknown",
      "unknown",
    ]);
  });
});

describe("a path that was moved", () => {
  test("takes everything below it along, and leaves nothing", () => {
    const overlay = makeOverlay();
    overlay.set("/a/Sub/new", file);
    overlay.move("/a", "/b/c");
    expect(overlay.at("/b/c/file")).toMatchObject({ kind: "real", real: "/a/file" });
    expect(overlay.at("/b/c/Sub/new")).toBe(file);
    expect(overlay.at("/b/c/none").kind).toBe("absent");
    expect([overlay.at("/a").kind, overlay.at("/a/file").kind]).toEqual(["absent", "absent"]);
    overlay.move("/b/c/Sub/new", "/a");
    expect(overlay.at("/a")).toBe(file);
    expect(overlay.at("/b/c/Sub/new").kind).toBe("absent");
    expect(overlay.realPathOf("/b/c/Sub")).toBe("/a/Sub");
  });
});

describe("names that differ in case alone", () => {
  test("are one where the disk takes them for one", () => {
    for (const caseless of [true, false]) {
      const overlay = makeOverlay(caseless);
      overlay.set("/A/FILE", { kind: "absent" });
      overlay.move("/a/sub", "/b");
      expect(overlay.at("/a/file").kind).toBe(caseless ? "absent" : "real");
      expect(overlay.at("/b/x").kind).toBe(caseless ? "real" : "absent");
    }
  });

  test("tell whether it does, as far as a name has letters", () => {
    const made = (caseless: boolean, ...dirs: string[]) => {
      const disk = new SimulatedDisk({ caseless });
      for (const dir of dirs) disk.makeDir(dir);
      return disk;
    };
    for (const name of ["/lower", "/UPPER", "/Mixed"]) {
      expect(isCaseless(made(true, name), name)).toBe(true);
      expect(isCaseless(made(false, name), name)).toBe(false);
    }
    expect(isCaseless(made(false, "/a", "/A"), "/a")).toBe(false);
    expect(isCaseless(made(true, "/123"), "/123")).toBe(false);
    expect(isCaseless(made(true), "/none")).toBe(false);
  });
});
