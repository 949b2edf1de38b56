import { expect, test } from "bun:test";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { isAlive, runProcess, startProcess } from "../../../lib/smoke/processes.ts";
import {
  createSandbox,
  environmentFor,
  freePort,
  removeSandbox,
} from "../../../lib/smoke/sandbox.ts";
import { stageAgents, stageRepositories } from "../../../lib/smoke/staging.ts";
import { scratch } from "./real-ao.ts";

const make = (parent: string) =>
  createSandbox({ parent, marker: `test-${crypto.randomUUID()}`, path: process.env.PATH ?? "" });

test("its environment is all its own: no variable and no folder of the user", async () => {
  using folder = scratch();
  const sandbox = await make(folder.path);
  const { root, env } = sandbox;
  const elsewhere = Object.entries(env).filter(
    ([, value]) => value.startsWith("/") && !value.startsWith(root),
  );
  expect(elsewhere).toEqual([]);
  for (const part of env.PATH?.split(":") ?? []) expect(part).toStartWith(root);
  expect(env.HOME).not.toBe(process.env.HOME);
  // A socket path is limited to about a hundred bytes.
  expect(join(env.TMUX_TMPDIR ?? "", "tmux-1000/default").length - folder.path.length).toBeLessThan(
    40,
  );
  await removeSandbox(sandbox, false);
  expect(readdirSync(folder.path)).toEqual([]);
});

test("a PATH of chosen links holds these programs and no other", async () => {
  using folder = scratch();
  const sandbox = await make(folder.path);
  const { PATH = "", AO_PORT } = environmentFor(sandbox, { AO_PORT: null }, ["git", "sh"]);
  expect(readdirSync(PATH).sort()).toEqual(["git", "sh"]);
  expect(readlinkSync(join(PATH, "git"))).toStartWith("/");
  expect(AO_PORT).toBeUndefined();
  expect(() => environmentFor(sandbox, {}, ["no-such-program"])).toThrow("Cannot link");
});

test("taking it down ends what carries its mark, a process in a session of its own too", async () => {
  using folder = scratch();
  const sandbox = await make(folder.path);
  const { env, root } = sandbox;
  const { pid } = startProcess(
    { program: "/bin/sleep", args: ["600"], env, cwd: root },
    join(root, "log"),
  );
  const stubborn = startProcess(
    {
      program: "/bin/sh",
      args: ["-c", "trap '' TERM; sleep 600"],
      env: { ...env, PATH: "/bin:/usr/bin" },
      cwd: root,
    },
    join(root, "log"),
  );
  expect([isAlive(pid), isAlive(stubborn.pid)]).toEqual([true, true]);
  expect(await removeSandbox(sandbox, false)).toEqual([]);
  expect([isAlive(pid), isAlive(stubborn.pid)]).toEqual([false, false]);
  expect(existsSync(root)).toBe(false);
});

test("ports are below those that outgoing connections take, and never given twice", async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) expect(port).toBeLessThan(32_000);
});

test("a port that one walk was given is not given to another process while that walk lives", async () => {
  // Both draw the same numbers; a draw that somebody has already is followed by the next.
  const program = `
    import { freePort } from ${JSON.stringify(join(import.meta.dir, "../../../lib/smoke/sandbox.ts"))};
    const draws = Array.from({ length: 200 }, (_, n) => (Number(process.argv[1]) + n / 20_000) % 1);
    Math.random = () => draws.shift();
    console.log(await freePort());
    await Bun.stdin.text();
  `;
  const start = Math.random() * 0.9;
  const draw = () =>
    Bun.spawn([process.execPath, "-e", program, String(start)], { stdin: "pipe", stdout: "pipe" });
  const portOf = async ({ stdout }: { stdout: ReadableStream<Uint8Array> }) => {
    const { value } = await stdout.getReader().read();
    return Number(new TextDecoder().decode(value));
  };
  const first = draw();
  const port = await portOf(first);
  const second = draw();
  expect(await portOf(second)).not.toBe(port);
  first.kill("SIGKILL");
  await first.exited;
  const third = draw();
  expect(await portOf(third)).toBe(port);
  for (const one of [second, third]) {
    one.stdin.end();
    await one.exited;
  }
});

test("GH has a GitHub origin and a fetched main, LP has neither; agents answer probes at once", async () => {
  using folder = scratch();
  const sandbox = await make(folder.path);
  stageAgents(sandbox);
  const { gh, lp, originUrl } = await stageRepositories(sandbox, "acme/widgets");
  const ask = async (program: string, ...args: string[]) =>
    (
      await runProcess({ program, args, env: sandbox.env, cwd: sandbox.root, timeout: 5_000 })
    ).stdout.trim();
  const git = join(sandbox.root, "bin/git");
  expect(originUrl).toBe("https://github.com/acme/widgets.git");
  expect(await ask(git, "-C", gh, "remote", "get-url", "origin")).toBe(originUrl);
  expect(await ask(git, "-C", gh, "rev-parse", "--abbrev-ref", "origin/main")).toBe("origin/main");
  expect(await ask(git, "-C", lp, "remote")).toBe("");
  expect(await ask(join(sandbox.root, "agents/claude"), "--version")).toBe("1.0.0 (fake)");
});
