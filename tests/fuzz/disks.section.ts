/** Whole disks, through every script that reads AO's state. */

import type { ProofSection } from "../proof.ts";
import { lookedAt, migrated } from "./grammars/disks.ts";
import { hunt } from "./hunt.ts";

const section: ProofSection = {
  title: "AO disks, in whole",
  async run(options) {
    return [
      await hunt(lookedAt, { full: 25_000, quick: 1000 }, options),
      await hunt(migrated, { full: 10_000, quick: 500 }, options),
    ];
  },
};

export default section;
