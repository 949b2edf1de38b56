/**
 * Stands in front of a real AO daemon and makes it misbehave: `proxy-daemon.ts REAL FAULT_JSON`.
 *
 * It is started as `ao daemon` would be. The real daemon has a port and run file of its own; the
 * run file that everybody reads names the real process and this proxy's port.
 */
import { Database } from "bun:sqlite";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { freePort } from "../../lib/smoke/sandbox.ts";
import type { Fault, HttpFault } from "./faults.ts";

const [real = "", faultFile = ""] = process.argv.slice(2);
const fault = JSON.parse(readFileSync(faultFile, "utf8")) as Fault;
const env = process.env as Record<string, string>;
const port = Number(env.AO_PORT);
const runFile = env.AO_RUN_FILE ?? "";
const inner = join(dirname(runFile), "inner.json");
const innerPort = await freePort();

const earlier = existsSync(inner)
  ? (JSON.parse(readFileSync(inner, "utf8")) as { port: number }).port
  : innerPort;
const child = spawn(real, ["daemon"], {
  env: { ...env, AO_PORT: String(innerPort), AO_RUN_FILE: inner },
  stdio: ["ignore", "pipe", "pipe"],
});
for (let left = fault.noise ?? 0; left > 0; left -= 1_000) {
  writeSync(1, `${"noise ".repeat(166)}   \n`);
}
const lost = fault.loseLog === undefined ? undefined : new RegExp(fault.loseLog);
// Only where a port is meant: a process id can be the same number.
const ownPorts = new RegExp(`(127\\.0\\.0\\.1:|port )(${innerPort}|${earlier})\\b`, "g");
for (const [from, to] of [
  [child.stdout, process.stdout],
  [child.stderr, process.stderr],
] as const) {
  from.on("data", (chunk: Buffer) => {
    for (const line of chunk.toString().split(/(?<=\n)/)) {
      if (lost?.test(line)) continue;
      to.write(line.replace(ownPorts, `$1${port}`));
    }
  });
}
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => {
  if (served) rmSync(runFile, { force: true });
  process.exit(signal === null ? (code ?? 1) : 1);
});

let served = false;
while (
  !existsSync(inner) ||
  (JSON.parse(readFileSync(inner, "utf8")) as { pid: number }).pid !== child.pid
) {
  await Bun.sleep(5);
}
if (fault.sql !== undefined) {
  const database = new Database(join(env.AO_DATA_DIR ?? "", "ao.db"));
  database.run("PRAGMA busy_timeout = 5000");
  database.exec(fault.sql);
  database.close();
}
createServer(serve).listen(port, "127.0.0.1", () => {
  const facts = JSON.parse(readFileSync(inner, "utf8")) as Record<string, unknown>;
  writeFileSync(`${runFile}.tmp`, `${JSON.stringify({ ...facts, port }, null, 2)}\n`);
  renameSync(`${runFile}.tmp`, runFile);
  served = true;
});

function serve(asked: IncomingMessage, answer: ServerResponse): void {
  const line = `${asked.method} ${asked.url}`;
  const found = fault.http?.find((one) => new RegExp(one.match).test(line));
  if (found?.hang) return;
  if (found?.swallow !== undefined) {
    answer.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(found.swallow);
    return;
  }
  if (found?.signal !== undefined && child.pid !== undefined) process.kill(child.pid, found.signal);
  const path = found?.withoutQuery ? (asked.url ?? "/").split("?")[0] : asked.url;
  const onward = request(
    {
      host: "127.0.0.1",
      port: innerPort,
      method: asked.method,
      path,
      headers: asked.headers,
      agent: false,
    },
    (got) => respond(got, answer, { found, path: asked.url ?? "" }),
  );
  onward.on("error", () => answer.destroy());
  answer.on("close", () => onward.destroy());
  asked.pipe(onward);
}

function respond(
  got: IncomingMessage,
  answer: ServerResponse,
  { found, path }: { found: HttpFault | undefined; path: string },
): void {
  const applies =
    found && (found.onlyStatus === undefined || found.onlyStatus === got.statusCode)
      ? found
      : undefined;
  if (String(got.headers["content-type"]).startsWith("text/event-stream")) {
    answer.writeHead(got.statusCode ?? 200, got.headers);
    answer.flushHeaders();
    relayFrames(got, answer, path);
    return;
  }
  const chunks: Buffer[] = [];
  got.on("data", (chunk: Buffer) => chunks.push(chunk));
  got.on("end", () => {
    const { "content-length": _, "transfer-encoding": __, ...headers } = got.headers;
    let body = Buffer.concat(chunks).toString();
    if (applies?.killSession) killSession(body);
    if (applies?.replace) body = body.replace(new RegExp(applies.replace[0]), applies.replace[1]);
    if (applies?.body !== undefined) body = applies.body;
    if (applies?.contentType) headers["content-type"] = applies.contentType;
    answer.writeHead(applies?.status ?? got.statusCode ?? 502, {
      ...headers,
      "content-length": Buffer.byteLength(body),
    });
    answer.end(body);
  });
}

/** Every event goes on; the second may be lost or doubled, the first two of a replay swapped. */
function relayFrames(got: IncomingMessage, answer: ServerResponse, path: string): void {
  let rest = "";
  let count = 0;
  let held = "";
  // Only a replay has a second event for certain.
  const swap = fault.frames === "swap" && path.includes("after=0");
  got.on("data", (chunk: Buffer) => {
    rest += chunk.toString();
    const frames = rest.split(/(?<=\n\n)/);
    rest = frames.at(-1)?.endsWith("\n\n") ? "" : (frames.pop() ?? "");
    for (const frame of frames) {
      count++;
      if (swap && count === 1) {
        held = frame;
        continue;
      }
      if (fault.frames === "lose-second" && count === 2) continue;
      answer.write(frame);
      if (fault.frames === "double-second" && count === 2) answer.write(frame);
      if (held !== "") answer.write(held);
      held = "";
    }
  });
  got.on("end", () => answer.end());
}

function killSession(body: string): void {
  const { session } = JSON.parse(body) as { session?: { id?: string } };
  const tmux = Bun.which("tmux", { PATH: env.PATH ?? "" });
  if (tmux !== null) Bun.spawnSync([tmux, "kill-session", "-t", `=${session?.id}`], { env });
}
