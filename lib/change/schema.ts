/**
 * What a migration's files must look like. They may have been edited, cut short or made by
 * somebody else, so nothing in them is believed before it was checked here.
 *
 * Loaded lazily: a run that starts a new migration has no need of it.
 */

import * as v from "valibot";

const path = v.pipe(v.string(), v.startsWith("/"), v.maxLength(16 * 1024));
const text = v.pipe(v.string(), v.maxLength(10_000));
const time = v.pipe(v.string(), v.isoTimestamp());
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "is no digest"));
const index = v.pipe(v.number(), v.integer(), v.minValue(0));
const yes = v.literal(true);

/** Whether a value has few enough levels for code that walks it by recursion. */
function isShallow(value: unknown, levels = 100): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}

const json = v.pipe(
  v.unknown(),
  v.check((value) => isShallow(value), "is nested too deeply"),
);

const edit = v.strictObject({
  pointer: v.string(),
  before: v.optional(json),
  after: v.optional(json),
  rename: v.optional(v.string()),
});
const edits = v.array(edit);

/** An item of a plan's `operations`. */
export const operationSchema = v.variant("op", [
  v.strictObject({ op: v.literal("makeDir"), path }),
  v.strictObject({
    op: v.literal("create"),
    path,
    content: v.string(),
    encoding: v.optional(v.picklist(["utf8", "base64"])),
    mode: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0o7777))),
  }),
  v.strictObject({ op: v.literal("move"), from: path, to: path }),
  v.strictObject({
    op: v.literal("patchJson"),
    path,
    edits,
    line: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  }),
  v.strictObject({ op: v.literal("patchYaml"), path, edits }),
  v.strictObject({ op: v.literal("trash"), path }),
  v.strictObject({
    op: v.literal("relinkWorktree"),
    repo: path,
    worktree: path,
    files: v.array(v.strictObject({ path, before: v.string(), after: v.string() })),
  }),
  v.strictObject({ op: v.literal("renameTmux"), from: text, to: text }),
]);

/** `plan.json`. */
export const planSchema = v.strictObject({
  schemaVersion: v.literal(1),
  script: text,
  title: text,
  roots: v.array(path),
  /** Each is an `operationSchema`; checked one by one, which needs far less memory. */
  operations: v.array(v.unknown()),
});

/** `manifest.json`. */
export const manifestSchema = v.strictObject({
  schemaVersion: v.literal(1),
  id: text,
  script: text,
  title: text,
  createdAt: time,
  /** The directory whose `migrations` directory this is in. */
  root: path,
  toolVersion: text,
  planDigest: digest,
  operations: index,
});

const swap = v.union([
  v.strictTuple([digest, digest]),
  v.strictTuple([digest, digest, v.literal("near")]),
]);

const facts = v.strictObject({
  i: index,
  near: v.optional(yes),
  made: v.optional(yes),
  id: v.optional(text),
  hash: v.optional(digest),
  swaps: v.optional(v.array(v.nullable(swap))),
  exact: v.optional(yes),
  aside: v.optional(v.picklist(["trash", "beside"])),
  skip: v.optional(yes),
});

const kept = v.strictObject({
  index,
  path: v.string(),
  reason: v.string(),
  quiet: v.optional(yes),
  failed: v.optional(yes),
});

/** One line of `journal.jsonl`. */
export const lineSchema = v.array(
  v.variant("k", [
    v.strictObject({ k: v.literal("start"), run: v.picklist(["apply", "undo"]), at: time }),
    v.strictObject({
      k: v.literal("intent"),
      from: index,
      to: index,
      items: v.array(facts),
      first: v.optional(yes),
    }),
    v.strictObject({ k: v.literal("kept"), items: v.array(kept) }),
    v.strictObject({ k: v.literal("done") }),
    v.strictObject({ k: v.literal("warning"), text: v.string(), i: v.optional(index) }),
    v.strictObject({ k: v.literal("end"), at: time }),
    v.strictObject({ k: v.literal("pruned"), at: time }),
  ]),
);

/** What is wrong with a value, as a sentence; null when nothing is. */
export function faultIn(schema: v.GenericSchema, value: unknown): string | null {
  const result = v.safeParse(schema, value, { abortEarly: true });
  const [issue] = result.issues ?? [];
  if (issue === undefined) return null;
  const name = v.getDotPath(issue) ?? "it";
  // valibot says "Expected never but received …" for a key that should not be there.
  return issue.expected === "never" ? `${name} is no known key` : `${name}: ${issue.message}`;
}
