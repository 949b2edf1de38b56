/** A fix that stops between two batches is finished by `--resume`. */

import { expect, test } from "bun:test";
import { mend, remedyOf, resumeRepair } from "../../../lib/doctor/mend.ts";
import { findFix } from "../../../lib/doctor/select.ts";
import { makeDisk } from "../../disk/build.ts";
import { factsOf } from "./facts.ts";
import { mendOptions } from "./scenes.ts";

test("a fix that stopped between any two batches goes on", async () => {
  let stops = 0;
  for (let stop = 1; stop < 20; stop += 1) {
    using disk = makeDisk({
      projects: [
        { name: "integrator", layout: "v1" },
        { name: "safe_split", layout: "v1-bare-hash", worktrees: "v1" },
      ],
    });
    const abort = new AbortController();
    let batches = 0;
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase === "apply") batches += 1;
      if (batches > stop) abort.abort();
    };
    const check = findFix("hash-dirs");
    const facts = factsOf({ disk });
    const options = { ...mendOptions, onProgress, signal: abort.signal };
    const again = () => factsOf({ disk });
    const error = await mend(await remedyOf(check, facts), facts, options, again).then(
      () => null,
      (thrown) => thrown,
    );
    if (error === null) break;
    expect(error.outcome).toBe("interrupted");
    stops += 1;
    const resumed = await resumeRepair(factsOf({ disk }), mendOptions);
    expect(resumed.warnings).toEqual([]);
    expect((await remedyOf(check, factsOf({ disk }))).operations).toEqual([]);
  }
  expect(stops).toBeGreaterThan(1);
}, 20_000);
