/** Properties of fast-check as rows of a proof. */

import fc from "fast-check";

/** Checks a property; a failing case is told shrunk, with its seed and what went wrong. */
export async function failuresOf<T>(
  property: fc.IAsyncPropertyWithHooks<T>,
  parameters: fc.Parameters<T>,
): Promise<string[]> {
  const details = await fc.check(property, parameters);
  if (!details.failed) return [];
  const { errorInstance: error } = details;
  const reason = error instanceof Error ? error.message : String(error);
  return [`${fc.defaultReportMessage(details)}\n${reason}`];
}
