/** One look at a disk: scan, plan and record, as the dry run, execution and verification share it. */

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { linkFilesForMove } from "../git.ts";
import type { ListedRepositories } from "../git-links.ts";
import type { Places } from "../paths.ts";
import type { Env } from "../process.ts";
import { inventoryDigest } from "./digest.ts";
import type { StepId } from "./options.ts";
import { planStorage, type StoragePlan } from "./plan.ts";
import { type PlanRecord, recordOf } from "./record.ts";
import { scan } from "./scan.ts";

export interface AssessOptions {
  places: Places;
  env: Env;
  now: Date;
  steps: ReadonlySet<StepId>;
  answers: ReadonlyMap<string, string>;
  /** Ask tmux. */
  tmux: boolean;
  /** Walk into worktrees to measure them. */
  sizes: boolean;
  deadExports?: string[];
}

export interface Assessment {
  plan: StoragePlan;
  /** Made on demand: execution does not need it. */
  record(): PlanRecord;
}

/** Scans and plans. Reads only. */
export function assess(options: AssessOptions): Assessment {
  const { places, env, now, steps, answers, tmux, sizes, deadExports } = options;
  const inventory = scan(places, { tmux, sizes, env });
  const listed: ListedRepositories = new Map();
  const plan = planStorage(inventory, {
    now,
    steps,
    answers,
    linkFiles: (move) => linkFilesForMove(move, listed),
    ...(deadExports !== undefined && { deadExports }),
  });
  return {
    plan,
    record: () =>
      recordOf(plan, {
        generatedAt: now,
        aoVersion: installedAoVersion(env),
        inventoryDigest: () => inventoryDigest(inventory),
      }),
  };
}

/** Version of the `ao` on PATH when it is an npm package; `unknown` otherwise. Nothing is run. */
function installedAoVersion(env: Env): string {
  const found = Bun.which("ao", { PATH: env.PATH ?? "" });
  if (found === null) return "unknown";
  try {
    for (let dir = dirname(realpathSync(found)); dir !== dirname(dir); dir = dirname(dir)) {
      const file = join(dir, "package.json");
      if (!existsSync(file)) continue;
      const { name, version } = JSON.parse(readFileSync(file, "utf8"));
      return /\bao\b/.test(String(name)) ? String(version) : "unknown";
    }
  } catch {
    // A broken installation is not this command's business.
  }
  return "unknown";
}
