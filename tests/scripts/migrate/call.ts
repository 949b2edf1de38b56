/** Calls the storage scripts on a disk: inside this process where that is enough, else as a process. */

import { execute } from "../../../lib/cli.ts";
import migrate from "../../../scripts/migrate.ts";
import rollback from "../../../scripts/rollback.ts";
import type { Disk } from "../../disk/spec.ts";
import { makeHost } from "../../host.ts";
import { runScript, type Sandbox, type ScriptResult } from "../../process.ts";

const scripts = { migrate, rollback };

/** Runs a script's command inside this process, as a user of that disk. */
export async function call(
  name: keyof typeof scripts,
  disk: Disk,
  ...argv: string[]
): Promise<ScriptResult> {
  const invocation = `bun run scripts/${name}.ts`;
  const { host, written } = makeHost(argv, { env: disk.env, cwd: disk.root, invocation });
  const code = await execute(scripts[name], host);
  return { code, stdout: written.stdout, stderr: written.stderr };
}

/** The disk's home as a sandbox, without Bun's own cache in it; the disk removes itself. */
export function sandboxOf(disk: Disk): Sandbox {
  const env = { ...disk.env, BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" };
  return { home: disk.home, env, [Symbol.dispose]: () => {} };
}

/** Runs a script as a process of that user. */
export function run(
  name: keyof typeof scripts,
  disk: Disk,
  ...argv: string[]
): Promise<ScriptResult> {
  return runScript(`scripts/${name}.ts`, argv, { sandbox: sandboxOf(disk), timeoutMs: 30_000 });
}
