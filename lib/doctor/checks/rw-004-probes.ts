import { existsSync } from "node:fs";
import { type Check, type Finding, pass } from "../check.ts";
import type { Facts } from "../facts.ts";
import { get, type Reply } from "../loopback.ts";
import { readRunFile } from "../run-file.ts";
import { quoted } from "../shell.ts";
import { noRewrite } from "../store-report.ts";

const service = "agent-orchestrator-daemon";

export const probes: Check = {
  id: "AO-RW-004",
  section: "rewrite",
  title: "/healthz and /readyz",
  cost: "loopback",
  explain: {
    what: "Whether the daemon answers on its port, is ready, and is the process that the run file names.",
    why: "A daemon that accepts and says nothing looks alive to everybody else; another one on its port answers for somebody else's data.",
    found: "GET /healthz and /readyz on 127.0.0.1, two seconds each, without a proxy.",
    mended:
      "`ao stop`, or `kill` with its pid when it does not answer that either, then start it again; its log, where it writes one, says why.",
    source: "The rewrite's probes.",
  },
  async run(facts) {
    if (!facts.rewrite.present) return { skip: noRewrite };
    const run = readRunFile(facts);
    if (run.state !== "alive") return { skip: "the daemon does not run" };
    const [health, ready] = await Promise.all([
      get(run.port, "/healthz"),
      get(run.port, "/readyz"),
    ]);
    const findings = [
      ...judge("/healthz", health, "ok", run.pid),
      ...judge("/readyz", ready, "ready", run.pid),
    ];
    if (findings.length > 0) {
      const log = logOf(facts);
      // Not every build writes one. `ao stop` leaves a daemon alone that does not answer.
      const remedy = existsSync(log) ? `tail ${quoted(log)}` : `ao stop || kill ${run.pid}`;
      return { summary: "probes", findings: findings.map((finding) => ({ ...finding, remedy })) };
    }
    return pass(`ready, pid ${run.pid} on port ${run.port}`);
  },
};

function judge(path: string, reply: Reply, status: string, pid: number): Finding[] {
  const fail = (message: string): Finding[] => [{ level: "fail", message }];
  if (reply.state === "refused") return fail(`Nobody listens for ${path}, though pid ${pid} lives`);
  if (reply.state === "silent") return fail(`The daemon accepts ${path} and does not answer`);
  const body = reply.state === "answered" ? parse(reply.body) : null;
  if (reply.state !== "answered" || body?.service !== service)
    return fail(`What answers ${path} is not AO's daemon`);
  if (body.pid !== pid) return fail(`${path} answers for pid ${body.pid}, not for ${pid}`);
  if (reply.status !== 200 || body.status !== status) {
    const message = `${path} says ${reply.status} ${String(body.status)} instead of ${status}`;
    return [{ level: "warn", message }];
  }
  return [];
}

function parse(text: string): { service?: unknown; pid?: unknown; status?: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function logOf({ rewrite }: Facts): string {
  return `${rewrite.runFile.slice(0, rewrite.runFile.lastIndexOf("/"))}/daemon.log`;
}
