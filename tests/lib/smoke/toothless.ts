/** Finds expectations that cannot fail, by trying each on changed versions of what was seen. */
import type { Engine } from "../../../lib/smoke/engine.ts";
import { checkAll } from "../../../lib/smoke/matchers.ts";
import type { Matcher } from "../../../lib/smoke/schema.ts";
import type { Value } from "../../../lib/smoke/values.ts";
import { mutantsOf } from "./mutants.ts";

interface Seen {
  where: string;
  expect: Record<string, Matcher>;
  observation: Value;
}

/** Collects observations of a walk; see {@link Engine.onObservation}. */
export function collector(): { seen: Seen[]; onObservation: NonNullable<Engine["onObservation"]> } {
  const seen: Seen[] = [];
  return {
    seen,
    onObservation: ({ step, kind, expect, observation }) =>
      seen.push({ where: `${step.id} ${kind}`, expect, observation }),
  };
}

/** Expectations that miss what they must catch, and how many changes were tried. */
export function findToothless(all: readonly Seen[]): { toothless: string[]; tried: number } {
  const toothless: string[] = [];
  let tried = 0;
  for (const { where, expect, observation } of all) {
    for (const [path, matcher] of Object.entries(expect)) {
      const alone = { [path]: matcher };
      if (checkAll(alone, observation, "R").length === 0) continue;
      const mutants = mutantsOf(observation, path, effective(matcher));
      const fails = (changed: Value) => checkAll(alone, changed, "R")[0]?.problem !== undefined;
      const missed = mutants.filter((one) => !fails(one.observation));
      tried += mutants.length;
      const place = `${where}: ${path} (${JSON.stringify(matcher)})`;
      if (missed.length === mutants.length) toothless.push(`${place} can never fail`);
      for (const { change, mustFail } of missed) {
        if (mustFail) toothless.push(`${place} misses "${change}"`);
      }
    }
  }
  return { toothless, tried };
}

/** The rule that counts for the build that is walked. */
function effective(matcher: Matcher): Matcher {
  if (matcher === null || typeof matcher !== "object" || Array.isArray(matcher)) return matcher;
  return matcher.generation?.R ?? matcher;
}
