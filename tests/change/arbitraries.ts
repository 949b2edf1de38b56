/** Generators of plans and of bad ends, for fast-check. */

import fc from "fast-check";
import type { Ending } from "./sweep.ts";
import type { Choice } from "./worlds.ts";

/** Decisions for a plan of 1 to 12 operations. */
export const choices: fc.Arbitrary<Choice[]> = fc.array(
  fc.tuple(fc.nat(7), fc.nat(49), fc.nat(49)),
  { minLength: 1, maxLength: 12, size: "max" },
);

/** A moment and a way on; `kinds` are those of `Ending`. */
export function endings(...kinds: Ending["kind"][]): fc.Arbitrary<Ending> {
  return fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    kind: fc.constantFrom(...kinds),
    next: fc.constantFrom("resume" as const, "undo" as const),
    seed: fc.nat(),
  });
}
