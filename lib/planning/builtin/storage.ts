/** The V3 storage migration as a target of the built-in planner. */

import type { Places } from "../../paths.ts";
import type { Env } from "../../process.ts";
import { assess } from "../../storage/assess.ts";
import { liveReasons } from "../../storage/live.ts";
import { selectSteps } from "../../storage/options.ts";
import { operationsOf } from "../../storage/plan.ts";
import { rootsOf } from "../../storage/roots.ts";
import { plural } from "../../text.ts";
import type { BuiltinPlan, BuiltinSource } from "./source.ts";
import { type DiskLook, measure } from "./space.ts";

export interface StorageOptions {
  places: Places;
  env: Env;
  /** Ask tmux. */
  tmux: boolean;
  /** How space is measured. @default the disk itself */
  look?: DiskLook;
}

/** Plans as the storage migration does, one phase a step. */
export function storageSource({ places, env, tmux, look }: StorageOptions): BuiltinSource {
  return {
    target: "storage",
    async plan({ now, answers }): Promise<BuiltinPlan> {
      const steps = selectSteps([], []);
      const found = assess({ places, env, now, steps, answers, tmux, sizes: false });
      const { plan } = found;
      const unknown = plan.unusedAnswers.map((key) => `The plan does not ask "${key}".`);
      return {
        get id() {
          return plan.id;
        },
        title: `AO's state at ${places.baseDir} in the V3 layout (${plural(plan.steps.length, "step")})`,
        script: "migrate",
        phases: plan.steps.map(({ id, title, description, details, operations }) => {
          return { name: id, title, description, details, operations };
        }),
        decisions: plan.decisions,
        warnings: [...plan.warnings, ...unknown],
        blockers: plan.blockers,
        live: liveReasons(plan.inventory),
        roots: rootsOf(plan.inventory),
        measure: (operations = operationsOf(plan)) =>
          measure(
            operations,
            { place: places.baseDir, bytes: found.record().inventory.totals.bytes },
            look,
          ),
      };
    },
  };
}
