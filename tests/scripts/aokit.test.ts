import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDisk } from "../disk/build.ts";
import { makeSandbox, root, runScript } from "../process.ts";
import { sandboxOf } from "./migrate/call.ts";

const call = (args: string[], sandbox?: ReturnType<typeof makeSandbox>) =>
  runScript("scripts/aokit.ts", args, sandbox === undefined ? {} : { sandbox });

test("every script is a command", async () => {
  const { stdout } = await call(["--help"]);
  const names = readdirSync(join(root, "scripts"))
    .map((file) => file.replace(/\.ts$/, ""))
    .filter((name) => !["aokit", "build"].includes(name));
  for (const name of names) expect(stdout).toContain(`\n  ${name} `);
});

test("a command is the script itself, and its messages name it so", async () => {
  using sandbox = makeSandbox();
  const outcome = await call(["--quiet", "migrate", "--exit-code"], sandbox);
  expect(outcome).toMatchObject({ code: 0, stderr: "" });
  expect(outcome.stdout).toContain("Nothing to do: no AO state in");
  const { stdout } = await call(["rollback", "--help"]);
  expect(stdout).toContain("Usage: bun run scripts/aokit.ts rollback [flags] [ID]");
});

test("without a command it says which there are, and where to read about them", async () => {
  const { code, stdout, stderr } = await call([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(
    /one of migrate, .*\n.*what each does: bun run scripts\/aokit.ts --help\n$/,
  );
});

test("a word that is no command is refused with the nearest one", async () => {
  const { code, stderr } = await call(["migrat"]);
  expect(code).toBe(2);
  expect(stderr).toContain("did you mean migrate?");
});

test("a shell without completions is refused", async () => {
  const { code, stderr } = await call(["completions", "tcsh"]);
  expect({ code, stderr }).toMatchObject({ code: 2 });
  expect(stderr).toContain('Cannot complete "tcsh": expected bash, zsh, fish');
});

test("hints name the command as it was called, for the same disk", async () => {
  using disk = makeDisk({ projects: [{ name: "integrator", layout: "v1", builtWorktrees: 0 }] });
  const sandbox = sandboxOf(disk);
  const aokit = (...args: string[]) => call([...args, "--base-dir", disk.baseDir], sandbox);
  const prefix = "bun run scripts/aokit.ts";
  const suffix = `--base-dir ${disk.baseDir}\n`;

  const unknown = await aokit("rollback", "v3-none");
  expect(unknown.stderr).toEndWith(`hint: ${prefix} rollback --list ${suffix}`);

  const plan = join(disk.home, "plan.json");
  expect((await aokit("migrate", "--output", plan)).code).toBe(0);
  const done = await aokit("migrate", "--execute", "--yes", "--json");
  const { id, dir } = JSON.parse(done.stdout);
  const stale = await aokit("migrate", "--execute", "--yes", "--plan", plan);
  expect(stale.stderr).toEndWith(`: ${prefix} migrate --output plan.json ${suffix}`);

  const journal = join(dir, "journal.jsonl");
  const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
  writeFileSync(journal, `${lines.slice(0, -1).join("\n")}\n`);
  const halfWay = await aokit("migrate", "--execute", "--yes");
  expect(halfWay.code).toBe(4);
  expect(halfWay.stderr).toContain(`to go on with it: ${prefix} migrate --resume ${suffix}`);
  expect(halfWay.stderr).toContain(`to take it back: ${prefix} rollback ${id} ${suffix}`);
});
