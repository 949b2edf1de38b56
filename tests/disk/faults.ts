/** Named disks with one thing wrong; most are a row of AO's known faults. */

import { layoutFaults } from "./faults/layout.ts";
import { liveFaults } from "./faults/live.ts";
import { metadataFaults } from "./faults/metadata.ts";
import { registryFaults } from "./faults/registry.ts";
import { worktreeFaults } from "./faults/worktrees.ts";

export const faults = {
  ...layoutFaults,
  ...worktreeFaults,
  ...metadataFaults,
  ...registryFaults,
  ...liveFaults,
};
