import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { makeSandbox, root, runScript } from "../process.ts";

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
  expect(outcome.stdout).toContain("Nothing to do: this disk is V3.");
  const { stdout } = await call(["rollback", "--help"]);
  expect(stdout).toContain("Usage: bun run scripts/aokit.ts rollback [flags] [ID]");
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
