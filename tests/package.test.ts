/** The package as `npm pack` makes it, put where an install would put it. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { makeSandbox, root, type Sandbox } from "./process.ts";

let sandbox: Sandbox;
let project: string;
let files: string[];

beforeAll(() => {
  sandbox = makeSandbox();
  project = join(sandbox.home, "project");
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  const [packed] = JSON.parse(run(root, "npm", "pack", "--json", "--pack-destination", project));
  files = packed.files.map(({ path }: { path: string }) => path);
  run(modules, "tar", "-xzf", join(project, packed.filename));
  run(modules, "mv", "package", manifest.name);
  writeFileSync(join(project, "package.json"), '{"name":"somebody","private":true}');
  // An install brings the dependencies and links the programs; here without a registry.
  for (const name of [...Object.keys(manifest.dependencies), "@clack/core"]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  symlinkSync(process.execPath, join(modules, ".bin/bun"));
  for (const [name, path] of Object.entries(manifest.bin)) {
    chmodSync(join(modules, manifest.name, path), 0o755);
    symlinkSync(join("..", manifest.name, path), join(modules, ".bin", name));
  }
}, 60_000);
afterAll(() => sandbox[Symbol.dispose]());

function run(cwd: string, ...command: string[]): string {
  const PATH = `${join(project, "node_modules/.bin")}:${sandbox.env.PATH}`;
  const env = {
    ...sandbox.env,
    PATH,
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
  };
  const child = Bun.spawnSync(command, { cwd, env, timeout: 50_000 });
  const output = child.stdout.toString();
  if (!child.success) throw new Error(`${command.join(" ")}\n${output}\n${child.stderr}`);
  return output;
}

test("it holds what runs and what explains it, and no tests", () => {
  for (const path of ["README.md", "LICENSE", "schemas/config.schema.json", "lib/cli.ts"]) {
    expect(files).toContain(path);
  }
  for (const path of Object.values(manifest.bin)) expect(files).toContain(path);
  expect(files.filter((path) => /^(tests|\.ci|dist|node_modules)\//.test(path))).toEqual([]);
});

test("every program of it starts, by itself and through npx and bunx", () => {
  const bunx = join(sandbox.home, "bunx");
  symlinkSync(process.execPath, bunx);
  for (const name of Object.keys(manifest.bin)) {
    const text = run(project, join("node_modules/.bin", name), "--version");
    expect({ name, text }).toEqual({ name, text: `${manifest.version}\n` });
  }
  expect(run(project, "npx", "--no-install", "ao-migrate")).toContain(
    "Nothing to do: no AO state in",
  );
  expect(run(project, bunx, "--no-install", "aokit", "migrate")).toContain(
    "Nothing to do: no AO state in",
  );
}, 60_000);

test("a script that reads files beside it finds them", () => {
  const listing = run(project, "node_modules/.bin/ao-smoke-runbook", "--list");
  expect(listing).toContain("3.1 ");
});

test("publint has nothing to say", () => {
  const publint = join(root, "node_modules/publint/src/cli.js");
  const flags = [
    "run",
    "--strict",
    "--pack",
    "false",
    join(project, "node_modules", manifest.name),
  ];
  expect(run(root, process.execPath, publint, ...flags)).toContain("All good!");
});
