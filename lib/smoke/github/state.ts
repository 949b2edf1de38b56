/**
 * The pull requests of the fake GitHub: what lanes set, in the few words they need.
 */
import type { Json } from "../schema.ts";

export interface Check {
  id: number;
  name: string;
  /** `completed`, `in_progress` or `queued`. */
  status: string;
  /** `success`, `failure`, …; empty while it runs. */
  conclusion: string;
  log: string;
}
export interface Comment {
  id: string;
  body: string;
  author: string;
  bot: boolean;
}
export interface Thread {
  id: string;
  path: string;
  line: number;
  resolved: boolean;
  comments: Comment[];
}
export interface PullRequest {
  number: number;
  title: string;
  head: string;
  base: string;
  sha: string;
  state: "open" | "closed" | "merged";
  draft: boolean;
  author: string;
  /** `MERGEABLE`, `CONFLICTING` or `UNKNOWN`. */
  mergeable: string;
  /** `APPROVED`, `CHANGES_REQUESTED`, `REVIEW_REQUIRED`, or empty. */
  decision: string;
  checks: Check[];
  threads: Thread[];
  /** Goes up with every change, so that ETags and `updated_at` do too. */
  revision: number;
}

export interface GitHubState {
  slug: string;
  login: string;
  pulls: Map<number, PullRequest>;
}

/**
 * Sets fields of a pull request, making it first where it is new: `{pull: 7, head: "b", …}`.
 * `{thread: ID, resolved: true}` sets one of its threads.
 */
export function setPull(state: GitHubState, fields: { [key: string]: Json }): PullRequest {
  const number = Number(fields.pull);
  if (!Number.isInteger(number) || number < 1) throw new TypeError("names no pull request number");
  const pull =
    state.pulls.get(number) ?? newPull(number, String(fields.head ?? `branch-${number}`));
  const { pull: _, thread, resolved, ...changes } = fields;
  Object.assign(pull, changes);
  const found = pull.threads.find(({ id }) => id === thread);
  if (found) found.resolved = resolved === true;
  pull.revision++;
  state.pulls.set(number, pull);
  return pull;
}

function newPull(number: number, head: string): PullRequest {
  return {
    number,
    title: `Pull request ${number}`,
    head,
    base: "main",
    sha: number.toString(16).padStart(40, "c0ffee"),
    state: "open",
    draft: false,
    author: "smoke-author",
    mergeable: "MERGEABLE",
    decision: "",
    checks: [],
    threads: [],
    revision: 0,
  };
}

/** When a pull request was last changed; each revision is one second later. */
export function updatedAt(pull: PullRequest): string {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, pull.revision)).toISOString().replace(".000Z", "Z");
}
