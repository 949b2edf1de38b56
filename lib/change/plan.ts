/**
 * A plan: the operations of one migration, and the digest by which it is recognised.
 */

import type { Json } from "../edits.ts";
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
  const digest = new PlanDigest();
  for (const operation of operations) digest.add(canonical(operation));
  return digest.end();
}

/** {@link planDigest}, for whoever has the lines anyway. */
export class PlanDigest {
  readonly #hasher = new Bun.CryptoHasher("sha256");

  add(line: string): void {
    this.#hasher.update(line);
    this.#hasher.update("\n");
  }

  end(): string {
    return this.#hasher.digest("hex");
  }
}

/** The operation as JSON, always the same text for the same operation. */
export function canonical(operation: Operation): string {
  return JSON.stringify(ordered(operation));
}

/** The operation with its keys in one order; absent and undefined members are the same. */
function ordered(operation: Operation): object {
  switch (operation.op) {
    case "create": {
      const { op, path, content, encoding, mode } = operation;
      return { op, path, content, encoding, mode };
    }
    case "patchJson":
    case "patchYaml": {
      const { op, path } = operation;
      const line = operation.op === "patchJson" ? operation.line : undefined;
      const edits = operation.edits.map(({ pointer, before, after, rename }) => ({
        pointer,
        before: sorted(before),
        after: sorted(after),
        rename,
      }));
      return { op, path, line, edits };
    }
    case "relinkWorktree": {
      const { op, repo, worktree } = operation;
      const files = operation.files.map(({ path, before, after }) => ({ path, before, after }));
      return { op, repo, worktree, files };
    }
    case "move":
    case "renameTmux": {
      const { op, from, to } = operation;
      return { op, from, to };
    }
    default: {
      const { op, path } = operation;
      return { op, path };
    }
  }
}

/** The value with the keys of its objects in order. */
function sorted(value: Json | undefined): Json | undefined {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => sorted(item) ?? null);
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key]) ?? null]));
}
