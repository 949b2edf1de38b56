/** The fake GitHub as a client meets it: through its proxy, with its own authority. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type FakeGitHub, fakeToken, startFakeGitHub } from "../../lib/smoke/github/server.ts";
import { scratch } from "../lib/smoke/real-ao.ts";

const folder = scratch();
const caFile = join(folder.path, "ca.pem");
let github: FakeGitHub;
beforeAll(async () => {
  github = await startFakeGitHub("acme/widgets", caFile);
  github.set({
    pull: 7,
    head: "feature",
    checks: [{ id: 1, name: "unit", status: "completed", conclusion: "failure", log: "boom" }],
  });
});
afterAll(async () => {
  await github.stop();
  folder[Symbol.dispose]();
});

function ask(
  url: string,
  options: { token?: string; headers?: Record<string, string>; body?: string } = {},
) {
  return fetch(url, {
    method: options.body === undefined ? "GET" : "POST",
    headers: { authorization: `token ${options.token ?? fakeToken}`, ...options.headers },
    proxy: github.env.HTTPS_PROXY ?? "",
    tls: { ca: Bun.file(caFile) },
    ...(options.body === undefined ? {} : { body: options.body }),
  });
}
const api = "https://api.github.com";

test("clients that trust its authority get the login of a valid token", async () => {
  const answer = await ask(`${api}/user`);
  expect(answer.headers.get("x-oauth-scopes")).toBe("repo");
  expect(await answer.json()).toEqual({ login: "smoke-author" });
});

test("another token is refused as GitHub does", async () => {
  expect((await ask(`${api}/user`, { token: "wrong" })).status).toBe(401);
});

test("pull requests are found by their head, and an unchanged answer is 304", async () => {
  const url = `${api}/repos/acme/widgets/pulls?state=open&head=acme:feature&per_page=10`;
  const answer = await ask(url);
  expect(await answer.json()).toMatchObject([
    { number: 7, state: "open", head: { ref: "feature" } },
  ]);
  const etag = answer.headers.get("etag") ?? "";
  expect((await ask(url, { headers: { "if-none-match": etag } })).status).toBe(304);
  github.set({ pull: 7, title: "changed" });
  expect((await ask(url, { headers: { "if-none-match": etag } })).status).toBe(200);
  expect(await (await ask(`${api}/repos/acme/widgets/pulls?head=acme:other`)).json()).toEqual([]);
});

test("checks, logs and GraphQL tell the same pull request", async () => {
  const query =
    'query { pr0: repository(owner: "acme", name: "widgets") { pullRequest(number: 7) { state } } }';
  const answer = await ask(`${api}/graphql`, { body: JSON.stringify({ query }) });
  const { data } = (await answer.json()) as {
    data: { pr0: { pullRequest: { state: string; headRefOid: string } } };
  };
  expect(data.pr0.pullRequest.state).toBe("OPEN");
  const runs = await ask(
    `${api}/repos/acme/widgets/commits/${data.pr0.pullRequest.headRefOid}/check-runs`,
  );
  expect(await runs.json()).toMatchObject({
    total_count: 1,
    check_runs: [{ conclusion: "failure" }],
  });
  expect(await (await ask(`${api}/repos/acme/widgets/actions/jobs/1/logs`)).text()).toBe("boom");
});

test("no other host is let through, and the attempt is remembered", async () => {
  await expect(ask("https://example.com/")).rejects.toThrow();
  expect(github.requests).toContain("REFUSED example.com:443");
});

test("what it does not have is not found", async () => {
  expect((await ask(`${api}/repos/acme/widgets/pulls/99`)).status).toBe(404);
  expect((await ask(`${api}/repos/somebody/else/pulls`)).status).toBe(404);
});
