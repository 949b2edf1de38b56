/** Session metadata and the patching of texts, reader by reader. */

import type { ProofSection } from "../proof.ts";
import { keyValue, sessionMetadata } from "./grammars/metadata.ts";
import { patchJson, patchYaml } from "./grammars/patches.ts";
import { hunt } from "./hunt.ts";

const section: ProofSection = {
  title: "Metadata and patches",
  async run(options) {
    return [
      await hunt(keyValue, { full: 25_000, quick: 1500 }, options),
      await hunt(sessionMetadata, { full: 25_000, quick: 1500 }, options),
      await hunt(patchJson, { full: 15_000, quick: 1000 }, options),
      await hunt(patchYaml, { full: 12_000, quick: 500 }, options),
    ];
  },
};

export default section;
