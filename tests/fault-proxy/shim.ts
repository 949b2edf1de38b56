/** Makes an `ao` that is a real one with a fault. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fault } from "./faults.ts";

/** Writes the faulty `ao` into a folder and returns its path. */
export function makeFaultyAo(real: string, fault: Fault, folder: string): string {
  const faultFile = join(folder, "fault.json");
  const file = join(folder, "ao");
  writeFileSync(faultFile, JSON.stringify(fault));
  const proxy = join(import.meta.dir, "proxy-daemon.ts");
  const arms = (fault.cli ?? []).map(({ pattern, script }) => `  ${pattern}) ${script} ;;`);
  const bun = `'${process.execPath}' --no-env-file --config=/dev/null`;
  const lines = [
    "#!/bin/sh",
    `REAL='${real}'`,
    'case "$*" in',
    `  daemon) exec ${bun} '${proxy}' "$REAL" '${faultFile}' ;;`,
    ...arms,
    "esac",
    'exec "$REAL" "$@"',
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  chmodSync(file, 0o755);
  return file;
}
