/**
 * Finds the processes of a world by the marker in their environment, whoever their parent is now.
 */
import { readdirSync, readFileSync } from "node:fs";

/** Ids of the processes, other than this one, whose environment holds `name=value`. */
export function processesWith(name: string, value: string): number[] {
  const wanted = `${name}=${value}`;
  return process.platform === "linux" ? fromProc(wanted) : fromPs(wanted);
}

function fromProc(wanted: string): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(wanted));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  } catch {
    // Gone meanwhile, or not ours to read: then it is none of this world's.
    return [];
  }
}

function fromPs(wanted: string): number[] {
  const { stdout } = Bun.spawnSync(["/bin/ps", "-axwwE", "-o", "pid=,command="], { timeout: 5000 });
  return stdout
    .toString()
    .split("\n")
    .filter((line) => ` ${line} `.includes(` ${wanted} `))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => pid !== process.pid);
}
