/** The shapes of what `sessions` prints with `--json`; `schemaVersion` 1. */

import * as v from "valibot";

const text = v.string();
const maybe = v.nullable(v.string());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const layout = v.picklist(["v1", "v1-bare-hash", "v1-bare", "v2", "v3"]);

/** One session. `ageSeconds` is counted from `createdAt`; paths are absolute. */
export const sessionSchema = v.strictObject({
  id: text,
  /** Name of its directory below the base dir or `projects/`; `project/id` names it on any disk. */
  project: text,
  layout,
  status: maybe,
  branch: maybe,
  issue: maybe,
  agent: maybe,
  pr: maybe,
  createdAt: maybe,
  ageSeconds: v.nullable(v.number()),
  tmux: v.strictObject({
    name: maybe,
    /** Null when tmux is not installed, or the session is one of Windows. */
    alive: v.nullable(v.boolean()),
  }),
  worktree: v.strictObject({
    path: maybe,
    state: v.picklist(["none", "missing", "unchecked", "clean", "dirty", "unknown"]),
  }),
  /** Of a session on Windows, which is shown and no more. */
  pipePath: v.optional(text),
  ptyHostPid: v.optional(text),
  file: text,
  /** Why its metadata cannot be used. */
  fault: v.optional(text),
});

export const listDocumentSchema = v.strictObject({
  schemaVersion: v.literal(1),
  baseDir: text,
  sessions: v.array(sessionSchema),
});

export const sessionDocumentSchema = v.strictObject({
  schemaVersion: v.literal(1),
  session: sessionSchema,
});

export const instanceDocumentSchema = v.strictObject({
  schemaVersion: v.literal(1),
  baseDir: text,
  /** The V1 config in force here, and its hash. */
  config: maybe,
  hash: maybe,
  /** `config.yaml`, if there is one. */
  registry: maybe,
  projects: v.array(
    v.strictObject({
      project: text,
      layout,
      stateDir: text,
      hash: maybe,
      sessions: count,
      /** The rest is null when no config names the project. */
      path: maybe,
      prefix: maybe,
      defaultBranch: maybe,
      config: maybe,
    }),
  ),
  /** Parts of configs that cannot be used. */
  warnings: v.array(text),
});

export const spawnDocumentSchema = v.strictObject({
  schemaVersion: v.literal(1),
  session: sessionSchema,
  /** Null when the branch was there already. */
  base: v.nullable(v.strictObject({ name: text, commit: text })),
  command: v.array(text),
});

export const killDocumentSchema = v.strictObject({
  schemaVersion: v.literal(1),
  id: text,
  project: text,
  /** tmux sessions that were ended. */
  ended: v.array(text),
  archived: text,
  worktree: v.nullable(
    v.strictObject({ path: text, removed: v.boolean(), reason: v.optional(text) }),
  ),
});

export type SessionDocument = v.InferOutput<typeof sessionSchema>;
export type InstanceDocument = v.InferOutput<typeof instanceDocumentSchema>;
