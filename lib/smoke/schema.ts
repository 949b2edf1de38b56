/**
 * The form of a lane file: what a runbook author may write, as valibot schemas.
 *
 * Lanes are data. A step is a list of actions; every action makes one observation (a JSON-like
 * value), and its `expect` map says what must be found at which path of that observation.
 */
import * as v from "valibot";

/**
 * AO builds whose contracts differ. A: the one that the plan was written for (June 2026, zellij).
 * B: A with the bugs fixed that walking the plan had found. C: August 2026 (tmux, desktop app).
 * R: the published 0.10.3, between B and C.
 */
export const generations = ["A", "B", "C", "R"] as const;
export type Generation = (typeof generations)[number];

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const json: v.GenericSchema<Json> = v.lazy(() =>
  v.union([
    v.null(),
    v.boolean(),
    v.number(),
    v.string(),
    v.array(json),
    v.record(v.string(), json),
  ]),
);
const text = v.pipe(v.string(), v.nonEmpty("must not be empty"));
const name = v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]*$/, "must be a lower_case name"));

/** Milliseconds of `250ms`, `5s` or `2m`. */
export function milliseconds(duration: string): number {
  const amount = Number.parseInt(duration, 10);
  if (duration.endsWith("ms")) return amount;
  return amount * (duration.endsWith("m") ? 60_000 : 1_000);
}
const duration = v.pipe(
  v.string("must be a duration like 250ms, 5s or 2m"),
  v.regex(/^\d+(ms|s|m)$/, "must be a duration like 250ms, 5s or 2m"),
);

/** A regular expression, checked when the lane is read and not first when it is needed. */
const pattern = v.pipe(
  v.string(),
  v.check((source) => isPattern(source), "must be a regular expression"),
);
function isPattern(source: string): boolean {
  try {
    new RegExp(source, "m");
    return true;
  } catch {
    return false;
  }
}

/** What must hold for one value; several keys must all hold. A scalar or list means `equals`. */
export interface MatcherRules {
  equals?: Json | undefined;
  not?: Matcher | undefined;
  contains?: string | Json[] | undefined;
  matches?: string | undefined;
  type?: "null" | "boolean" | "integer" | "number" | "string" | "array" | "object" | undefined;
  length?: Matcher | undefined;
  min?: number | string | undefined;
  max?: number | string | undefined;
  oneOf?: Json[] | undefined;
  exists?: boolean | undefined;
  each?: Matcher | undefined;
  some?: Matcher | undefined;
  none?: Matcher | undefined;
  subset?: { [path: string]: Matcher } | undefined;
  sameSet?: Json[] | string | undefined;
  rising?: true | undefined;
  /** A rule of its own for each AO generation; a generation that is not named is not judged. */
  generation?: { [letter in Generation]?: Matcher | undefined } | undefined;
}
export type Matcher = null | boolean | number | string | Json[] | MatcherRules;

const matcher: v.GenericSchema<Matcher> = v.lazy((input) =>
  input !== null && typeof input === "object" && !Array.isArray(input) ? rules : json,
) as v.GenericSchema<Matcher>;
const rules: v.GenericSchema<MatcherRules> = v.pipe(
  v.strictObject({
    equals: v.optional(json),
    not: v.optional(matcher),
    contains: v.optional(v.union([v.string(), v.array(json)])),
    matches: v.optional(pattern),
    type: v.optional(
      v.picklist(["null", "boolean", "integer", "number", "string", "array", "object"]),
    ),
    length: v.optional(matcher),
    min: v.optional(v.union([v.number(), v.string()])),
    max: v.optional(v.union([v.number(), v.string()])),
    oneOf: v.optional(v.array(json)),
    exists: v.optional(v.boolean()),
    each: v.optional(matcher),
    some: v.optional(matcher),
    none: v.optional(matcher),
    subset: v.optional(v.record(v.string(), matcher)),
    sameSet: v.optional(v.union([v.array(json), v.string()])),
    rising: v.optional(v.literal(true)),
    generation: v.optional(v.partial(v.strictObject(byGeneration()))),
  }),
  v.check((value) => Object.keys(value).length > 0, "must name at least one rule"),
);
function byGeneration() {
  return {
    A: v.optional(matcher),
    B: v.optional(matcher),
    C: v.optional(matcher),
    R: v.optional(matcher),
  };
}

/** Facts that a step or action can depend on; all that are named must hold. */
export const condition = v.strictObject({
  generation: v.optional(v.array(v.picklist(generations))),
  runtime: v.optional(v.picklist(["zellij", "tmux"])),
  os: v.optional(v.picklist(["linux", "darwin"])),
  root: v.optional(v.boolean()),
  github: v.optional(v.picklist(["fake", "real", "none"])),
  agents: v.optional(v.picklist(["fake", "real"])),
});
export type Condition = v.InferOutput<typeof condition>;

