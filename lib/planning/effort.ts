/** How much work a phase needs, and how much a run may give it. */

/** Effort tiers, lowest first. */
export const efforts = ["low", "medium", "high", "xhigh"] as const;
export type Effort = (typeof efforts)[number];

export function exceeds(effort: Effort, limit: Effort): boolean {
  return efforts.indexOf(effort) > efforts.indexOf(limit);
}

export function higher(a: Effort, b: Effort): Effort {
  return exceeds(a, b) ? a : b;
}
