import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  hasSession,
  isTmuxName,
  killSession,
  listSessions,
  newSession,
  renameSession,
} from "../../lib/tmux.ts";
import { testEnv } from "../disk/repos.ts";
import { makeTemp } from "../temp.ts";

const root = makeTemp("tmux");
const env: Record<string, string> = { ...testEnv(root, root), TMUX: "/outer/socket,1,0" };

function tmux(...args: string[]): string {
  return Bun.spawnSync(["tmux", ...args], { env: testEnv(root, root) }).stdout.toString();
}

afterEach(() => {
  tmux("kill-server");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function start(name: string): void {
  newSession({ name, cwd: root, command: ["sleep", "300"] }, env);
}

/** A pane's process is tmux itself until it has changed directory and started its program. */
async function eventually<Value>(expected: Value, look: () => Value): Promise<void> {
  for (let tries = 0; tries < 200 && !Bun.deepEquals(look(), expected); tries += 1) {
    await Bun.sleep(10);
  }
  expect(look()).toEqual(expected);
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

describe("listSessions", () => {
  test("is empty without a server and null without tmux", () => {
    expect(listSessions(env)).toEqual([]);
    expect(listSessions({ ...env, PATH: root })).toBeNull();
    expect(hasSession("int-1", env)).toBe(false);
  });

  test("gives every session once, with the pids of all its panes and its directory", async () => {
    const odd = join(root, "a: b #{session_name} é");
    mkdirSync(odd);
    newSession({ name: "int-1", cwd: odd, command: ["sleep", "300"] }, env);
    start("ao-orchestrator");
    tmux("split-window", "-t", "=int-1:", "sleep 300");
    await eventually(
      [
        ["ao-orchestrator", root],
        ["int-1", odd],
      ],
      () => listSessions({ ...env, LC_ALL: "C" })?.map(({ name, path }) => [name, path]) ?? [],
    );
    const sessions = listSessions(env);
    expect(sessions?.map(({ panePids }) => panePids.length)).toEqual([1, 2]);
    for (const { panePids } of sessions ?? []) {
      for (const pid of panePids) process.kill(pid, 0);
    }
  });
});

describe("renameSession", () => {
  test("renames exactly that session, and its pane runs on", () => {
    start("int-1");
    start("int-10");
    const pids = listSessions(env)?.find(({ name }) => name === "int-10")?.panePids;
    renameSession("int-10", "int-2", env);
    expect(listSessions(env)?.map(({ name }) => name)).toEqual(["int-1", "int-2"]);
    expect(listSessions(env)?.[1]?.panePids).toEqual(pids ?? []);
  });

  test("never takes a prefix for the name, nor a name that is taken or that tmux would alter", () => {
    start("int-1");
    start("int-10");
    expect(() => renameSession("int", "x-1", env)).toThrow("can't find session");
    expect(() => renameSession("int-1", "int-10", env)).toThrow("duplicate session");
    for (const name of ["a.b-1", "a:b", "", "-x", "#(touch x)", "a b", "$1"]) {
      expect(() => renameSession("int-1", name, env)).toThrow("tmux would alter it");
    }
    expect(listSessions(env)?.map(({ name }) => name)).toEqual(["int-1", "int-10"]);
  });
});

describe("newSession", () => {
  test("runs a command without a shell, in its directory, with its variables", async () => {
    const words = [
      "sh",
      "-c",
      'printf "%s|" "$PWD" "$GREETING" "$@"; echo',
      "sh",
      "$HOME",
      "two words;",
      "#{pid}",
    ];
    const out = join(root, "out");
    const command = ["sh", "-c", `"$@" > ${out}; sleep 300`, "sh", ...words];
    const variables = { GREETING: "hello #{pid}; you;" };
    newSession({ name: "int-1", cwd: root, command, variables }, env);
    const expected = `${root}|hello #{pid}; you;|$HOME|two words;|#{pid}|\n`;
    await eventually(expected, () => textOf(out));
  });

  test("a single word is a program's name, not shell text", async () => {
    newSession({ name: "int-1", cwd: root, command: ["cat"] }, env);
    const pid = listSessions(env)?.[0]?.panePids[0] ?? 0;
    await eventually("cat\0", () => textOf(`/proc/${pid}/cmdline`));
  });

  test("a taken name and a missing directory are refused", () => {
    start("int-1");
    expect(() => start("int-1")).toThrow("duplicate session");
    const cwd = join(root, "gone");
    expect(() => newSession({ name: "int-2", cwd, command: ["cat"] }, env)).toThrow("gone");
  });
});

test("killSession ends exactly that session, and one that is not there is no error", () => {
  start("int-1");
  start("int-10");
  killSession("int", env);
  killSession("int-1", env);
  expect(hasSession("int-1", env)).toBe(false);
  expect(hasSession("int-10", env)).toBe(true);
});

test("isTmuxName takes AO's names of every generation", () => {
  for (const name of ["int-1", "a3b4c5d6e7f8-int-1", "ao-ao-orchestrator", "be_2-orchestrator-8"]) {
    expect(isTmuxName(name)).toBe(true);
  }
});