const environment = v.record(v.string(), v.nullable(v.string()));
const capture = v.record(
  name,
  v.union(
    [text, v.strictObject({ path: text, match: pattern })],
    "must be a path, or path and match",
  ),
);
const common = {
  why: v.optional(text),
  when: v.optional(condition),
  timeout: v.optional(duration),
  eventually: v.optional(v.strictObject({ within: duration, every: v.optional(duration) })),
  expect: v.optional(v.record(text, matcher)),
  capture: v.optional(capture),
};
/** Where a process runs and what it sees; `path` is a PATH of links to these programs only. */
const process = {
  env: v.optional(environment),
  path: v.optional(v.array(text)),
  cwd: v.optional(text),
  stdin: v.optional(v.string()),
};
const changing = { ...common, eventually: v.optional(v.never()) };

/** One schema a kind of action; the kind is the key that only it has. */
export const actions = {
  run: v.strictObject({ run: v.pipe(v.array(v.string()), v.minLength(1)), ...process, ...common }),
  http: v.strictObject({
    http: v.pipe(v.string(), v.regex(/^[A-Z]+ \/\S*$/, "must be a verb and a path: GET /healthz")),
    headers: v.optional(v.record(v.string(), v.string())),
    json: v.optional(json),
    body: v.optional(v.string()),
    envelope: v.optional(
      v.strictObject({ status: v.union([v.number(), rules]), code: v.union([text, rules]) }),
    ),
    openapi: v.optional(v.boolean()),
    ...common,
  }),
  sql: v.strictObject({ sql: text, ...common }),
  subscribe: v.strictObject({
    subscribe: name,
    after: v.optional(v.union([v.number(), v.string()])),
    last_event_id: v.optional(v.union([v.number(), v.string()])),
    ...changing,
  }),
  events: v.strictObject({ events: name, close: v.optional(v.boolean()), ...common }),
  websocket: v.strictObject({ websocket: text, send: v.array(json), until: v.number(), ...common }),
  file: v.strictObject({ file: text, ...common }),
  write: v.strictObject({ write: text, text: v.string(), ...changing }),
  log: v.strictObject({
    log: pattern,
    since: v.optional(v.picklist(["step", "start"])),
    ...common,
  }),
  process: v.strictObject({ process: text, ...common }),
  worktrees: v.strictObject({ worktrees: text, ...common }),
  sessions: v.strictObject({ sessions: v.literal("multiplexer"), ...common }),
  pane: v.strictObject({ pane: text, ...common }),
  kill_session: v.strictObject({ kill_session: text, ...changing }),
  daemon: v.strictObject({
    daemon: v.picklist(["start", "stop"]),
    env: v.optional(environment),
    path: v.optional(v.array(text)),
    ...changing,
  }),
  github: v.strictObject({ github: v.record(v.string(), json), ...changing }),
  requests: v.strictObject({ requests: pattern, ...common }),
  pause: v.strictObject({ pause: duration, ...changing }),
  manual: v.strictObject({ manual: text, ...changing }),
} as const;
export type ActionKind = keyof typeof actions;
export type ActionOf<K extends ActionKind> = v.InferOutput<(typeof actions)[K]>;
export type Action = { [K in ActionKind]: ActionOf<K> }[ActionKind];
export const actionKinds = Object.keys(actions) as ActionKind[];

/** The kind of an action: its one key that names a kind. */
export function kindOf(action: object): ActionKind | undefined {
  return actionKinds.find((kind) => kind in action);
}

const stepId = v.pipe(
  v.string('must be a quoted id like "3.1"'),
  v.regex(/^[a-z0-9]+(\.[0-9]+)?(-[a-z0-9-]+)?$/, "must be an id like 3.1 or 1.3-no-git"),
);

/** What a step asks of the machine; without it the step is skipped, with the reason. */
export const requirements = ["github", "multiplexer", "git", "agents", "gh"] as const;

export const step = v.strictObject({
  id: stepId,
  title: text,
  why: text,
  needs: v.optional(v.array(v.string()), []),
  requires: v.optional(v.array(v.picklist(requirements)), []),
  when: v.optional(condition),
  /** Steps of one track walk in a world of their own when lanes are walked side by side. */
  track: v.optional(name),
  /** Says which generation expects what, where the plan and a build disagree. */
  differs: v.optional(text),
  timeout: v.optional(duration, "60s"),
  do: v.pipe(v.array(v.any()), v.minLength(1, "must hold at least one action")),
  cleanup: v.optional(v.array(v.any()), []),
});

export const lane = v.strictObject({
  lane: v.union([v.number(), v.literal("teardown")], "must be a number or teardown"),
  title: text,
  why: text,
  steps: v.pipe(v.array(v.any()), v.minLength(1, "must hold at least one step")),
});

/** A place in a lane file, kept so that every report can point at the line that asked. */
export interface Source {
  file: string;
  line: number;
}
export type Step = Omit<v.InferOutput<typeof step>, "do" | "cleanup"> & {
  lane: string;
  do: Action[];
  cleanup: Action[];
  source: Source;
};
export type Lane = Omit<v.InferOutput<typeof lane>, "steps" | "lane"> & {
  lane: string;
  steps: Step[];
  source: Source;
};
export interface Runbook {
  dir: string;
  lanes: Lane[];
}
