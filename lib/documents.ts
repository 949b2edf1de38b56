/** The shape of what every script prints with `--json` when it fails. */

import * as v from "valibot";
import { exitCodes, type Outcome } from "./errors.ts";

const outcomes = Object.keys(exitCodes) as [Outcome, ...Outcome[]];

/** `hint` says what to do next, preferably a command; `place` is where in a file it went wrong. */
export const errorDocumentSchema = v.strictObject({
  error: v.strictObject({
    outcome: v.picklist(outcomes),
    message: v.string(),
    hint: v.nullable(v.string()),
    place: v.optional(
      v.strictObject({
        file: v.string(),
        line: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
        column: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
      }),
    ),
  }),
});

export type ErrorDocument = v.InferOutput<typeof errorDocumentSchema>;
