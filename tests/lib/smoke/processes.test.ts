import { expect, test } from "bun:test";
import { isAlive, type RunRequest, runProcess, startTicks } from "../../../lib/smoke/processes.ts";

const sh = (script: string, options: Partial<RunRequest> = {}): RunRequest => ({
  program: "/bin/sh",
  args: ["-c", script],
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/",
  timeout: 5_000,
  ...options,
});

test("exit code and both outputs are kept apart", async () => {
  const result = await runProcess(sh("echo out; echo err >&2; exit 3"));
  expect(result).toMatchObject({ exit: 3, stdout: "out\n", stderr: "err\n", timedOut: false });
});

test("input is handed over, and a program that reads none of it is no failure", async () => {
  expect((await runProcess(sh("cat", { stdin: "hello" }))).stdout).toBe("hello");
  expect((await runProcess(sh("exit 0", { stdin: "x".repeat(1_000_000) }))).exit).toBe(0);
});

test("a program that hangs is ended with all that it started", async () => {
  const result = await runProcess(sh("sleep 60 & echo $!; sleep 60", { timeout: 200 }));
  expect(result).toMatchObject({ exit: null, timedOut: true });
  expect(result.ms).toBeLessThan(1_500);
  await Bun.sleep(20);
  expect(isAlive(Number(result.stdout))).toBe(false);
});

test("a grandchild that holds the output open does not hold up the result", async () => {
  const result = await runProcess(sh("sleep 60 & echo $!; exit 0"));
  expect(result).toMatchObject({ exit: 0, heldOpen: true });
  expect(result.ms).toBeLessThan(1_500);
  await Bun.sleep(20);
  expect(isAlive(Number(result.stdout))).toBe(false);
});

test("output without end is cut, and what is kept says so", async () => {
  const result = await runProcess(sh("head -c 5000000 /dev/zero | tr '\\0' x"));
  expect(result.stdout.length).toBeLessThan(1_100_000);
  expect(result.stdout).toEndWith("[cut: 5000000 bytes in all]");
});

test("a program that cannot be started is an error, not a result", async () => {
  expect(runProcess(sh("", { program: "/nonexistent" }))).rejects.toThrow();
});

test("a process is known by its start time, since ids are given again", () => {
  expect(startTicks(process.pid)).toMatch(/^\d+$/);
  expect(startTicks(2 ** 22 + 1)).toBeUndefined();
});
