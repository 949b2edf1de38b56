import { describe, expect, test } from "bun:test";
import { createBars, formatBar } from "../../lib/progress.ts";

/** A screen that keeps what was written, and a clock that stands still until it is moved. */
function setUp() {
  const written: string[] = [];
  const clock = { time: 0 };
  const screen = { write: (text: string) => written.push(text), columns: () => 60 };
  return { written, clock, bars: createBars(screen, () => clock.time) };
}

describe("a bar", () => {
  test("is not shown for work that is done soon", () => {
    const { written, clock, bars } = setUp();
    const bar = bars.start("Scanning", 10);
    for (clock.time = 0; clock.time < 150; clock.time += 10) bar.update(1);
    bar.end();
    expect(written).toEqual([]);
  });

  test("is drawn at most 16 times a second, however often it is told", () => {
    const { written, clock, bars } = setUp();
    const bar = bars.start("Scanning", 1000);
    for (clock.time = 0; clock.time <= 1150; clock.time += 1) bar.update(clock.time);
    expect(written.length).toBeGreaterThan(10);
    expect(written.length).toBeLessThanOrEqual(16);
  });

  test("leaves a clean line when it ends, and draws no more", () => {
    const { written, clock, bars } = setUp();
    {
      using bar = bars.start("Scanning", 4);
      clock.time = 200;
      bar.update(1, "project-a");
    }
    expect(written).toEqual([
      "\rScanning [#####...............]  25% 1/4 project-a\x1b[K",
      "\r\x1b[K",
    ]);
    bars.clear();
    expect(written).toHaveLength(2);
  });

  test("comes back after it was cleared for other output", () => {
    const { written, clock, bars } = setUp();
    const bar = bars.start("Copying");
    clock.time = 200;
    bar.update(1);
    bars.clear();
    clock.time = 300;
    bar.update(2000);
    expect(written).toEqual(["\rCopying 1\x1b[K", "\r\x1b[K", "\rCopying 2,000\x1b[K"]);
  });
});

test("a bar fits its line, and shares stay between 0 and 100 %", () => {
  const bar = { label: "Copying", done: 30, total: 20, detail: "", width: 79 };
  expect(formatBar(bar)).toBe("Copying [####################] 100% 30/20");
  expect(formatBar({ ...bar, done: -1 })).toContain("[....................]   0%");
  expect(formatBar({ ...bar, total: 0 })).toBe("Copying 30");
  expect(formatBar({ ...bar, detail: "日".repeat(50), width: 40 }).length).toBeLessThan(41);
});
