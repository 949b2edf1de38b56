import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ask, complaint } from "../../../lib/doctor/probe.ts";
import { isAlive } from "../../../lib/storage/scan/running.ts";
import { makeDisk } from "../../disk/build.ts";
import { makeTemp } from "../../temp.ts";
import { factsOf, look, stubs } from "./facts.ts";

const dirs: string[] = [];

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function temp(): string {
  const dir = makeTemp("probe");
  dirs.push(dir);
  return dir;
}

const env = { PATH: process.env.PATH };

describe("a program", () => {
  test("that ends is told with its code and both streams", async () => {
    const answer = await ask("sh", ["-c", "echo out; echo err >&2; exit 3"], { env });
    expect(answer).toMatchObject({ state: "ended", exitCode: 3, stdout: "out\n", stderr: "err\n" });
    expect(complaint(answer)).toBe("ends with exit code 3");
  });

  test("that is not there is missing", async () => {
    const answer = await ask("no-such-program", [], { env });
    expect(answer).toEqual({ state: "missing" });
    expect(complaint(answer)).toBe("is not in PATH");
  });

  test("that dies of a signal has failed", async () => {
    const answer = await ask("sh", ["-c", "kill -9 $$"], { env });
    expect(answer).toMatchObject({ state: "failed", detail: "killed by SIGKILL" });
  });

  test("that hangs is killed in time, with everything that it started", async () => {
    const file = join(temp(), "pids");
    const script = `sleep 600 & echo $! > ${file}; sleep 600`;
    const start = performance.now();
    const answer = await ask("sh", ["-c", script], { env, limitMs: 150 });
    expect(performance.now() - start).toBeLessThan(1500);
    expect(answer).toMatchObject({ state: "timed-out", limitMs: 150 });
    expect(complaint({ ...answer, limitMs: 5000 } as typeof answer)).toBe("does not answer in 5 s");
    const grandchild = Number(readFileSync(file, "utf8"));
    await until(() => !isAlive(grandchild) || isZombie(grandchild));
  });

  test("whose child keeps the pipe open still counts as ended", async () => {
    const answer = await ask("sh", ["-c", "echo done; sleep 600 &"], { env, limitMs: 150 });
    expect(answer).toMatchObject({ state: "ended", exitCode: 0, stdout: "done\n" });
  });

  test("that prints without end is cut off", async () => {
    const answer = await ask("sh", ["-c", "yes"], { env, limitMs: 150 });
    expect(answer.state).toBe("timed-out");
  });
});

describe("many programs", () => {
  test("are asked side by side", async () => {
    const start = performance.now();
    await Promise.all([1, 2, 3, 4].map(() => ask("sleep", ["0.2"], { env })));
    expect(performance.now() - start).toBeLessThan(700);
  });
});

describe("a check of a tool", () => {
  test("says when the tool hangs, and what it prints stays inside", async () => {
    using disk = makeDisk({});
    const path = stubs(disk, {
      codex: "exec /bin/sleep 600",
      claude: "echo gho_aaaabbbbcccc; exit 7",
    });
    const facts = factsOf({ disk, env: path });
    Object.assign(facts, { programLimitMs: 150 });
    const { findCheck } = await import("../../../lib/doctor/select.ts");
    const { runCheck } = await import("../../../lib/doctor/run.ts");
    const hung = await runCheck(findCheck("AO-TL-008"), facts);
    expect(hung.status).toBe("warn");
    expect(hung.findings[0]?.message).toBe("codex does not answer in 0.15 s");
    const failing = await look("AO-TL-007", { disk, env: path });
    expect(failing.findings[0]?.message).toBe("claude ends with exit code 7");
  });
});

/** Nobody has waited for it yet, which is init's business, not ours. */
function isZombie(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && / Z /.test(readFileSync(stat, "utf8"));
}

async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + 3000;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error("it never became true");
    await Bun.sleep(10);
  }
}
