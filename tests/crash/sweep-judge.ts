/** What may be said of a run that met a fault, and of the way out of what it left. */

import { exitCodes, type Outcome } from "../../lib/errors.ts";
import type { Fault } from "./strace.ts";
import { differences, type Look, without } from "./sweep-look.ts";
import type { Begun, End } from "./sweep-operations.ts";
import type { Ended } from "./sweep-slot.ts";

/** How the tree looks at the ends of an operation, and where its command begins. */
export interface Ends {
  built: Look;
  start: Look;
  looks: Partial<Record<End, Look>>;
}

/** The ends at which a tree is, besides its records. */
export function endsOf(look: Look, { looks }: Ends, { skip }: Begun): End[] {
  const found = without(look, skip);
  const names = Object.keys(looks) as End[];
  return names.filter((end) => {
    const wanted = looks[end];
    return wanted !== undefined && differences(without(wanted, skip), found).length === 0;
  });
}

/** How a tree differs from an end, in a few words. */
export function distance(look: Look, wanted: Look | undefined, { skip }: Begun): string {
  if (wanted === undefined) return "no such end";
  const lines = differences(without(wanted, skip), without(look, skip));
  const more = lines.length > 4 ? ` and ${lines.length - 4} more` : "";
  return `${lines.slice(0, 4).join(", ")}${more}`;
}

/** Contents of the tree as it was that are nowhere now. */
export function lostContents(look: Look, { built, looks }: Ends, begun: Begun): string[] {
  const missing = (from: Look) => [...from.contents].filter((each) => !look.contents.has(each));
  const lost = missing(built);
  if (lost.length === 0 || begun.supersedes !== true) return lost;
  const later = [looks.new, looks.next].filter((end) => end !== undefined);
  return later.some((end) => missing(end).length === 0) ? [] : lost;
}

/** What is wrong with how the swept command ended. */
export function judgeCommand(
  begun: Begun,
  ends: Ends,
  { ended, fault, wreck }: { ended: Ended; fault: Fault; wreck: Look },
): string[] {
  const { code } = ended;
  if (fault === "SIGKILL") return code === 137 ? [] : [`it was not killed but ended with ${code}`];
  const wrong = judgeText(ended);
  if (code === exitCodes.done) {
    if (!endsOf(wreck, ends, begun).includes(begun.leadsTo)) {
      wrong.push(`exit 0, but not done: ${distance(wreck, ends.looks[begun.leadsTo], begun)}`);
    }
    return wrong;
  }
  // The error that came first is the one to tell.
  if (!(ended.stdout + ended.stderr).includes(fault)) wrong.push(`${fault} is not told`);
  if (code === exitCodes.interrupted) {
    const { hint } = errorOf(ended);
    if (typeof hint !== "string" && begun.supersedes !== true)
      wrong.push("exit 5 without a way on");
    return wrong;
  }
  const isRefusal = code === exitCodes.refused || code === exitCodes.invalid;
  if (!isRefusal && begun.unchanged?.includes(code) !== true) return [...wrong, `exit ${code}`];
  const changed = differences(without(ends.start, begun.skip), without(wreck, begun.skip));
  if (changed.length > 0)
    wrong.push(`exit ${code}, but changed: ${changed.slice(0, 4).join(", ")}`);
  return wrong;
}

/** A stack trace, or an error document that does not fit the exit code. */
export function judgeText(ended: Ended): string[] {
  const wrong: string[] = [];
  if (/^\s+at .+:\d+:\d+\)?$/m.test(ended.stdout + ended.stderr)) wrong.push("a stack trace");
  if (ended.code === exitCodes.done || ended.code === exitCodes.findings) return wrong;
  const { outcome } = errorOf(ended);
  if (exitCodes[outcome as Outcome] !== ended.code) {
    wrong.push(`exit ${ended.code}, but the document says ${outcome}`);
  }
  return wrong;
}

/** The error of a run; of a rollback that had to leave something, what it says of that. */
function errorOf({ stdout }: Ended): { outcome?: unknown; hint?: unknown } {
  try {
    const { error, kept = [] } = JSON.parse(stdout);
    return kept.length > 0 ? { outcome: "interrupted", hint: "again" } : (error ?? {});
  } catch {
    return {};
  }
}
