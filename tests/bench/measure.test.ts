import { describe, expect, test } from "bun:test";
import {
  type Figure,
  fails,
  figure,
  median,
  megabytes,
  noiseOf,
  ratiosOf,
  run,
  takeTurns,
  verdictOf,
} from "./measure.ts";

const bun = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];
const ratios = (samples: number[]): Figure => figure("a / b", samples, 2, "×");

describe("a figure", () => {
  test("is the middle of its samples, whatever their order and however wild one is", () => {
    expect(median([9, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(ratios([1, 900, 1.2]).value).toBe(1.2);
  });

  test("is as noisy as its samples are far from their middle, one wild sample not counting", () => {
    expect(noiseOf([1, 2, 3, 4, 5])).toBe(1);
    expect(noiseOf([1, 2, 3, 4, 500])).toBe(1);
    expect(noiseOf([7, 7, 7])).toBe(0);
    expect(noiseOf([7])).toBe(0);
  });
});

describe("a bound", () => {
  test("is kept at the bound, and below it however noisy the runs were", () => {
    expect(verdictOf(ratios([2, 2, 2]))).toBe("ok");
    expect(verdictOf(ratios([0.1, 1.9, 40]))).toBe("ok");
  });

  test("is missed when runs that agree are above it", () => {
    expect(verdictOf(ratios([2.1, 2.1, 2.1]))).toBe("MISSED");
    expect(verdictOf(ratios([2.2, 2.3, 2.4]))).toBe("MISSED");
  });

  test("is missed by a single run above it: one run shows no noise to excuse it", () => {
    expect(verdictOf(ratios([2.01]))).toBe("MISSED");
  });

  test("is not missed by less than the runs differ, and the table says so", () => {
    expect(verdictOf(ratios([1.9, 2.1, 2.3]))).toBe("within noise");
  });

  test("is missed by far more than it may be, even when the runs are all over the place", () => {
    expect(verdictOf(ratios([1, 3, 5]))).toBe("MISSED");
  });

  test("is missed by what could not be measured", () => {
    expect(verdictOf(ratios([]))).toBe("MISSED");
    expect(verdictOf(ratios([Number.NaN, 1, 1]))).toBe("MISSED");
  });

  test("that needs a disk of full size is not judged in a quick run", () => {
    const slow = figure("a / b", [9, 9, 9], 2, "×", { fullSize: true });
    expect(fails(slow, { quick: true })).toBe(false);
    expect(fails(slow, { quick: false })).toBe(true);
    expect(fails(ratios([9, 9, 9]), { quick: true })).toBe(true);
  });
});

describe("a run", () => {
  test("is compared with its neighbour, pair by pair", () => {
    expect(ratiosOf([2, 9], [1, 3])).toEqual([2, 3]);
    expect(ratiosOf([1, 1], [1])[1]).toBeNaN();
  });

  test("takes turns with the others, after one of each that does not count", async () => {
    const program = (seconds: string) => ({ cmd: ["sleep", seconds] });
    const [short = [], long = []] = await takeTurns([program("0"), program("0.03")], 2);
    expect([short.length, long.length]).toEqual([2, 2]);
    expect(Math.min(...long.map(({ milliseconds }) => milliseconds))).toBeGreaterThan(29);
  });

  test("has its own peak of memory, not that of the process which measures", async () => {
    const filled = Buffer.alloc(300 * 2 ** 20, 1);
    const [small = 0] = megabytes([await run({ cmd: ["true"] })]);
    const keep = "const kept = Buffer.alloc(200 * 2 ** 20, 1); await Bun.sleep(kept.length % 2);";
    const [large = 0] = megabytes([await run({ cmd: [...bun, "-e", keep] })]);
    expect(filled).toHaveLength(300 * 2 ** 20);
    expect(small).toBeLessThan(100);
    expect(large).toBeWithin(200, 300);
  });

  test("that fails is an error with what the program said, never a fast run", async () => {
    const program = { cmd: ["sh", "-c", "echo no such disk >&2; exit 3"] };
    await expect(run(program)).rejects.toThrow(/ended with 3:\nno such disk/);
    expect((await run({ ...program, codes: [0, 3] })).milliseconds).toBeGreaterThan(0);
    await expect(run({ cmd: ["/no/such/program"] })).rejects.toThrow("ended with a crash");
  });
});
