/**
 * A GitHub for one world: a TLS server for api.github.com behind a CONNECT proxy that lets nothing
 * else through, so that an AO which honours `HTTPS_PROXY` and `SSL_CERT_FILE` stays offline.
 */
import { writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import type { Environment } from "../processes.ts";
import type { Json } from "../schema.ts";
import { answerGraphql, answerRest } from "./answers.ts";
import { type Certificates, createCertificates } from "./certificates.ts";
import { type GitHubState, setPull } from "./state.ts";

const host = "api.github.com";

export interface FakeGitHub {
  /** What a daemon must be given to talk to this GitHub. */
  env: Environment;
  /** Every request so far, as `VERB path?query`; refused hosts as `REFUSED host:port`. */
  requests: string[];
  /** Sets a pull request; see {@link setPull}. */
  set(fields: { [key: string]: Json }): void;
  stop(): Promise<void>;
}

/** The token that the fake accepts; any other is answered 401, as GitHub does. */
export const fakeToken = "fake-github-token-for-the-sandbox";

/** Starts the server and its proxy on free ports of 127.0.0.1; `caFile` gets the authority. */
export async function startFakeGitHub(slug: string, caFile: string): Promise<FakeGitHub> {
  const certificates: Certificates = createCertificates(host);
  writeFileSync(caFile, certificates.authority);
  const state: GitHubState = { slug, login: "smoke-author", pulls: new Map() };
  const requests: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { key: certificates.key, cert: certificates.certificate },
    fetch: (request) => answer(state, request, requests),
  });
  const proxy = await startProxy(Number(server.port), requests);
  return {
    env: {
      HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
      NO_PROXY: "127.0.0.1,localhost",
      SSL_CERT_FILE: caFile,
      AO_GITHUB_TOKEN: fakeToken,
    },
    requests,
    set: (fields) => {
      setPull(state, fields);
    },
    stop: async () => {
      await proxy.stop();
      await server.stop(true);
    },
  };
}

async function answer(state: GitHubState, request: Request, requests: string[]): Promise<Response> {
  const url = new URL(request.url);
  requests.push(`${request.method} ${url.pathname}${url.search}`);
  const authorization = request.headers.get("authorization") ?? "";
  if (!authorization.endsWith(fakeToken)) {
    return Response.json({ message: "Bad credentials" }, { status: 401 });
  }
  if (url.pathname === "/graphql") {
    const { query = "", variables = {} } = (await request.json()) as {
      query?: string;
      variables?: Record<string, unknown>;
    };
    requests.push(`QUERY ${query.replaceAll(/\s+/g, " ")}`);
    return Response.json(answerGraphql(state, query, variables).body);
  }
  const {
    status,
    body,
    headers = {},
  } = answerRest(state, url, request.headers.get("if-none-match"));
  if (body === null) return new Response(null, { status, headers });
  if (typeof body === "string") return new Response(body, { status, headers });
  return Response.json(body, { status, headers });
}

function startProxy(
  target: number,
  requests: string[],
): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
  };
  const server = createServer((client) => {
    keep(client);
    client.once("data", (first) => {
      const [, asked = ""] = /^CONNECT (\S+) HTTP/.exec(first.toString("latin1")) ?? [];
      if (asked !== `${host}:443`) {
        requests.push(`REFUSED ${asked || first.toString("latin1").split("\r\n")[0]}`);
        client.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      const upstream = connect(target, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        client.pipe(upstream).pipe(client);
      });
      keep(upstream);
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = address !== null && typeof address === "object" ? address.port : 0;
      const stop = () =>
        new Promise<void>((done) => {
          for (const socket of sockets) socket.destroy();
          server.close(() => done());
        });
      resolve({ port, stop });
    });
  });
}
