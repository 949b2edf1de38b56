/**
 * Plain HTTP to the daemon under test: no proxy, no redirects, no retries, bounded in time.
 */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { errorCode } from "../errors.ts";

export interface HttpRequest {
  port: number;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  timeout: number;
}
/** An answer; `failure` instead of `status` when there was none. */
export interface HttpAnswer {
  status?: number;
  headers: Record<string, string>;
  body: string;
  json?: unknown;
  failure?: string;
  ms: number;
}

/** Bodies beyond this are cut; a daemon that answers without end must not fill memory. */
const bodyLimit = 2_000_000;

/** Sends one request and reads the whole answer. */
export function askHttp(asked: HttpRequest): Promise<HttpAnswer> {
  const started = performance.now();
  const took = () => performance.now() - started;
  return new Promise((resolve) => {
    const fail = (failure: string) => {
      clearTimeout(limit);
      resolve({ headers: {}, body: "", failure, ms: took() });
    };
    let sent: ClientRequest | undefined;
    const limit = setTimeout(() => {
      fail(`no answer within ${asked.timeout} ms`);
      sent?.destroy();
    }, asked.timeout);
    sent = openRequest(asked, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= bodyLimit) chunks.push(chunk);
        else answer.destroy();
      });
      answer.on("error", (error) => fail(describe(error)));
      answer.on("close", () => {
        clearTimeout(limit);
        const body = Buffer.concat(chunks).toString("utf8");
        const cut = !answer.complete && { failure: "the answer was cut off" };
        resolve({
          status: answer.statusCode ?? 0,
          headers: flat(answer),
          body,
          ...parsed(body),
          ...cut,
          ms: took(),
        });
      });
    });
    sent.on("error", (error) => fail(describe(error)));
    sent.end(asked.body);
  });
}

/** Opens a request whose answer is read by the caller, for streams. */
export function openRequest(
  asked: Omit<HttpRequest, "timeout">,
  onAnswer: (answer: IncomingMessage) => void,
): ClientRequest {
  const length =
    asked.body === undefined ? {} : { "content-length": String(Buffer.byteLength(asked.body)) };
  return request(
    {
      host: "127.0.0.1",
      port: asked.port,
      method: asked.method,
      path: asked.path,
      headers: { ...length, ...asked.headers },
      agent: false,
    },
    onAnswer,
  );
}

/** Header names in lower case, each with one text. */
export function flat(answer: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
  );
}

function parsed(body: string): { json?: unknown } {
  try {
    return { json: JSON.parse(body) };
  } catch {
    return {};
  }
}

function describe(error: Error): string {
  return errorCode(error) ?? error.message;
}
