/**
 * Known issues: failures that are expected, told apart from any other failure of the same step.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { LineCounter, parseDocument } from "yaml";
import { describeError, ToolkitError } from "../errors.ts";
import type { Outcome } from "./engine.ts";
import type { RunRecord } from "./record.ts";
import { type Generation, generations, type Runbook, type Step } from "./schema.ts";

const issue = v.strictObject({
  step: v.string(),
  /** A regular expression that the reason of the failure must match. */
  looks_like: v.pipe(
    v.string(),
    v.check((source) => isPattern(source), "must be a regular expression"),
  ),
  why: v.string(),
  link: v.string(),
  owner: v.string(),
  /** Day from which the failure counts again, `YYYY-MM-DD`. */
  expires: v.pipe(v.string(), v.isoDate("must be a day: YYYY-MM-DD")),
  generations: v.optional(v.array(v.picklist(generations))),
});
export type KnownIssue = v.InferOutput<typeof issue>;
/** A file of known issues. */
export const knownIssuesSchema = v.strictObject({ known_issues: v.array(issue) });

export interface KnownIssues {
  issues: readonly KnownIssue[];
  /** The outcome with known issues taken into account; what expired or is fixed is recorded. */
  judge(step: Step, outcome: Outcome, record: RunRecord): Outcome & { link?: string };
}

/** Known issues of one generation, as they stand on a day (`YYYY-MM-DD`). */
export function createKnownIssues(
  all: readonly KnownIssue[],
  generation: Generation,
  today: string,
): KnownIssues {
  const issues = all.filter((one) => one.generations?.includes(generation) ?? true);
  return {
    issues,
    judge(step, outcome, record) {
      const own = issues.filter((one) => one.step === step.id);
      if (outcome.status === "pass" && own[0]) {
        const text = `no longer seen: ${own[0].why}`;
        record.write({ type: "known-issue", step: step.id, text });
        return { status: "known-fixed", reason: text, link: own[0].link };
      }
      if (outcome.status !== "fail") return outcome;
      const match = own.find((one) => new RegExp(one.looks_like, "m").test(outcome.reason ?? ""));
      if (match === undefined) return outcome;
      if (match.expires <= today) {
        const text = `expired on ${match.expires}, ask ${match.owner}: ${match.why}`;
        record.write({ type: "known-issue", step: step.id, text });
        return { ...outcome, reason: `${outcome.reason} (known issue, but ${text})` };
      }
      return { status: "known", reason: `${match.why} (${outcome.reason})`, link: match.link };
    },
  };
}

/**
 * Reads a known-issues file; with `stepIds`, every step it names has to be one of them.
 *
 * @throws ToolkitError `invalid` with a line for every mistake, unknown steps included.
 */
export function loadKnownIssues(path: string, stepIds?: ReadonlySet<string>): KnownIssue[] {
  const lines = new LineCounter();
  const document = parseDocument(read(path), { lineCounter: lines });
  const result = v.safeParse(
    knownIssuesSchema,
    document.errors.length > 0 ? undefined : document.toJS(),
  );
  const mistakes = document.errors.map(
    (error) => `${path}:${lines.linePos(error.pos[0]).line}: ${error.message}`,
  );
  for (const problem of result.issues ?? []) {
    const keys = (problem.path ?? []).map((part) => part.key as string | number);
    mistakes.push(`${path}:${lineOf(keys)}: ${keys.at(-1) ?? "file"}: ${problem.message}`);
  }
  for (const [index, { step }] of (result.success ? result.output.known_issues : []).entries()) {
    if (stepIds && !stepIds.has(step)) {
      mistakes.push(
        `${path}:${lineOf(["known_issues", index, "step"])}: no step is called ${step}`,
      );
    }
  }
  if (mistakes.length === 0 && result.success) return result.output.known_issues;
  throw new ToolkitError("invalid", [`Cannot use known issues "${path}":`, ...mistakes].join("\n"));

  function lineOf(keys: (string | number)[]): number {
    for (let length = keys.length; length > 0; length--) {
      const node = document.getIn(keys.slice(0, length), true) as { range?: [number] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  }
}

/**
 * The known issues of a generation: those that come along, and those of a file.
 *
 * @throws ToolkitError `invalid` when a file has mistakes.
 */
export function knownIssuesFor(
  generation: Generation,
  runbook: Runbook,
  file: string | undefined,
): KnownIssues {
  const ids = new Set(runbook.lanes.flatMap((lane) => lane.steps.map(({ id }) => id)));
  const bundled = bundledKnownIssues(generation);
  // The bundled file speaks of the bundled lanes; somebody else's lanes have ids of their own.
  const own = bundled === undefined ? [] : loadKnownIssues(bundled);
  const given = file === undefined ? [] : loadKnownIssues(file, ids);
  return createKnownIssues([...given, ...own], generation, new Date().toISOString().slice(0, 10));
}

/** The file of known issues that comes along for a generation; undefined where there is none. */
export function bundledKnownIssues(generation: Generation): string | undefined {
  const path = join(import.meta.dir, "known-issues", `${generation}.yaml`);
  return existsSync(path) ? path : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ToolkitError(
      "invalid",
      `Cannot read known issues "${path}": ${describeError(error)}`,
    );
  }
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source, "m");
    return true;
  } catch {
    return false;
  }
}
