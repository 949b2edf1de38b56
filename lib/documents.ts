/**
 * The shape of what every script prints with `--json` when it fails, and the documents of scripts
 * that have no folder of their own.
 */

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

const version = v.literal(1);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** `demo --json`: commands that did not end as they should, and paths that differ at the end. */
export const demoDocumentSchema = v.strictObject({
  schemaVersion: version,
  chapters: count,
  failed: v.array(v.string()),
  differences: v.array(v.string()),
  /** Where the sandbox is with --keep. */
  sandbox: v.nullable(v.string()),
});

/** `build --json`. */
export const buildDocumentSchema = v.strictObject({
  schemaVersion: version,
  file: v.string(),
  bytes: count,
});

/** `aokit completions SHELL --json`. */
export const completionsDocumentSchema = v.strictObject({
  schemaVersion: version,
  shell: v.picklist(["bash", "zsh", "fish"]),
  text: v.string(),
});
