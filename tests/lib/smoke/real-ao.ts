/**
 * What tests on a real AO need: the packaged binary, and a folder that is removed again.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packagedAo } from "../../../lib/smoke/target.ts";

/**
 * Path of the packaged AO.
 *
 * @throws Error where it is not installed: a walk that is not walked must never look like a pass.
 */
export function requireAo(): string {
  const ao = packagedAo();
  if (ao !== undefined) return ao;
  throw new Error(
    "These tests walk a real AO: install @aoagents/ao-linux-x64 (optional, Linux x64 only)",
  );
}

/** A temporary folder; short, since sockets are made in it. */
export function scratch(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "s"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** An environment for scripts under test: nothing of the user but the PATH. */
export function cleanEnv(home: string): Record<string, string> {
  const noCache = { BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" };
  return { HOME: home, TMPDIR: home, PATH: process.env.PATH ?? "", ...noCache };
}
