/**
 * One GET to a daemon on 127.0.0.1, by hand: no proxy of the environment is asked, nothing is
 * followed, and a daemon that accepts and says nothing costs no more than the time allowed.
 */

import { connect } from "node:net";
import { errorCode } from "../errors.ts";

export type Reply =
  | { state: "answered"; status: number; body: string }
  | { state: "refused" | "silent" | "garbled" };

/** The daemon's own client waits this long. */
const defaultLimitMs = 2000;
const maxBytes = 64 * 1024;

/** Asks and waits for the whole answer. Never rejects. */
export async function get(port: number, path: string, limitMs = defaultLimitMs): Promise<Reply> {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const socket = connect({ host: "127.0.0.1", port });
  const chunks: Buffer[] = [];
  let bytes = 0;
  const end = (reply: Reply) => {
    clearTimeout(timer);
    socket.destroy();
    resolve(reply);
  };
  const finish = () => end(parse(Buffer.concat(chunks).toString("utf8")));
  const timer = setTimeout(() => setTimeout(() => end({ state: "silent" }), 20), limitMs);
  socket.on("connect", () => {
    // HTTP/1.0: the answer comes in one piece and the connection ends with it.
    socket.write(`GET ${path} HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  });
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) end({ state: "garbled" });
    else chunks.push(chunk);
  });
  socket.on("end", finish);
  socket.on("error", (error) => {
    if (bytes > 0) finish();
    else end({ state: errorCode(error) === "ECONNREFUSED" ? "refused" : "silent" });
  });
  return await promise;
}

function parse(text: string): Reply {
  const [, status, rest] = /^HTTP\/1\.[01] (\d{3})[^\r\n]*\r\n(.*)$/s.exec(text) ?? [];
  const blank = rest?.indexOf("\r\n\r\n") ?? -1;
  if (status === undefined || rest === undefined || blank === -1) return { state: "garbled" };
  return { state: "answered", status: Number(status), body: rest.slice(blank + 4) };
}
