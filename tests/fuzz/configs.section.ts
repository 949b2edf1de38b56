/** Configs, saved plans and task sessions. */

import type { ProofSection } from "../proof.ts";
import { executedPlan, planFile, registry } from "./grammars/configs.ts";
import { taskSession, taskSessions } from "./grammars/tasks.ts";
import { hunt } from "./hunt.ts";

const section: ProofSection = {
  title: "Configs, saved plans, task sessions",
  async run(options) {
    return [
      await hunt(registry, { full: 20_000, quick: 1000 }, options),
      await hunt(planFile, { full: 15_000, quick: 1000 }, options),
      await hunt(executedPlan, { full: 2000, quick: 100 }, options),
      await hunt(taskSession, { full: 15_000, quick: 1000 }, options),
      await hunt(taskSessions, { full: 10_000, quick: 600 }, options),
    ];
  },
};

export default section;
