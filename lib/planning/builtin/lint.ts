/** The built-in review: what speaks against the operations of a plan. */

import { type Operation, subjectOf, touchedBy } from "../../change/operation.ts";
import { planDigest } from "../../change/plan.ts";
import { isInside } from "../../paths.ts";
import type { BuiltinPlan } from "./source.ts";

/** The operations that a plan's documents hold, by the name of their phase. */
export type Recorded = ReadonlyMap<string, readonly Operation[]>;

/**
 * Findings on recorded operations, in view of what a new look at the disk would plan.
 *
 * @param decidedByDefault whether the plan says that it takes the defaults of open decisions
 */
export function lint(recorded: Recorded, fresh: BuiltinPlan, decidedByDefault: boolean): string[] {
  return [
    ...fresh.blockers.map((blocker) => `blocked: ${blocker}`),
    ...staleness(recorded, fresh),
    ...openDecisions(fresh, decidedByDefault),
    ...lintOperations([...recorded.values()].flat(), fresh.roots),
  ];
}

function staleness(recorded: Recorded, fresh: BuiltinPlan): string[] {
  const names = [...new Set([...recorded.keys(), ...fresh.phases.map(({ name }) => name)])];
  return names.flatMap((name) => {
    const now = fresh.phases.find((phase) => phase.name === name)?.operations ?? [];
    if (planDigest(recorded.get(name) ?? []) === planDigest(now)) return [];
    return [`stale base: the disk has changed, phase ${name} would be planned differently now`];
  });
}

function openDecisions({ decisions }: BuiltinPlan, decidedByDefault: boolean): string[] {
  if (decidedByDefault) return [];
  return decisions
    .filter(({ decidedBy }) => decidedBy === "default")
    .map(({ key, question, chosen, choices }) => {
      const kind = key.startsWith("identity:") ? "ambiguous identity" : "open decision";
      const values = choices.map(({ value }) => value).join(", ");
      return `${kind}: ${question} (${key}; one of ${values}; default ${chosen})`;
    });
}

/** What is wrong with operations in themselves: paths astray, and whatever could lose data. */
export function lintOperations(
  operations: readonly Operation[],
  roots: readonly string[],
): string[] {
  const findings: string[] = [];
  const made = new Set<string>();
  const thrown: string[] = [];
  for (const operation of operations) {
    const { writes, needs } = touchedBy(operation);
    const subject = subjectOf(operation);
    const outside = writes.find((path) => !roots.some((root) => isInside(path, root)));
    if (outside !== undefined) findings.push(`outside of the named places: ${outside}`);
    const lost = [...writes, ...needs].find((path) => thrown.some((dir) => isInside(path, dir)));
    if (lost !== undefined && operation.op !== "create" && operation.op !== "makeDir") {
      findings.push(`used after it was thrown away: ${lost}`);
    }
    const target = targetOf(operation);
    if (target !== null && made.has(target)) findings.push(`two things would become ${target}`);
    if (target !== null) made.add(target);
    if (operation.op === "move") made.delete(operation.from);
    if (operation.op === "trash") {
      thrown.push(operation.path);
      made.delete(operation.path);
      if (roots.includes(subject)) findings.push(`a whole place would be thrown away: ${subject}`);
    }
  }
  return findings;
}

function targetOf(operation: Operation): string | null {
  if (operation.op === "move") return operation.to;
  return operation.op === "create" ? operation.path : null;
}
