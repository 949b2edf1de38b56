/** Facts of test disks. */

import { chmodSync } from "node:fs";
import { join } from "node:path";
import type { Check, Report } from "../../../lib/doctor/check.ts";
import { Facts } from "../../../lib/doctor/facts.ts";
import { type CheckResult, runCheck } from "../../../lib/doctor/run.ts";
import { findCheck } from "../../../lib/doctor/select.ts";
import { resolvePlaces } from "../../../lib/paths.ts";
import { mkdirs, writeFiles } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";

/** A disk, with what a test changes about the moment in which it is looked at. */
export interface Scene {
  disk: Disk;
  /** Added to the disk's environment. */
  env?: Record<string, string>;
  now?: Date;
}

export const now = new Date("2026-06-01T12:00:00.000Z");

/** New facts of a scene. */
export function factsOf({ disk, env: more, now: at = now }: Scene): Facts {
  const env = { ...disk.env, ...more };
  const command = (script: string, ...words: string[]) => [script, ...words].join(" ");
  return new Facts({ places: resolvePlaces({ env }), env, now: at, command, programLimitMs: 5000 });
}

/** Runs one check on a scene, by its id. */
export function look(id: string, scene: Scene): Promise<CheckResult> {
  return runCheck(findCheck(id), factsOf(scene));
}

/** What a check with a fix reports, with the operations. */
export async function reportOf(check: Check, scene: Scene): Promise<Report> {
  const outcome = await check.run(factsOf(scene));
  if ("skip" in outcome) throw new Error(`${check.id} was skipped: ${outcome.skip}`);
  return outcome;
}

/** A PATH of shell scripts only: program → its body. Real programs by name, as links. */
export function stubs(disk: Disk, bodies: Record<string, string>): { PATH: string } {
  const dir = mkdirs(join(disk.root, `stubs-${crypto.randomUUID()}`));
  for (const [name, body] of Object.entries(bodies)) {
    writeFiles(dir, { [name]: `#!/bin/sh\n${body}\n` });
    chmodSync(join(dir, name), 0o755);
  }
  return { PATH: dir };
}
