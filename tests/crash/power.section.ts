/** Power loss: see `power-cut.ts` for what must hold, `power-profiles.ts` for what a cut leaves. */

import fc from "fast-check";
import type { ProofSection, Row } from "../proof.ts";
import { faultsOf, powerCases } from "./power-cases.ts";
import type { ProfileName } from "./power-profiles.ts";
import { failuresOf } from "./power-property.ts";
import { realCuts } from "./power-v3.ts";

/** Cases are of up to this many cuts: making a plan costs as much as a cut. */
const cutsInCase = 4;

const names: Record<ProfileName, string> = {
  ext4: "power cuts on ext4",
  APFS: "power cuts on APFS",
  any: "power cuts where any part may survive",
};

export default {
  title: "Power loss: cut during execute or rollback, and again while recovering",
  async run({ quick, seed }) {
    const rows: Row[] = [];
    for (const profile of ["ext4", "APFS", "any"] as const) {
      rows.push(await randomCuts(profile, quick ? 360 : 3600, seed));
    }
    rows.push(await realCuts(quick ? 15 : 600, seed));
    return rows;
  },
} satisfies ProofSection;

/** Random plans on random worlds; a failing one is shrunk. */
async function randomCuts(profile: ProfileName, cuts: number, seed: number): Promise<Row> {
  let count = 0;
  const failures: string[] = [];
  const property = fc.asyncProperty(powerCases(profile, cutsInCase), async (given) => {
    count += given.cuts.length;
    const wrong = await faultsOf(given);
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
  });
  // Cases have as many cuts as chance gives them.
  for (let round = seed; count < cuts && failures.length === 0; round += 1) {
    const numRuns = Math.ceil((cuts - count) / cutsInCase);
    failures.push(...(await failuresOf(property, { seed: round, numRuns })));
  }
  const note = "each resumed and rolled back, and cut a second time on the way";
  return { name: names[profile], count, atLeast: cuts, unit: "cuts", failures, note };
}
