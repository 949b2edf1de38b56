import { describe, expect, test } from "bun:test";
import type { Check, Outcome } from "../../../lib/doctor/check.ts";
import { runChecks } from "../../../lib/doctor/run.ts";
import { makeDisk } from "../../disk/build.ts";
import { factsOf } from "./facts.ts";

function check(id: string, run: Check["run"], more: Partial<Check> = {}): Check {
  const explain = { what: "", why: "", found: "", mended: "", source: "" };
  return { id, section: "tools", title: id, cost: "scan", explain, run, ...more };
}

async function results(checks: Check[], env: Record<string, string> = {}) {
  using disk = makeDisk({});
  return await runChecks(checks, factsOf({ disk, env }));
}

const well = (): Outcome => ({ summary: "well", findings: [] });

describe("the runner", () => {
  test("gives the results in the order of the checks, whoever ends first", async () => {
    const slow = check("slow", () => Bun.sleep(50).then(well), { cost: "program" });
    const found = await results([slow, check("fast", well)]);
    expect(found.map(({ check: { id } }) => id)).toEqual(["slow", "fast"]);
  });

  test("runs the checks side by side", async () => {
    const slow = (id: string) => check(id, () => Bun.sleep(150).then(well));
    const start = performance.now();
    await results([slow("a"), slow("b"), slow("c"), slow("d")]);
    expect(performance.now() - start).toBeLessThan(500);
  });

  test("turns what a check throws into a crash that stops nobody", async () => {
    const bad = check("bad", () => {
      throw new TypeError("undefined is not a function");
    });
    const worse = check("worse", () => Promise.reject(new Error("later")));
    const found = await results([bad, worse, check("good", well)]);
    expect(found.map(({ status, summary }) => [status, summary])).toEqual([
      ["crash", "undefined is not a function"],
      ["crash", "later"],
      ["pass", "well"],
    ]);
  });

  test("does not wait for a check that never ends", async () => {
    const never = check("never", () => new Promise<Outcome>(() => {}), { limitMs: 100 });
    const [found] = await results([never]);
    expect(found).toMatchObject({ status: "crash", summary: "no result in 0.1 s" });
  });

  test("counts an answer that came while somebody else computed for long", async () => {
    const answer = check("answer", () => Bun.sleep(20).then(well), {
      limitMs: 100,
      cost: "program",
    });
    const busy = check("busy", () => {
      Bun.sleepSync(250);
      return well();
    });
    const found = await results([answer, busy]);
    expect(found.map(({ status }) => status)).toEqual(["pass", "pass"]);
  });

  test("takes the worst finding for the status and counts them", async () => {
    const mixed = check("mixed", () => ({
      summary: "unused",
      findings: [
        { level: "info", message: "a" },
        { level: "fail", message: "b" },
        { level: "warn", message: "c" },
      ],
    }));
    const [found] = await results([mixed]);
    expect(found).toMatchObject({ status: "fail", summary: "3 findings" });
  });

  test("masks secrets in whatever a check says, crashes too", async () => {
    const secret = "s3cr3t-value-of-mine";
    const says = check("says", () => ({
      summary: secret,
      findings: [
        { level: "warn", message: `the ${secret}`, ref: `/${secret}`, remedy: `use ${secret}` },
      ],
    }));
    const throws = check("throws", () => {
      throw new Error(`cannot use ${secret}`);
    });
    const skips = check("skips", () => ({ skip: `without ${secret}` }));
    const found = await results([says, throws, skips], { LINEAR_API_KEY: secret });
    const told = JSON.stringify(found.map(({ summary, findings }) => ({ summary, findings })));
    expect(told).not.toContain(secret);
    expect(told).toContain("cannot use •••");
  });
});
