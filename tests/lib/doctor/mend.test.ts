/** A fix that stops between two batches is finished by `--resume`. */

import { expect, test } from "bun:test";
import { readdirSync, utimesSync } from "node:fs";
import { mend, remedyOf, resumeRepair } from "../../../lib/doctor/mend.ts";
import { remediesOf, repairAll } from "../../../lib/doctor/repairing.ts";
import { findFix } from "../../../lib/doctor/select.ts";
import { makeDisk } from "../../disk/build.ts";
import { disks } from "../../disk.ts";
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

test("of several fixes, those are told that were done before one that stopped", async () => {
  using disk = disks.sessionLocks?.() ?? makeDisk();
  for (const dir of [disk.baseDir, `${disk.project("integrator").stateDir}/sessions`])
    for (const name of readdirSync(dir).filter((each) => each.endsWith(".lock")))
      utimesSync(`${dir}/${name}`, 0, 0);
  const facts = () => factsOf({ disk });
  const checks = ["locks", "session-locks"].map(findFix);
  const abort = new AbortController();
  const done: string[] = [];
  const mending = repairAll(await remediesOf(checks, facts()), {
    ...{ ...mendOptions, facts, force: false, forceCommand: "", signal: abort.signal },
    onMended({ fix }) {
      done.push(fix);
      abort.abort();
    },
  });
  expect(await mending.catch((error) => error.outcome)).toBe("cancelled");
  expect(done).toEqual(["locks"]);
});
