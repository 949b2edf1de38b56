import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ToolkitError } from "../../lib/errors.ts";
import { findProgram, ProcessError, run, runOrThrow } from "../../lib/process.ts";
import { makeTemp } from "../temp.ts";

const dir = makeTemp("process");
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const env = { PATH: process.env.PATH };

function errorOf(act: () => unknown): ProcessError {
  try {
    act();
  } catch (error) {
    if (error instanceof ProcessError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("run", () => {
  test("gives exit code and both outputs, and passes words as they are", () => {
    const script = 'printf "%s|" "$@"; echo oops >&2; exit 3';
    const result = run("sh", ["-c", script, "x", "a b", "$HOME", "*"], { env });
    expect(result).toEqual({ exitCode: 3, stdout: "a b|$HOME|*|", stderr: "oops\n" });
  });

  test("the child sees only the environment it is given, and the directory", () => {
    const result = run("sh", ["-c", "pwd; echo $HOME"], { env, cwd: "/" });
    expect(result.stdout).toBe("/\n\n");
  });

  test("a program that is not installed is missing, with what to do", () => {
    const error = errorOf(() => run("no-such-program", [], { env }));
    expect(error).toBeInstanceOf(ToolkitError);
    expect(error.reason).toBe("missing");
    expect(error.hint).toContain("no-such-program");
    expect(errorOf(() => run("sh", [], { env: { PATH: dir } })).reason).toBe("missing");
    expect(findProgram("sh", {})).not.toBeNull();
  });

  test("a working directory that is gone is a failure, not a missing program", () => {
    expect(errorOf(() => run("sh", [], { env, cwd: join(dir, "gone") })).reason).toBe("failed");
  });

  test("when time is up, what the child started dies too", async () => {
    const pidFile = join(dir, "pid");
    const script = `sleep 60 & echo $! > ${pidFile}; wait`;
    const error = errorOf(() => run("sh", ["-c", script], { env, timeoutMs: 300 }));
    expect(error.reason).toBe("timed-out");
    const pid = Number(readFileSync(pidFile, "utf8"));
    const state = () =>
      existsSync(`/proc/${pid}/stat`)
        ? readFileSync(`/proc/${pid}/stat`, "utf8")
            .replace(/^.*\) /, "")
            .charAt(0)
        : "gone";
    // A killed process may stand as a zombie until whoever inherits it looks.
    for (let tries = 0; tries < 100 && !["gone", "Z"].includes(state()); tries += 1) {
      await Bun.sleep(10);
    }
    expect(["gone", "Z"]).toContain(state());
  });

  test("death by a signal is a failure that names it", () => {
    const error = errorOf(() => run("sh", ["-c", "kill -TERM $$"], { env }));
    expect([error.reason, error.message]).toEqual([
      "failed",
      'Cannot run "sh -c kill -TERM $$": killed by SIGTERM',
    ]);
  });
});

test("runOrThrow fails with the last line of stderr", () => {
  expect(runOrThrow("sh", ["-c", "echo fine"], { env })).toBe("fine\n");
  const error = errorOf(() => runOrThrow("sh", ["-c", "echo a >&2; echo b >&2; exit 1"], { env }));
  expect(error.message).toEndWith(": b");
  expect(error.stderr).toBe("a\nb\n");
});
