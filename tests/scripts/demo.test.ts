import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chaptersFor } from "../../lib/demo/chapters.ts";
import { findProgram } from "../../lib/process.ts";
import { packagedAo } from "../../lib/smoke/target.ts";
import { makeSandbox, root, runScript } from "../process.ts";

const has = {
  tmux: findProgram("tmux", process.env) !== null,
  ao: packagedAo() !== undefined,
};

test("the whole story ends well within a minute and leaves nothing", async () => {
  using sandbox = makeSandbox();
  const start = performance.now();
  const { code, stdout } = await runScript("scripts/demo.ts", [], { sandbox, timeoutMs: 60_000 });
  expect({ code, stdout }).toMatchObject({ code: 0 });
  expect(performance.now() - start).toBeLessThan(60_000);
  const told = stdout.replace(/\s+/g, " ");
  for (const { text } of chaptersFor(has, "runs")) expect(told).toContain(text);
  expect(stdout).toContain("Compared with the start: not one byte differs");
  expect(stdout).toEndWith("\nOn your own disk, changing nothing:\n  bun run scripts/migrate.ts\n");
  expect(readdirSync(sandbox.home).filter((name) => name !== ".bun")).toEqual([]);
}, 70_000);

test("--keep leaves the disk for playing, and nothing that runs", async () => {
  using sandbox = makeSandbox();
  const { code, stdout } = await runScript("scripts/demo.ts", ["--keep", "--quiet"], {
    ...{ sandbox, timeoutMs: 60_000 },
  });
  const [, root = ""] = /then remove (.*):/.exec(stdout) ?? [];
  expect({ code, root }).toMatchObject({ code: 0, root: expect.stringContaining("/ao-demo-") });
  expect(existsSync(join(root, "home/.agent-orchestrator/config.yaml"))).toBe(true);
  const again = await runScript("scripts/migrate.ts", ["--home", join(root, "home"), "--json"]);
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout).inventory.liveTmuxSessions).toEqual([]);
}, 70_000);

test("without a place for its sandbox it says so", async () => {
  using sandbox = makeSandbox({ TMPDIR: "/no/such/place" });
  const { code, stdout, stderr } = await runScript("scripts/demo.ts", [], { sandbox });
  expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
  expect(stderr).toStartWith('error: Cannot make a sandbox in "/no/such/place": ENOENT\n');
});

test("a chapter that does not end as it should has its complaint shown", async () => {
  // With a tmux that only says it keeps a session, what is told is not what happens.
  using sandbox = makeSandbox();
  const bin = join(sandbox.home, "bin");
  const tmp = join(sandbox.home, "tmp");
  for (const dir of [bin, tmp]) mkdirSync(dir);
  const tmux =
    '#!/bin/sh\ncase "$*" in *new-session*) exit 0 ;; esac\necho no server running >&2\nexit 1\n';
  writeFileSync(join(bin, "tmux"), tmux, { mode: 0o755 });
  const env = { ...sandbox.env, TMPDIR: tmp, PATH: `${bin}:${sandbox.env.PATH}` };
  const given = { sandbox: { ...sandbox, env }, timeoutMs: 60_000 };
  const { code, stdout } = await runScript("scripts/demo.ts", [], given);
  expect(code).toBe(1);
  expect(stdout).toContain("Did not end as it should: migrate --execute --yes");
  expect(stdout).toContain('error: Cannot decide "same-repo:');
}, 70_000);

test("stopped at once, it leaves nothing either", async () => {
  using sandbox = makeSandbox();
  const tmp = join(sandbox.home, "tmp");
  mkdirSync(tmp);
  const child = Bun.spawn([process.execPath, "--no-env-file", join(root, "scripts/demo.ts")], {
    ...{ env: { ...sandbox.env, TMPDIR: tmp }, stdin: "ignore", stdout: "pipe", stderr: "ignore" },
  });
  let told = "";
  for await (const chunk of child.stdout) {
    told += new TextDecoder().decode(chunk);
    if (!told.includes("── 2.")) continue;
    child.kill("SIGTERM");
    child.kill("SIGINT");
    break;
  }
  expect({ code: await child.exited, left: readdirSync(tmp) }).toEqual({ code: 130, left: [] });
}, 30_000);
