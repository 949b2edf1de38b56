/** Migrations that are killed, lose power, or meet an error of the disk: bounded shares of each. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { choices, endings } from "../../change/arbitraries.ts";
import {
  countCalls,
  type Ending,
  runIntoCrash,
  runIntoError,
  runWell,
  runWithEdits,
  type Setting,
} from "../../change/sweep.ts";

/** One plan with every kind of operation, some of them on the same files. */
const richPlan: Setting = {
  choices: [
    [0, 0, 0],
    [3, 0, 1],
    [2, 3, 0],
    [4, 0, 1],
    [6, 1, 2],
    [7, 0, 0],
    [1, 2, 2],
    [5, 0, 9],
    [3, 1, 1],
    [4, 0, 2],
  ],
};

async function check(setting: fc.Arbitrary<Setting>, numRuns: number): Promise<void> {
  const property = fc.asyncProperty(setting, async (given) => {
    expect(await runWell(given)).toEqual([]);
  });
  await fc.assert(property, { numRuns });
}

const plain = choices.map((chosen): Setting => ({ choices: chosen }));
const caseless = plain.map((each): Setting => ({ ...each, disk: { caseless: true } }));
const plainest = plain.map((each): Setting => ({ ...each, disk: { noExchange: true } }));
const mounted = fc
  .tuple(plain, fc.constantFrom("a", "b", "empty"), fc.constantFrom("device", "bind"))
  .map(
    ([each, name, kind]): Setting => ({
      ...each,
      mount: { name, kind: kind as "device" | "bind" },
    }),
  );

test("any plan is applied as it says, and taken back to the same tree", async () => {
  await check(plain, 120);
});

test("also where names that differ in case are the same", async () => {
  await check(caseless, 40);
});

test("also where files cannot be exchanged", async () => {
  await check(plainest, 60);
});

test("also across devices and mounts", async () => {
  await check(mounted, 120);
});

async function survives(
  setting: fc.Arbitrary<Setting>,
  ending: fc.Arbitrary<Ending>,
  numRuns: number,
): Promise<void> {
  const property = fc.asyncProperty(setting, ending, async (given, end) => {
    const isError = !["crash", "tear", "power"].includes(end.kind);
    expect(await (isError ? runIntoError(given, end) : runIntoCrash(given, end))).toEqual([]);
  });
  await fc.assert(property, { numRuns });
}

/** Ends at every single call of applying and taking back, by turns in each way, and goes on. */
async function sweep(setting: Setting, kinds: readonly Ending["kind"][]): Promise<void> {
  const calls = await countCalls(setting);
  for (let call = 0; call < calls; call += 1) {
    for (const [turn, next] of (["resume", "undo"] as const).entries()) {
      const kind = kinds[(call + turn) % kinds.length] ?? "crash";
      const wrong = await runIntoCrash(setting, { at: call / calls, kind, next, seed: call });
      expect({ call, kind, next, wrong }).toEqual({ call, kind, next, wrong: [] });
    }
  }
}

test("a kill at every single call is survived", async () => {
  await sweep(richPlan, ["crash"]);
}, 30_000);

test("a kill or power cut at every call of a move across devices is survived", async () => {
  // A directory into the mount, a file of it patched there, and a file out of it.
  const moves: Setting["choices"] = [
    [2, 4, 0],
    [3, 1, 1],
    [2, 3, 7],
  ];
  for (const kind of ["device", "bind"] as const) {
    const setting: Setting = { choices: moves, mount: { name: "b", kind } };
    await sweep(setting, ["crash", "power", "power"]);
  }
}, 30_000);

test("a power cut at every call is survived where files cannot be exchanged", async () => {
  await sweep({ choices: [[3, 0, 0]], disk: { noExchange: true } }, ["power"]);
}, 30_000);

test("a kill at any moment of any plan is survived", async () => {
  await survives(plain, endings("crash", "tear"), 120);
}, 30_000);

test("a kill is survived across devices and without exchange", async () => {
  await survives(mounted, endings("crash", "tear"), 120);
  await survives(plainest, endings("crash", "tear"), 60);
}, 30_000);

test("a power cut at any moment is survived", async () => {
  await survives(plain, endings("power"), 200);
}, 30_000);

test("a power cut is survived across devices and without exchange", async () => {
  await survives(mounted, endings("power"), 120);
  await survives(plainest, endings("power"), 60);
}, 30_000);

test("an error of the disk at any call is told, and both ways are open", async () => {
  await survives(plain, endings("ENOSPC", "EIO", "EACCES", "EMFILE", "EXDEV"), 200);
}, 30_000);

test("what a user did after a migration survives taking it back, killed or not", async () => {
  const edits = fc.array(fc.tuple(fc.nat(5), fc.nat(60)), { maxLength: 8 });
  const property = fc.asyncProperty(
    plain,
    edits,
    endings("crash", "tear"),
    async (given, edited, end) => {
      expect(await runWithEdits(given, edited, end)).toEqual([]);
    },
  );
  await fc.assert(property, { numRuns: 150 });
}, 30_000);
