/** Fixes one after the other, each on the disk that the one before left. */

import type { FixableCheck } from "./check.ts";
import type { Facts } from "./facts.ts";
import { type Mended, type MendOptions, mend, type Remedy, refuseLive, remedyOf } from "./mend.ts";

export interface RepairOptions extends MendOptions {
  /** Facts of the disk as it is at that moment. */
  facts: () => Facts;
  /** Go on although AO is live. */
  force: boolean;
  /** The command that would. */
  forceCommand: string;
  /** Called after each: should a later one stop, these are done all the same. */
  onMended?: (mended: Mended) => void;
}

/** What each fix would do now. */
export async function remediesOf(checks: readonly FixableCheck[], facts: Facts): Promise<Remedy[]> {
  const remedies: Remedy[] = [];
  for (const check of checks) remedies.push(await remedyOf(check, facts));
  return remedies;
}

/**
 * Refuses all of them when one would be refused, then applies them in order.
 *
 * @throws ToolkitError `refused` while AO is live, else as `mend`
 */
export async function repairAll(
  remedies: readonly Remedy[],
  options: RepairOptions,
): Promise<Mended[]> {
  const due = remedies.filter(({ operations }) => operations.length > 0);
  if (!options.force) for (const remedy of due) refuseLive(remedy, options.forceCommand);
  const mended: Mended[] = [];
  for (const { check } of due) {
    const facts = options.facts();
    // Asked again, since a fix before this one may have changed what there is to do.
    const remedy = await remedyOf(check, facts);
    if (remedy.operations.length === 0) continue;
    const done = await mend(remedy, facts, options, options.facts);
    mended.push(done);
    options.onMended?.(done);
  }
  return mended;
}
