/** The single executable: built once, then run where nothing of ours is and everything is hostile. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { makeSandbox, runScript, type Sandbox } from "../process.ts";

let sandbox: Sandbox;
let folder: string;
let program: string;

beforeAll(async () => {
  sandbox = makeSandbox();
  folder = join(sandbox.home, "project");
  program = join(sandbox.home, "bin/aokit");
  const { code, stdout, stderr } = await runScript("scripts/build.ts", ["--outfile", program], {
    ...{ sandbox, timeoutMs: 60_000 },
  });
  expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
  makeHostile();
}, 70_000);
afterAll(() => {
  rmSync(program, { force: true });
  sandbox[Symbol.dispose]();
});

/** A project whose settings would show: another home, colours, code that leaves a file. */
function makeHostile(): void {
  const evil = `require("node:fs").writeFileSync("pwned", "");`;
  const files = {
    ".env": `HOME=/nowhere\nFORCE_COLOR=1\nBUN_OPTIONS=--preload=${folder}/evil.js\n`,
    ".env.local": "HOME=/nowhere\n",
    "bunfig.toml": 'preload = ["./evil.js"]\n',
    "package.json": '{"name":"hostile","type":"commonjs","imports":{"#x":"./evil.js"}}',
    "tsconfig.json": '{"compilerOptions":{"paths":{"yaml":["./evil.js"],"*":["./evil.js"]}}}',
    "evil.js": evil,
    "node_modules/yaml/package.json": '{"name":"yaml","main":"index.js"}',
    "node_modules/yaml/index.js": evil,
    "../.agent-orchestrator/config.yaml":
      "# flow style needs the full parser\nprojects: {a: {path: /a}}\n",
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function aokit(...args: string[]) {
  const { PATH } = sandbox.env;
  const env = { ...sandbox.env, PATH: `${dirname(program)}:${PATH}` };
  const child = Bun.spawnSync([program, ...args], { cwd: folder, env, timeout: 60_000 });
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

test("it needs nothing else and loads nothing from the directory where it runs", () => {
  const { code, out, err } = aokit("migrate", "--json");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(JSON.parse(out).inventory.aoBaseDir).toBe(join(sandbox.home, ".agent-orchestrator"));
  expect(aokit("--help").out).not.toContain("\x1b");
  expect(existsSync(join(folder, "pwned"))).toBe(false);
});

test("it is the package's version, and its messages name it", () => {
  expect(aokit("--version").out).toBe(`${manifest.version}\n`);
  expect(aokit("migrate", "--help").out).toContain("Usage: aokit migrate [flags]");
  const { code, err } = aokit("migrate", "--plan", "x.json");
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining("--plan") });
});

test("it has the smoke lanes and their known issues in it", () => {
  const { code, out } = aokit("smoke-runbook", "--list");
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("3.1 ") });
});

test("it tells the whole story of the demo", () => {
  const { code, out } = aokit("demo");
  expect({ code, out }).toMatchObject({ code: 0 });
  expect(out).toContain("\n  aokit rollback v3-");
  expect(out).toContain("Compared with the start: not one byte differs");
}, 60_000);

test("a place that cannot be written is reported", async () => {
  const file = join(folder, "evil.js/aokit");
  const { code, stderr } = await runScript("scripts/build.ts", ["--outfile", file], { sandbox });
  expect({ code, stderr }).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("Cannot write"),
  });
});
