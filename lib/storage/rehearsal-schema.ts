/** What `migrate --rehearse --json` prints; the three lists are empty when all went well. */

import * as v from "valibot";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const milliseconds = v.pipe(v.number(), v.minValue(0));
const texts = v.array(v.string());

export const rehearsalSchema = v.strictObject({
  operations: count,
  entries: count,
  missing: texts,
  differences: texts,
  kept: texts,
  milliseconds: v.strictObject({
    copy: milliseconds,
    execute: milliseconds,
    rollback: milliseconds,
  }),
});
