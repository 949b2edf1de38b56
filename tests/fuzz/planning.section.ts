/** Staged plans and lane files. */

import type { ProofSection } from "../proof.ts";
import { laneFiles, listedLanes } from "./grammars/lanes.ts";
import { planDocuments, stagedPlans } from "./grammars/planning.ts";
import { hunt } from "./hunt.ts";

const section: ProofSection = {
  title: "Staged plans and lane files",
  async run(options) {
    return [
      await hunt(planDocuments, { full: 10_000, quick: 800 }, options),
      await hunt(stagedPlans, { full: 6000, quick: 400 }, options),
      await hunt(laneFiles, { full: 8000, quick: 400 }, options),
      await hunt(listedLanes, { full: 3000, quick: 200 }, options),
    ];
  },
};

export default section;
