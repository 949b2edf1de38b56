import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import {
  commandOf,
  isAlive,
  isAoCommand,
  scanRunning,
} from "../../../../lib/storage/scan/running.ts";
import { deadPid } from "../../../disk/live.ts";
import { makeTemp } from "../../../temp.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("running");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const env = { PATH: process.env.PATH };

describe("a command line is AO's", () => {
  test.each([
    ["ao start"],
    ["/usr/local/bin/ao start"],
    ["agent-orchestrator daemon"],
    ["node /usr/lib/node_modules/@aoagents/ao/dist/index.js start"],
    ["node /usr/lib/node_modules/@aoagents/ao-cli/dist/index.js start"],
    ["/opt/node/bin/node --require ts-node --max-old-space-size=4096 /usr/bin/ao start"],
    ["node22 /home/me/.npm/bin/agent-orchestrator.js"],
    ["bun run /srv/node_modules/@composio/ao-cli/dist/index.js"],
    ["node /home/me/code/agent-orchestrator/packages/cli/dist/index.js start"],
    ["/bin/sh /usr/local/bin/ao start"],
    ["bash -o pipefail /usr/local/bin/ao start"],
    ["node -r x /usr/bin/ao"],
    ["node -C dev --require=y --import x /usr/bin/ao"],
    ["node --loader x --experimental-loader x --env-file x --conditions x /usr/bin/ao"],
    ["node --title x --print-no-warnings /usr/bin/ao"],
    ["bun --config x --preload x --cwd x /opt/ao.js"],
    ["tsx --tsconfig x /opt/ao.ts"],
    ["deno1.46.3 run /opt/ao.js"],
    ["zsh /opt/ao.sh"],
    ["dash /opt/ao"],
    ["nodejs /opt/ao.cjs"],
    ["node /opt/ao.mjs"],
    ["ao.exe start"],
    ["/opt/ao.cmd start"],
    ["node /home/me/agent-orchestrator/packages/ao/bin/run-c start"],
    ["bun /home/me/agent-orchestrator/packages/cli/src/index.ts"],
  ])("when it is `%s`", (line) => {
    expect(isAoCommand(line.split(" "))).toBe(true);
  });

  test.each([
    [""],
    ["vim /home/me/.agent-orchestrator/config.yaml"],
    ["code /home/me/code/agent-orchestrator"],
    ["less ao"],
    ["node /home/me/code/agent-orchestrator/node_modules/.bin/vite"],
    ["node -e ao /usr/bin/other"],
    ["node --require /usr/lib/node_modules/@aoagents/ao/hook.js /srv/server.js"],
    ["bash -c ao"],
    ["-zsh"],
    ["tail -f /home/me/.agent-orchestrator/ao"],
    ["aoss start"],
    ["node"],
    ["node /opt/ao.js.map"],
    ["node /opt/ao.ts.js"],
    ["nodemon /usr/bin/ao start"],
    ["mynode /usr/bin/ao start"],
    ["node /srv/app-r x /usr/bin/ao"],
    ["node --eval ao"],
    ["node --print ao"],
    ["node -p ao"],
    ["node -pe ao"],
    ["node /srv/node_modules/@aoagents/other/index.js"],
    ["node /home/me/agent-orchestrator/packages/web/dist/index.js"],
  ])("but not when it is `%s`", (line) => {
    expect(isAoCommand(line.split(" "))).toBe(false);
  });
});

test("a process that set its title is known by the first word of it", () => {
  expect(isAoCommand(["ao daemon: idle"])).toBe(true);
  expect(isAoCommand(["vim ao"])).toBe(false);
  expect(isAoCommand([])).toBe(false);
});

test("the words of a process that is gone are none, and those of this one have no empty end", () => {
  expect(commandOf(deadPid(), env)).toEqual([]);
  expect(commandOf(process.pid, env).at(-1)).not.toBe("");
});

test("this process lives, runs its tests, and is not AO", () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(commandOf(process.pid, env).join(" ")).toContain("test");
  expect(isAlive(deadPid())).toBe(false);
});

test("a run file is believed only when its process lives and is AO", () => {
  const path = `${dir}/running.json`;
  const scanned = (text: string) => {
    writeFileSync(path, text);
    const reader = new Reader();
    const found = scanRunning(reader, path, env);
    return [found, reader.faults.map(({ kind }) => kind)];
  };
  const facts = { path, port: 3000, pid: process.pid };
  expect(scanned(JSON.stringify({ pid: process.pid, port: 3000 }))).toEqual([
    { ...facts, alive: true, isAo: false },
    [],
  ]);
  const pid = deadPid();
  expect(scanned(JSON.stringify({ pid, port: "3000" }))).toEqual([
    { ...facts, pid, port: null, alive: false, isAo: false },
    [],
  ]);
  for (const odd of [-1, 0, 1.5, 2 ** 60, "1", null]) {
    expect(scanned(JSON.stringify({ pid: odd }))).toEqual([
      { path, pid: null, port: null, alive: false, isAo: false },
      [],
    ]);
  }
  expect(scanned("not json")).toEqual([null, ["corrupt"]]);
});

test("a process that was killed does not live on for nobody having asked how it ended", async () => {
  // What the shell started becomes a child of sleep, which asks for nothing.
  const parent = Bun.spawn(["sh", "-c", "sleep 60 & echo $!; exec sleep 60"], { stdout: "pipe" });
  const { value } = await parent.stdout.getReader().read();
  const pid = Number(Buffer.from(value ?? []).toString());
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, "SIGKILL");
  for (let look = 0; look < 50 && isAlive(pid); look += 1) await Bun.sleep(10);
  expect(process.kill(pid, 0)).toBe(true);
  // Only Linux says so in a file.
  expect(isAlive(pid)).toBe(process.platform !== "linux");
  parent.kill("SIGKILL");
  await parent.exited;
});
