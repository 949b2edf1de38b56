/**
 * What GitHub's REST and GraphQL routes answer, as far as AO asks them.
 */
import { type Check, type GitHubState, type PullRequest, updatedAt } from "./state.ts";

export interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

const notFound: Answer = { status: 404, body: { message: "Not Found" } };

/** The answer to a REST request. */
export function answerRest(state: GitHubState, url: URL, etag: string | null): Answer {
  if (url.pathname === "/user") {
    return { status: 200, body: { login: state.login }, headers: { "x-oauth-scopes": "repo" } };
  }
  const repository = `/repos/${state.slug}/`;
  if (!url.pathname.startsWith(repository)) return notFound;
  const rest = url.pathname.slice(repository.length);
  const answer = answerRepository(state, rest, url.searchParams);
  const tag = `W/"${Bun.hash(JSON.stringify(answer.body)).toString(16)}"`;
  if (answer.status === 200 && etag === tag)
    return { status: 304, body: null, headers: { etag: tag } };
  return { ...answer, headers: { ...answer.headers, etag: tag } };
}

function answerRepository(state: GitHubState, rest: string, query: URLSearchParams): Answer {
  const pulls = [...state.pulls.values()];
  if (rest === "pulls") {
    const [, head] = (query.get("head") ?? "").split(/:(.*)/s);
    const wanted = pulls
      .filter((pull) => (query.get("state") ?? "open") !== "open" || pull.state === "open")
      .filter((pull) => head === undefined || pull.head === head)
      .sort((a, b) => updatedAt(b).localeCompare(updatedAt(a)));
    return { status: 200, body: wanted.map((pull) => restPull(state, pull)) };
  }
  const one = /^pulls\/(\d+)$/.exec(rest);
  if (one) {
    const pull = state.pulls.get(Number(one[1]));
    return pull ? { status: 200, body: restPull(state, pull) } : notFound;
  }
  const runs = /^commits\/([^/]+)\/check-runs$/.exec(rest);
  if (runs) {
    const checks = pulls.find(({ sha }) => sha === runs[1])?.checks ?? [];
    return { status: 200, body: { total_count: checks.length, check_runs: checks.map(restCheck) } };
  }
  const log = /^actions\/jobs\/(\d+)\/logs$/.exec(rest);
  const check = pulls.flatMap(({ checks }) => checks).find(({ id }) => id === Number(log?.[1]));
  return check ? { status: 200, body: check.log } : notFound;
}

function restPull(state: GitHubState, pull: PullRequest) {
  return {
    number: pull.number,
    html_url: pullUrl(state, pull),
    state: pull.state === "open" ? "open" : "closed",
    draft: pull.draft,
    title: pull.title,
    head: branch(state, pull.head, pull.sha),
    base: branch(state, pull.base, "ba5e".repeat(10)),
    user: { login: pull.author },
    created_at: "2026-01-01T00:00:00Z",
    updated_at: updatedAt(pull),
  };
}

function branch({ slug }: GitHubState, ref: string, sha: string) {
  const [owner = "", name = ""] = slug.split("/");
  const repo = { name, full_name: slug, owner: { login: owner }, fork: false };
  return { ref, sha, label: `${owner}:${ref}`, user: { login: owner }, repo };
}

function restCheck({ id, name, status, conclusion }: Check) {
  return { id, name, status, conclusion: conclusion || null };
}

function pullUrl({ slug }: GitHubState, { number }: PullRequest): string {
  return `https://github.com/${slug}/pull/${number}`;
}

/** The answer to a GraphQL query: every aliased `repository{pullRequest}` block it asks for. */
export function answerGraphql(
  state: GitHubState,
  query: string,
  variables: Record<string, unknown>,
): Answer {
  const data: Record<string, unknown> = {};
  for (const { alias, number, body } of blocksOf(query, variables)) {
    const pull = state.pulls.get(number);
    const fields = pull && (body.includes("reviewThreads") ? reviews(pull) : facts(state, pull));
    data[alias] = { pullRequest: fields ?? null };
  }
  return { status: 200, body: { data } };
}

function blocksOf(query: string, variables: Record<string, unknown>) {
  const block = /(?:(\w+)\s*:\s*)?repository\s*\(/g;
  const starts = [...query.matchAll(block)];
  return starts.map((match, at) => {
    const body = query.slice(match.index, starts[at + 1]?.index);
    const written = /pullRequest\s*\(\s*number\s*:\s*(?:\$(\w+)|(\d+))/.exec(body);
    const number = Number(written?.[1] === undefined ? written?.[2] : variables[written[1]]);
    return { alias: match[1] ?? "repository", number, body };
  });
}

function facts(state: GitHubState, pull: PullRequest) {
  const failing = pull.checks.some(({ conclusion }) => conclusion === "failure");
  const pending = pull.checks.some(({ status }) => status !== "completed");
  const rollup = failing ? "FAILURE" : pending ? "PENDING" : "SUCCESS";
  const contexts = {
    nodes: pull.checks.map((check) => graphqlCheck(state, check)),
    pageInfo: { hasNextPage: false, endCursor: null },
  };
  const statusCheckRollup = pull.checks.length === 0 ? null : { state: rollup, contexts };
  return {
    number: pull.number,
    url: pullUrl(state, pull),
    state: pull.state.toUpperCase(),
    isDraft: pull.draft,
    merged: pull.state === "merged",
    closed: pull.state !== "open",
    title: pull.title,
    additions: 1,
    deletions: 0,
    changedFiles: 1,
    mergeable: pull.mergeable,
    mergeStateStatus: pull.mergeable === "CONFLICTING" ? "DIRTY" : "CLEAN",
    reviewDecision: pull.decision || null,
    headRefName: pull.head,
    headRefOid: pull.sha,
    baseRefName: pull.base,
    baseRefOid: "ba5e".repeat(10),
    createdAt: "2026-01-01T00:00:00Z",
    updatedAt: updatedAt(pull),
    author: { login: pull.author },
    mergeCommit: pull.state === "merged" ? { oid: pull.sha } : null,
    commits: { nodes: [{ commit: { oid: pull.sha, statusCheckRollup } }] },
  };
}

function graphqlCheck({ slug }: GitHubState, { id, name, status, conclusion }: Check) {
  return {
    __typename: "CheckRun",
    name,
    status: status.toUpperCase(),
    conclusion: conclusion === "" ? null : conclusion.toUpperCase(),
    detailsUrl: `https://github.com/${slug}/actions/runs/1/job/${id}`,
    databaseId: id,
  };
}

function reviews(pull: PullRequest) {
  const nodes = pull.threads.map((thread) => ({
    id: thread.id,
    isResolved: thread.resolved,
    path: thread.path,
    line: thread.line,
    comments: {
      nodes: thread.comments.map(({ id, body, author, bot }) => ({
        id,
        body,
        url: `https://github.com/c/${id}`,
        author: { login: author, __typename: bot ? "Bot" : "User" },
      })),
    },
  }));
  return {
    reviewDecision: pull.decision || null,
    reviews: { nodes: [] },
    reviewThreads: { nodes, pageInfo: { hasPreviousPage: false, startCursor: null } },
  };
}
