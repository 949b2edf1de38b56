/** What the checks of `ao.db` have in common: there may be none, and it may be unreadable. */

import type { Outcome } from "./check.ts";
import type { Facts } from "./facts.ts";
import type { StoreFacts, StoreProblem } from "./store.ts";

export const noRewrite = "no Go AO on this disk";

/** The facts of the database, or why this check has nothing to say about them. */
export async function withStore(
  facts: Facts,
  report: (store: StoreFacts) => Outcome,
  onProblem: (problem: StoreProblem) => Outcome = ({ kind }) => ({ skip: `ao.db is ${kind}` }),
): Promise<Outcome> {
  if (!facts.rewrite.present) return { skip: noRewrite };
  const store = await facts.store;
  if (store === null) return { skip: "ao.db has not been made yet" };
  return store.kind === "read" ? report(store) : onProblem(store);
}
