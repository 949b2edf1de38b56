/**
 * Reads a folder of lane files and reports every mistake of the whole runbook at once.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import { formatPointer } from "../edits.ts";
import { errorCode, formatPlace, type Place, ToolkitError } from "../errors.ts";
import { type ParsedYaml, parseYaml } from "../yaml.ts";
import { checkReferences, type Mistake } from "./references.ts";
import {
  type Action,
  actionKinds,
  actions,
  kindOf,
  type Lane,
  lane as laneSchema,
  type Runbook,
  type Step,
  step as stepSchema,
} from "./schema.ts";

/** The lanes that come along; the single executable has them at the same place from here. */
export const bundledLanes = join(import.meta.dir, "lanes");

type Path = readonly (string | number)[];

type Report = (path: Path, message: string) => void;

/**
 * The runbook of a folder of `NN-name.yaml` files, in file order.
 *
 * @throws ToolkitError `invalid`, with a `file:line:column: message` line for every mistake.
 */
export function loadRunbook(dir: string): Runbook {
  const { runbook, mistakes } = checkRunbook(dir);
  const first = mistakes[0];
  if (first === undefined) return runbook;
  const lines = mistakes.map(({ place, message }) => `${formatPlace(place)}: ${message}`);
  const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
  throw new ToolkitError("invalid", [`Cannot walk "${dir}": ${count}`, ...lines].join("\n"), {
    place: first.place,
    hint: "Correct the lane files; --list checks them again without walking.",
  });
}

/** The runbook as far as it can be read, and all that is wrong with it. */
export function checkRunbook(dir: string): { runbook: Runbook; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const lanes: Lane[] = [];
  for (const file of laneFiles(dir, mistakes)) {
    const found = readLane(join(dir, file), mistakes);
    if (found !== undefined) lanes.push(found);
  }
  const runbook = { dir, lanes };
  checkReferences(runbook, mistakes);
  mistakes.sort((a, b) => compare(a.place, b.place));
  return { runbook, mistakes };
}

function compare(a: Place, b: Place): number {
  return a.file.localeCompare(b.file) || (a.line ?? 0) - (b.line ?? 0);
}

function laneFiles(dir: string, mistakes: Mistake[]): string[] {
  try {
    const files = readdirSync(dir).filter((file) => /\.ya?ml$/.test(file));
    if (files.length === 0) mistakes.push({ place: { file: dir }, message: "holds no lane file" });
    return files.sort();
  } catch {
    mistakes.push({ place: { file: dir }, message: "is not a folder that can be read" });
    return [];
  }
}

/** No lane is nearly as large. */
const maxBytes = 256 * 1024;

function readText(file: string, mistakes: Mistake[]): string | undefined {
  const say = (message: string) => void mistakes.push({ place: { file }, message });
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return say("is no file");
    if (stats.size > maxBytes) return say(`is larger than ${maxBytes / 1024} KB`);
    return readFileSync(file, "utf8");
  } catch (error) {
    return say(`cannot be read: ${errorCode(error)}`);
  }
}

function readLane(file: string, mistakes: Mistake[]): Lane | undefined {
  const text = readText(file, mistakes);
  if (text === undefined) return undefined;
  const parsed = parseLane(text, file, mistakes);
  if (parsed === undefined) return undefined;
  const placeOf = (path: Path) => parsed.placeOf(formatPointer(path.map(String)));
  const report: Report = (path, message) => mistakes.push({ place: placeOf(path), message });
  const value = check(laneSchema, parsed.value, [], report);
  if (value === undefined) return undefined;
  const id = String(value.lane);
  const steps = value.steps.map((raw: unknown, at: number) => {
    const line = placeOf(["steps", at]).line ?? 1;
    return readStep(raw, ["steps", at], { lane: id, source: { file, line } }, report);
  });
  return {
    ...value,
    lane: id,
    source: { file, line: 1 },
    steps: steps.filter((item): item is Step => item !== undefined),
  };
}

function parseLane(text: string, file: string, mistakes: Mistake[]): ParsedYaml | undefined {
  try {
    return parseYaml(text, file);
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    const message = error.message.replace(`Cannot read "${file}" as YAML: `, "");
    mistakes.push({ place: error.place ?? { file }, message });
    return undefined;
  }
}

function readStep(
  raw: unknown,
  path: Path,
  known: Pick<Step, "lane" | "source">,
  report: Report,
): Step | undefined {
  const value = check(stepSchema, raw, path, report);
  if (value === undefined) {
    // Its actions are looked at all the same: all mistakes are to be reported at once.
    const parts = raw !== null && typeof raw === "object" ? (raw as Record<string, unknown>) : {};
    for (const key of ["do", "cleanup"]) {
      const part = parts[key];
      if (Array.isArray(part)) readActions(part, [...path, key], report);
    }
    return undefined;
  }
  if (known.lane !== "teardown" && value.id.split(/[.-]/)[0] !== known.lane) {
    report([...path, "id"], `"${value.id}" is not an id of lane ${known.lane}`);
  }
  return {
    ...value,
    ...known,
    do: readActions(value.do, [...path, "do"], report),
    cleanup: readActions(value.cleanup, [...path, "cleanup"], report),
  };
}

function readActions(raw: unknown[], path: Path, report: Report): Action[] {
  return raw.flatMap((item, at) => {
    const here = [...path, at];
    const kind = item !== null && typeof item === "object" ? kindOf(item) : undefined;
    if (kind === undefined) {
      report(here, `an action needs one of: ${actionKinds.join(", ")}`);
      return [];
    }
    const action = check(actions[kind] as v.GenericSchema<Action>, item, here, report);
    return action === undefined ? [] : [action];
  });
}

/** The checked value, or undefined when the report has been told what is wrong. */
function check<T>(
  schema: v.GenericSchema<unknown, T>,
  value: unknown,
  path: Path,
  report: Report,
): T | undefined {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  for (const issue of result.issues.flatMap(leaves)) {
    const keys = (issue.path ?? []).map((part) => part.key as string | number);
    report([...path, ...keys], messageOf(issue, keys.at(-1)));
  }
  return undefined;
}

/** A failed union says nothing by itself; the branch that got furthest tells what is wrong. */
function leaves(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown>[] {
  const deeper = issue.issues?.filter((inner) => inner.path !== undefined) ?? [];
  return deeper.length === 0 ? [issue] : deeper;
}

function messageOf(issue: v.BaseIssue<unknown>, key: string | number | undefined): string {
  const label = key === undefined ? "" : `${key}: `;
  if (issue.type === "strict_object" && issue.expected === "never") {
    return `${label}is not a known field here`;
  }
  if (issue.received === "undefined") return `${label}is missing`;
  return `${label}${issue.message.replace(/^Invalid \w+: /, "")}`;
}

/** The name of a lane file without its folder, for reports. */
export function laneFileName(file: string): string {
  return basename(file);
}
