/** Valid contents of AO's files, with the variants that readers tell apart. */

import type { Json } from "../../lib/edits.ts";
import { hostilePath, hostileText, objectOf } from "./hostile.ts";
import type { Random } from "./random.ts";

/** Stands for the directory that nothing may change, until an input is put on a disk. */
export const outsideWord = "@OUTSIDE@";
/** Stands for the home directory. */
export const homeWord = "@HOME@";

type JsonObject = { [key: string]: Json };

/** The fields whose dice fell well. */
export function some(random: Random, fields: JsonObject, probability = 0.7): JsonObject {
  return objectOf(Object.entries(fields).filter(() => random.chance(probability)));
}

/** A path as a file names it: mostly a good one. */
export function somePath(random: Random, good: string): string {
  return random.chance(0.85) ? good : hostilePath(random, outsideWord);
}

function handle(random: Random): JsonObject {
  const number = random.int(20);
  return {
    id: random.pick([`int-${number}`, `aabbccddeeff-int-${number}`, `int-int-${number}`]),
    runtimeName: random.pick(["tmux", "process"]),
    data: {
      createdAt: 1_776_679_200_000,
      workspacePath: somePath(random, `${homeWord}/.worktrees/integrator/int-${number}`),
    },
  };
}

function lifecycle(random: Random): JsonObject {
  return {
    version: 2,
    session: { kind: "worker", state: "working", startedAt: "2026-04-20T10:00:00.000Z" },
    pr: { state: "none", number: null, url: null },
    runtime: some(random, { state: "alive", handle: handle(random), tmuxName: "int-1" }, 0.8),
  };
}

/** The fields that both formats of session metadata share. */
function sessionFields(random: Random): JsonObject {
  const number = random.int(20);
  return {
    project: random.pick(["integrator", "web", "integrator_0123456789"]),
    projectId: "integrator",
    sessionId: `int-${number}`,
    branch: random.pick([`feat/int-${number}`, "main", "-f", "refs/heads/../x"]),
    issue: `INT-${number}`,
    status: random.pick(["working", "pr_open", "killed", ""]),
    worktree: somePath(random, `${homeWord}/.worktrees/integrator/int-${number}`),
    workspacePath: somePath(random, `${homeWord}/.worktrees/integrator/int-${number}`),
    tmuxName: random.pick([`int-${number}`, `aabbccddeeff-int-${number}`]),
    role: random.pick(["orchestrator", "worker"]),
    agent: random.pick(["codex", "claude-code"]),
    pr: `https://github.com/o/integrator/pull/${number}`,
    createdAt: "2026-04-20T10:00:00.000Z",
    summary: random.chance(0.3) ? hostileText(random) : "Fix the flaky test",
  };
}

/** Session metadata since V2. */
export function sessionJson(random: Random): JsonObject {
  return some(random, {
    ...sessionFields(random),
    prAutoDetect: random.chance(0.5),
    dashboard: { port: 3000, terminalWsPort: 14_800 },
    runtimeHandle: random.chance(0.7) ? handle(random) : JSON.stringify(handle(random)),
    lifecycle: lifecycle(random),
    stateVersion: "2",
  });
}

/** Session metadata of V0 and V1, as key → text. */
export function sessionRecord(random: Random): JsonObject {
  return some(random, {
    ...sessionFields(random),
    prAutoDetect: random.pick(["on", "off", "maybe"]),
    dashboardPort: random.pick(["3000", "", "1e5", "0x10", "NaN"]),
    terminalWsPort: "14800",
    runtimeHandle: JSON.stringify(handle(random)),
    statePayload: JSON.stringify(lifecycle(random)),
    stateVersion: "2",
    userPrompt: "retry = 3 # not a comment",
  });
}

/** `key=value` lines, with comments, blanks and both line ends. */
export function keyValueText(random: Random, value: Json): string {
  const newline = random.pick(["\n", "\n", "\n", "\r\n", "\r"]);
  const blank = () => random.pick(["", "", "", " ", "\t", "\u00a0", "\ufeff"]);
  const pairs = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const lines = pairs.map(([key, item]) => {
    const text = typeof item === "string" ? item : JSON.stringify(item);
    return `${blank()}${key}${blank()}=${blank()}${text}${blank()}`;
  });
  if (random.chance(0.2)) lines.push("# a comment = no pair", "", "no pair", "=no key");
  if (random.chance(0.1) && lines.length > 0) lines.push(random.pick(lines));
  return lines.join(newline) + random.pick(["", newline]);
}

function project(random: Random, name: string): JsonObject {
  return {
    path: somePath(random, random.pick([`${homeWord}/repos/${name}`, `~/repos/${name}`])),
    ...some(random, {
      projectId: random.pick([name, `${name}_0123456789`]),
      name,
      displayName: random.chance(0.3) ? hostileText(random) : name,
      repo: random.chance(0.5)
        ? `o/${name}`
        : { owner: "o", name, platform: "github", originUrl: `https://github.com/o/${name}.git` },
      defaultBranch: "main",
      sessionPrefix: random.pick(["int", "web", "", "-", "a".repeat(200)]),
      source: "ao-project-add",
      registeredAt: 1_776_679_200,
      storageKey: random.pick<Json>(["aabbccddeeff", `aabbccddeeff-${name}`, 7e30, "7e3", ""]),
    }),
  };
}

/** The registry, `config.yaml`, and V1's `agent-orchestrator.yaml`. */
export function configValue(random: Random): JsonObject {
  const names = ["integrator", "web", "api-2", "Tools"].slice(0, random.int(5));
  const listed = random.chance(0.2);
  return {
    ...some(random, {
      schemaVersion: random.pick([2, 3]),
      port: 3000,
      dataDir: somePath(random, "~/.ao-sessions"),
      worktreeDir: somePath(random, "~/.ao-worktrees"),
      defaults: { runtime: "tmux", agent: "claude-code", notifiers: ["desktop"] },
      projectOrder: names,
      myOwnKey: "stays",
    }),
    projects: listed
      ? names.map((name) => project(random, name))
      : objectOf(names.map((name) => [name, project(random, name)])),
  };
}
