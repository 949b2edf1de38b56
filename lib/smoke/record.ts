/**
 * The run record: one append-only NDJSON file, the only source of every report.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import * as v from "valibot";
import { errorCode, ToolkitError } from "../errors.ts";
import { type Mask, maskValue } from "./mask.ts";

/** How a step came out. */
export const statuses = [
  "pass",
  "fail",
  "error",
  "blocked",
  "skipped",
  "manual-pass",
  "manual-fail",
  "unclear",
  "known",
  "known-fixed",
  "not-run",
] as const;
export type Status = (typeof statuses)[number];

const checkSchema = v.object({
  path: v.string(),
  expected: v.string(),
  ok: v.boolean(),
  problem: v.optional(v.string()),
});
const schema = v.variant("type", [
  v.object({
    type: v.literal("run"),
    version: v.literal(1),
    run: v.string(),
    at: v.string(),
    ao: v.string(),
    generation: v.string(),
    runtime: v.string(),
    github: v.string(),
    agents: v.string(),
    runbook: v.string(),
    resumes: v.optional(v.string()),
  }),
  v.object({
    type: v.literal("environment"),
    os: v.string(),
    multiplexer: v.string(),
    git: v.string(),
    aoVersion: v.string(),
    status: v.optional(v.unknown()),
    doctor: v.optional(v.unknown()),
  }),
  v.object({
    type: v.literal("plan"),
    steps: v.array(
      v.object({
        id: v.string(),
        lane: v.string(),
        laneTitle: v.string(),
        title: v.string(),
        why: v.string(),
        differs: v.optional(v.string()),
        source: v.string(),
      }),
    ),
  }),
  v.object({
    type: v.literal("world"),
    world: v.string(),
    root: v.string(),
    marker: v.string(),
    port: v.number(),
  }),
  v.object({
    type: v.literal("process"),
    world: v.string(),
    pid: v.number(),
    what: v.string(),
    ticks: v.optional(v.string()),
  }),
  v.object({ type: v.literal("start"), step: v.string(), world: v.string(), at: v.string() }),
  v.object({
    type: v.literal("action"),
    step: v.string(),
    world: v.string(),
    part: v.picklist(["do", "cleanup"]),
    index: v.number(),
    kind: v.string(),
    title: v.string(),
    ms: v.number(),
    attempts: v.number(),
    checks: v.array(checkSchema),
    error: v.optional(v.string()),
    seen: v.optional(v.unknown()),
  }),
  v.object({
    type: v.literal("end"),
    step: v.string(),
    world: v.string(),
    status: v.picklist(statuses),
    ms: v.number(),
    at: v.string(),
    reason: v.optional(v.string()),
    link: v.optional(v.string()),
    /** The step came along for another one; its own result is in its own world. */
    prerequisite: v.optional(v.boolean()),
  }),
  v.object({
    type: v.literal("note"),
    step: v.string(),
    kind: v.picklist(["note", "unclear"]),
    text: v.string(),
  }),
  v.object({
    type: v.literal("coverage"),
    operations: v.object({ total: v.number(), asked: v.number(), missing: v.array(v.string()) }),
    answers: v.object({ total: v.number(), seen: v.number() }),
  }),
  v.object({ type: v.literal("known-issue"), step: v.string(), text: v.string() }),
  v.object({
    type: v.literal("closed"),
    world: v.string(),
    left: v.array(v.number()),
    kept: v.boolean(),
  }),
  v.object({ type: v.literal("finish"), at: v.string(), ms: v.number(), cancelled: v.boolean() }),
]);
export type Entry = v.InferOutput<typeof schema>;
export type EntryOf<T extends Entry["type"]> = Extract<Entry, { type: T }>;

export interface RunRecord {
  file: string;
  /** What every text passes before it is written; long texts must pass it before they are cut. */
  mask: Mask;
  write(entry: Entry): void;
  close(): void;
}

/** Opens a record to append to; every text is masked before it reaches the file. */
export function openRecord(file: string, mask: Mask): RunRecord {
  const handle = openSync(file, "a", 0o600);
  return {
    file,
    mask,
    write(entry) {
      // Ids and folders of what must be removed stay as they are: --clean works by them alone.
      const exact = entry.type === "world" || entry.type === "process" || entry.type === "closed";
      const line = JSON.stringify(exact ? entry : maskValue(entry, mask));
      try {
        writeSync(handle, `${line}\n`);
      } catch (error) {
        const state = errorCode(error) === "ENOSPC" ? "no space left on the disk" : String(error);
        throw new ToolkitError("interrupted", `Cannot record the run in "${file}": ${state}`, {
          hint: "Free some space, then go on with --resume.",
          cause: error,
        });
      }
    },
    close: () => closeSync(handle),
  };
}

/**
 * All entries of a record. A last line that was torn by a crash is left out.
 *
 * @throws ToolkitError `invalid` with the line when another line is no entry.
 */
export function readRecord(file: string): Entry[] {
  const lines = readText(file).split("\n");
  // What follows the last newline is nothing, or a line that was being written at a crash.
  lines.pop();
  return lines.map((line, index) => {
    const result = v.safeParse(schema, parse(line));
    if (result.success) return result.output;
    throw new ToolkitError(
      "invalid",
      `Cannot read run record "${file}": line ${index + 1} is no entry`,
      {
        place: { file, line: index + 1 },
      },
    );
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const state = errorCode(error) ?? String(error);
    throw new ToolkitError("invalid", `Cannot read run record "${file}": ${state}`, {
      cause: error,
    });
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
