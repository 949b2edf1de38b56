/**
 * A plan: the operations of one migration, and the digest by which it is recognised.
 */

import type { Operation } from "./operation.ts";

/** What `applyPlan` takes. The engine keeps the order: at any stop the disk is a prefix of it. */
export interface Plan {
  /** Name of the script that made it: `migrate`, `migrate-sessions`, `repair`, … */
  script: string;
  /** One line for `rollback --list`. */
  title: string;
  /**
   * Neighbours that do not touch each other's paths commit together (up to 1,000), so a plan is
   * fast when operations of one kind stand next to each other.
   */
  operations: Operation[];
  /** Where the planner says it writes; the engine demands this and the caller's own roots. */
  roots: string[];
}

/**
 * SHA-256 over the operations in order, whatever the order of keys in their objects.
 *
 * @returns 64 hex digits
 */
export function planDigest(operations: readonly Operation[]): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const operation of operations) hasher.update(`${canonical(operation)}\n`);
  return hasher.digest("hex");
}

/** JSON with sorted keys; absent and undefined members are the same. */
function canonical(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const record = value as Record<string, unknown>;
  const members = Object.keys(record)
    .filter((key) => record[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(record[key])}`);
  return `{${members.join(",")}}`;
}
