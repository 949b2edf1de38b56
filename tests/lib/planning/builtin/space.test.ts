import { describe, expect, test } from "bun:test";
import type { Operation } from "../../../../lib/change/operation.ts";
import type { BuiltinPlan } from "../../../../lib/planning/builtin/source.ts";
import { type DiskLook, measure, obstacles } from "../../../../lib/planning/builtin/space.ts";
import {
  choiceText,
  copyThenSwitchText,
  inPlaceText,
} from "../../../../lib/planning/builtin/texts.ts";

const state = { place: "/state", bytes: 1_000_000 };

/** Two devices, `/state` and `/far`; every path has as many bytes as it says at its end. */
const look = (change: Partial<DiskLook> = {}): DiskLook => ({
  bytes: (path) => Number(/(\d+)$/.exec(path)?.[1] ?? 0),
  device: (path) => (path.startsWith("/far") ? 2 : 1),
  free: (path) => (path === "/far" ? 5000 : 2_000_000),
  exists: (path) => path === "/state" || path === "/far",
  writable: () => true,
  ...change,
});

const move = (from: string, to: string): Operation => ({ op: "move", from, to });
const patch = (path: string): Operation => ({ op: "patchJson", path, edits: [] });

/** Bytes that operations write, apart from the lines that record them. */
function needs(operations: Operation[], change: Partial<DiskLook> = {}): Record<string, number> {
  const lines = operations.reduce((sum, each) => sum + 300 + 2 * JSON.stringify(each).length, 0);
  const { devices } = measure(operations, state, look(change));
  return Object.fromEntries(
    devices.map(({ place, inPlace }, index) => [place, inPlace - (index === 0 ? lines : 0)]),
  );
}

describe("measure", () => {
  test("moves within a device need nothing, moves to another one all they move", () => {
    expect(needs([move("/state/a-9000", "/state/b")])).toEqual({ "/state": 0 });
    expect(needs([move("/far/a-9000", "/state/b")])).toEqual({ "/state": 12_288 });
    expect(needs([move("/state/a-9000", "/far/b")])).toEqual({ "/state": 0, "/far": 12_288 });
    expect(needs([{ op: "trash", path: "/far/a-9000" }])).toEqual({ "/state": 0, "/far": 0 });
  });

  test("a file that is edited or made takes whole blocks, wherever it came from", () => {
    expect(needs([patch("/state/a-1")])).toEqual({ "/state": 4096 });
    expect(needs([patch("/state/a-4097")])).toEqual({ "/state": 8192 });
    const create: Operation = { op: "create", path: "/state/x", content: "y".repeat(5000) };
    expect(needs([create, { op: "makeDir", path: "/state/d" }])).toEqual({ "/state": 12_288 });
    const moved = [move("/state/old", "/state/mid"), move("/state/mid", "/state/new")];
    const paths: string[] = [];
    const bytes = (path: string) => {
      paths.push(path);
      return 1;
    };
    expect(needs([...moved, patch("/state/new/s")], { bytes })).toEqual({ "/state": 4096 });
    expect(paths).toEqual(["/state/old/s"]);
  });

  test("a copy needs what in-place needs on every device, and the copy besides", () => {
    const operations = [move("/state/a-9000", "/far/b"), patch("/state/c-1")];
    const { devices } = measure(operations, state, look());
    expect(devices.map(({ inPlace, copy }) => copy - inPlace)).toEqual([state.bytes, 0]);
  });

  test("no operations need nothing; a renamed tmux session is on no device", () => {
    expect(needs([])).toEqual({ "/state": 0 });
    expect(needs([{ op: "renameTmux", from: "a", to: "b" }])).toEqual({ "/state": 0 });
  });
});

describe("obstacles", () => {
  const over = [move("/state/a-9000", "/far/b")];

  test("what does not fit, what may not be written to; nobody knowing is no obstacle", () => {
    expect(obstacles(measure(over, state, look()))).toEqual([
      "12.0 KB are needed at /far, 4.9 KB are free",
    ]);
    expect(obstacles(measure(over, state, look({ free: () => null })))).toEqual([]);
    const closed = measure([], state, look({ writable: () => false }));
    expect(obstacles(closed)).toEqual(["/state cannot be written to"]);
  });
});

describe("the comparison", () => {
  const planOf = (operations: Operation[], change: Partial<DiskLook>, live: string[] = []) => {
    const measured = () => measure(operations, state, look(change));
    return { phases: [], live, measure: measured } as unknown as BuiltinPlan;
  };

  test("says what each needs on which device, and what is free there", () => {
    const plan = planOf([move("/state/a-9000", "/far/b")], {});
    expect(inPlaceText(plan)).toContain(
      "Moves between devices copy, compare, and only then remove",
    );
    expect(inPlaceText(plan)).toMatch(/^- Space: about \d+ B at \/state; 1\.9 MB free\.$/m);
    expect(inPlaceText(plan)).toMatch(/^- Space: about 12\.0 KB at \/far; 4\.9 KB free\.$/m);
    expect(copyThenSwitchText(plan)).toMatch(
      /^- Space: about 977\.0 KB at \/state; 1\.9 MB free\.$/m,
    );
    expect(copyThenSwitchText(planOf([], { free: () => null, writable: () => false }))).toContain(
      "at /state, which cannot be written to; how much is free is unknown.",
    );
  });

  test("picks in-place, for reasons that hold on this disk only where they do", () => {
    const quiet = choiceText(planOf([], {}));
    expect(quiet).toStartWith("Picked: in-place.");
    expect(quiet).not.toMatch(/no space|at work:|devices|Neither/);
    const busy = choiceText(
      planOf([move("/state/a-900", "/far/b")], { free: () => 500_000 }, ["AO", "int-1"]),
    );
    expect(busy).toContain("- a copy has no space at /state");
    expect(busy).toContain("- 2 things are at work: a copy would miss what is written meanwhile");
    expect(busy).toContain("- it writes to 2 devices, and no switch of two is atomic");
    expect(busy).not.toContain("Neither");
    const full = choiceText(planOf([patch("/state/a-9000")], { free: () => 100 }));
    expect(full).toContain("Neither way can be gone now; a person has to make room first");
    expect(full).toContain("KB are needed at /state, 100 B are free");
  });
});
