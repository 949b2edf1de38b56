/**
 * Checks what one step says of others: unique ids, known and earlier `needs`, known `${names}`.
 */

import type { Place } from "../errors.ts";
import type { Runbook, Step } from "./schema.ts";
import { referencesOf } from "./values.ts";

/** One thing wrong in a lane file. */
export interface Mistake {
  place: Place;
  message: string;
}

/** Names every world has from the start; see `world.ts` for their values. */
export const builtInNames: ReadonlySet<string> = new Set([
  "root",
  "home",
  "data",
  "run_file",
  "log",
  "port",
  "url",
  "gh_dir",
  "lp_dir",
  "repo_slug",
  "origin_url",
  "empty_dir",
  "ao",
  "daemon_pid",
  "walk",
  "long_text",
  "name_flags",
  "agent_flags",
]);

/** Adds a mistake for every id used twice, need that does not come earlier, and unknown name. */
export function checkReferences(runbook: Runbook, mistakes: Mistake[]): void {
  const seen = new Map<string, Step>();
  for (const step of runbook.lanes.flatMap((lane) => lane.steps)) {
    const report = (message: string) => mistakes.push({ place: step.source, message });
    const twin = seen.get(step.id);
    if (twin) report(`step ${step.id} is already in ${twin.source.file}:${twin.source.line}`);
    for (const need of step.needs) {
      if (!seen.has(need)) report(`step ${step.id} needs ${need}, which no earlier step is`);
    }
    seen.set(step.id, step);
    const known = new Set([...builtInNames, ...capturedBefore(step, seen)]);
    for (const action of [...step.do, ...step.cleanup]) {
      for (const name of referencesOf(action)) {
        if (!known.has(name)) {
          report(`step ${step.id} uses \${${name}}, which neither it nor its needs capture`);
        }
      }
      for (const name of Object.keys(action.capture ?? {})) known.add(name);
    }
  }
}

function capturedBefore(step: Step, steps: ReadonlyMap<string, Step>): string[] {
  return closureOf([step.id], steps)
    .filter((id) => id !== step.id)
    .flatMap((id) => steps.get(id)?.do ?? [])
    .flatMap((action) => Object.keys(action.capture ?? {}));
}

/** The steps and all that they need, directly or not, in runbook order. */
export function closureOf(ids: Iterable<string>, steps: ReadonlyMap<string, Step>): string[] {
  const wanted = new Set<string>();
  const visit = (id: string): void => {
    const step = steps.get(id);
    if (step === undefined || wanted.has(id)) return;
    wanted.add(id);
    step.needs.forEach(visit);
  };
  for (const id of ids) visit(id);
  return [...steps.keys()].filter((id) => wanted.has(id));
}
