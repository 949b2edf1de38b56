/** Migrations whose files were edited. */

import type { ProofSection } from "../proof.ts";
import { migrationFiles } from "./grammars/migrations.ts";
import { hunt } from "./hunt.ts";

const section: ProofSection = {
  title: "Plan, manifest and journal of migrations",
  async run(options) {
    return [await hunt(migrationFiles, { full: 8000, quick: 300 }, options)];
  },
};

export default section;
