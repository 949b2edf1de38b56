/**
 * All that an action expects: what its author wrote, and what goes without saying for its kind.
 */
import type { Action, ActionKind, ActionOf, Matcher } from "./schema.ts";

type Expectations = Record<string, Matcher>;

/** What goes without saying; an author's expectation for the same path takes its place. */
const implied: { [K in ActionKind]?: Expectations } = {
  run: { exit: 0 },
  http: { status: { min: 200, max: 299 } },
  subscribe: { status: 200 },
  websocket: { opened: true },
  kill_session: { exit: 0 },
  write: { written: true },
  github: { set: true },
};
const errorWords: Record<number, string> = {
  400: "bad_request",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  422: "unprocessable",
  500: "internal",
  501: "not_implemented",
  503: "unavailable",
};

/** The expectations of an action whose references are filled in, by path of the observation. */
export function expectationsOf(kind: ActionKind, action: Action): Expectations {
  const written = action.expect ?? {};
  const own: Expectations = { ...implied[kind] };
  if (kind === "daemon") Object.assign(own, ofDaemon(action as ActionOf<"daemon">));
  if (kind === "http") Object.assign(own, ofHttp(action as ActionOf<"http">));
  // An observation that failed says so; nothing else in it can be relied on.
  return { failure: { exists: false }, ...own, ...written };
}

function ofDaemon({ daemon }: ActionOf<"daemon">): Expectations {
  return daemon === "start" ? { state: "ready" } : { exit: 0, gone: true };
}

/** The error envelope, in full: word, code, message, request id and content type. */
function ofHttp({ envelope, headers, openapi }: ActionOf<"http">): Expectations {
  const documented: Expectations =
    openapi === false ? {} : { "openapi.problems": { not: { length: { min: 1 } } } };
  if (envelope === undefined) return documented;
  const { status, code } = envelope;
  const asked = headers?.["X-Request-Id"];
  return {
    ...documented,
    status,
    "json.error":
      typeof status === "number" ? (errorWords[status] ?? { type: "string" }) : { type: "string" },
    "json.code": code,
    "json.message": { type: "string", length: { min: 1 } },
    "json.requestId": asked ?? { matches: "^\\S+/\\w{10}-\\d{6}$" },
    'headers["content-type"]': "application/json; charset=utf-8",
  };
}
