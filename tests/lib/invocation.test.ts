import { expect, test } from "bun:test";
import { realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executableCall, invocationOf, siblingCall } from "../../lib/invocation.ts";
import { makeSandbox, root } from "../process.ts";

test("the last name of a call is replaced, however it was called", () => {
  const calls = [
    ["bun run scripts/migrate.ts", "bun run scripts/rollback.ts"],
    ["bun run /opt/migrate.ts/migrate/migrate.ts", "bun run /opt/migrate.ts/migrate/rollback.ts"],
    ["bun run 'my tools/migrate-sessions.ts'", "bun run 'my tools/rollback.ts'"],
    ["aokit migrate", "aokit rollback"],
    ["'/my tools/aokit' migrate-sessions", "'/my tools/aokit' rollback"],
    ["npx aokit migrate", "npx aokit rollback"],
    ["npx ao-migrate-sessions", "npx ao-rollback"],
  ] as const;
  for (const [call, expected] of calls) expect(siblingCall(call, "rollback")).toBe(expected);
});

test("a script is called again by its path from here", () => {
  const call = (path: string, cwd: string) => invocationOf({ path }, { cwd, env: {} });
  expect(call("/repo/scripts/x.ts", "/repo")).toBe("bun run scripts/x.ts");
  expect(call("/repo/scripts/x.ts", "/repo/scripts")).toBe("bun run x.ts");
  expect(call("/repo/scripts/x.ts", "/home")).toBe("bun run /repo/scripts/x.ts");
  expect(call("/re po/x's.ts", "/")).toBe("bun run 're po/x'\\''s.ts'");
});

test("what npx ran is called through npx again, by the same name", () => {
  const bin = { aokit: "scripts/aokit.ts", "ao-migrate": "scripts/migrate.ts" };
  const call = (name: string, line: string) => {
    const env = { npm_lifecycle_event: "npx", npm_lifecycle_script: line };
    return invocationOf({ path: `/repo/scripts/${name}.ts`, bin }, { cwd: "/repo", env });
  };
  expect(call("aokit", "'aokit' migrate")).toBe("npx aokit");
  expect(call("migrate", "ao-migrate --json")).toBe("npx ao-migrate");
  // What aokit started is not what npx started.
  expect(call("migrate", "aokit demo")).toBe("bun run scripts/migrate.ts");
});

test("what npm ran in the package itself is called through npx, by the name of its program", () => {
  const bin = { aokit: "scripts/aokit.ts" };
  const call = (path: string, cwd: string) =>
    invocationOf({ path, bin }, { cwd, env: { npm_execpath: "/usr/lib/npm-cli.js" } });
  expect(call("/repo/scripts/aokit.ts", "/repo")).toBe("npx aokit");
  expect(call("/repo/scripts/build.ts", "/repo")).toBe("npx bun run scripts/build.ts");
  // A package of somebody else's has no such program.
  expect(call("/repo/scripts/aokit.ts", "/other")).toBe("npx bun run /repo/scripts/aokit.ts");
});

test("a bun that only npm knows is called through npx", () => {
  const call = (PATH: string) => {
    const env = { PATH, npm_execpath: "/usr/lib/npm-cli.js" };
    return invocationOf({ path: "/repo/scripts/x.ts" }, { cwd: "/repo", env });
  };
  const modules = join(root, "node_modules/.bin");
  expect(call(`${modules}:/nowhere`)).toBe("npx bun run scripts/x.ts");
  using sandbox = makeSandbox();
  symlinkSync(process.execPath, join(sandbox.home, "bun"));
  expect(call(`${modules}:${sandbox.home}`)).toBe("bun run scripts/x.ts");
});

test("an executable is called by its name where that leads to it, else by its path", () => {
  using sandbox = makeSandbox();
  const home = realpathSync(sandbox.home);
  const program = join(home, "aokit");
  writeFileSync(program, "", { mode: 0o755 });
  const call = (cwd: string, PATH: string) => executableCall(program, { cwd, env: { PATH } });
  expect(call("/", home)).toBe("aokit");
  expect(call(home, "/nowhere")).toBe("./aokit");
  expect(call("/nowhere", "/nowhere")).toBe(program);
  // Something else of that name is not it.
  using other = makeSandbox();
  writeFileSync(join(other.home, "aokit"), "", { mode: 0o755 });
  expect(call(home, other.home)).toBe("./aokit");
});
