/** Every script as a process of its own, on hostile inputs. */

import type { ProofSection } from "../proof.ts";
import { runProcesses } from "./grammars/processes.ts";

const atLeast = 200;

const section: ProofSection = {
  title: "Scripts as processes",
  run: ({ quick, seed }) => runProcesses(quick ? 8 : atLeast, atLeast, seed),
};

export default section;
