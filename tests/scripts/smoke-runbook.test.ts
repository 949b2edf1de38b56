/** The script as a process: exit codes, outputs, records, and what it leaves behind. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { listingSchema } from "../../lib/smoke/listing.ts";
import { readRecord } from "../../lib/smoke/record.ts";
import { ctrfSchema } from "../../lib/smoke/reports/machine.ts";
import { markerVariable } from "../../lib/smoke/sandbox.ts";
import { processesWith } from "../../lib/smoke/sweep.ts";
import { cleanEnv, requireAo, scratch } from "../lib/smoke/real-ao.ts";
import { runInTerminal } from "../process.ts";

const script = join(import.meta.dir, "../../scripts/smoke-runbook.ts");
const fixtures = join(import.meta.dir, "../fixtures/smoke-runbook");

function start(home: string, args: string[], env: Record<string, string> = {}) {
  return Bun.spawn([process.execPath, script, ...args], {
    env: { ...cleanEnv(home), ...env },
    cwd: home,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function call(home: string, args: string[], env: Record<string, string> = {}) {
  const child = start(home, args, env);
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exit: await child.exited, stdout, stderr };
}

const runsIn = (home: string) =>
  readdirSync(home).filter((name) => name.startsWith("ao-smoke-runs"));

/** The folder of the only run. */
function runFolder(home: string): string {
  const runs = join(home, runsIn(home)[0] ?? "");
  return join(runs, readdirSync(runs)[0] ?? "");
}

/** Worlds that a record names, and the processes that still carry their mark. */
function remains(home: string) {
  const worlds = readRecord(join(runFolder(home), "record.ndjson")).flatMap((entry) =>
    entry.type === "world" ? [entry] : [],
  );
  return {
    folders: worlds.map(({ root }) => root).filter(existsSync),
    processes: worlds.flatMap(({ marker }) => processesWith(markerVariable, marker)),
  };
}

describe("looking without walking", () => {
  test("--list shows the chosen steps and what they need, as text and as data", async () => {
    using home = scratch();
    const text = await call(home.path, ["--list", "--lane", "9"]);
    expect(text).toMatchObject({ exit: 0, stderr: "" });
    expect(text.stdout).toMatch(/^9\.1 +A session killed from outside +needs 2\.1$/m);
    expect(text.stdout).toContain("(needed)");
    const { stdout } = await call(home.path, ["--list", "--lane", "9", "--json"]);
    const { steps } = v.parse(listingSchema, JSON.parse(stdout));
    expect(steps.map(({ id, prerequisite }) => [id, prerequisite])).toEqual([
      ["1.1", true],
      ["2.1", true],
      ["9.1", false],
    ]);
    expect(runsIn(home.path)).toEqual([]);
  });

  test("--dry-run shows every command and makes nothing", async () => {
    using home = scratch();
    const { exit, stdout } = await call(home.path, ["--dry-run", "--step", "5.2"]);
    expect(exit).toBe(0);
    expect(stdout).toContain(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: references are not filled in yet.
      "AO_SESSION_ID=aa-orchestrator ao send --session '${listener}' --message ping",
    );
    expect(readdirSync(home.path)).toEqual([]);
  });
});

describe("a call that cannot work", () => {
  const cases: [string, string[], number, string][] = [
    ["an unknown lane", ["--lane", "77"], 2, 'Cannot walk "77": the runbook has no such lane'],
    ["an unknown flag", ["--lanes", "1"], 2, "--lane"],
    ["--failed without a run", ["--failed"], 2, "Cannot rerun what failed"],
    ["a report of no known format", ["--report", "x.pdf"], 2, 'Cannot report to "x.pdf"'],
    ["a run that is not there", ["--resume", "last"], 3, 'Cannot find run "last"'],
    [
      "an AO that is not there",
      ["--auto", "--ao", "/nonexistent"],
      3,
      'Cannot walk "/nonexistent"',
    ],
    ["an AO that is none", ["--auto", "--ao", "/bin/true"], 3, "does not answer as AO does"],
    ["a GitHub repository without a token", ["--auto", "--github", "a/b"], 2, "no token for it"],
    [
      "a place where nothing can be recorded",
      ["--auto", "--runs", "/dev/null/x"],
      3,
      "Cannot record the run",
    ],
    ["a broken runbook", ["--runbook", join(fixtures, "mistakes"), "--list"], 3, "10 mistakes"],
  ];
  for (const [what, args, code, message] of cases) {
    test(`ends with ${code} for ${what} and says why on stderr`, async () => {
      using home = scratch();
      const { exit, stdout, stderr } = await call(home.path, args);
      expect(stderr).toContain(message);
      expect({ exit, stdout }).toEqual({ exit: code, stdout: "" });
    });
  }
});

describe("an automatic walk", () => {
  test("of the daemon's lane passes on a real AO and leaves nothing but its reports", async () => {
    using home = scratch();
    requireAo();
    const extra = join(home.path, "extra.xml");
    const { exit, stdout, stderr } = await call(home.path, [
      "--auto",
      "--lane",
      "0,1",
      "--json",
      "--report",
      extra,
    ]);
    expect(stderr).toMatch(/^pass +1\.1 ao start/m);
    const document = v.parse(ctrfSchema, JSON.parse(stdout));
    expect({ exit, failed: document.results.summary.failed }).toEqual({ exit: 0, failed: 0 });
    expect(document.results.summary.passed).toBeGreaterThan(12);
    expect(readdirSync(runFolder(home.path)).sort()).toEqual([
      "record.ndjson",
      "report.html",
      "report.json",
      "report.md",
      "report.tap",
      "report.xml",
    ]);
    expect(readFileSync(extra, "utf8")).toContain(`tests="${document.results.summary.tests}"`);
    expect(remains(home.path)).toEqual({ folders: [], processes: [] });
    expect(readdirSync(home.path).sort()).toEqual([...runsIn(home.path), "extra.xml"].sort());
  }, 30_000);

  test("has a result of its own for every way a step can end, and hides secrets", async () => {
    using home = scratch();
    requireAo();
    const env = { MY_TOKEN: "hunter2-hunter2" };
    const { exit, stdout } = await call(
      home.path,
      ["--auto", "--runbook", join(fixtures, "findings"), "--json"],
      env,
    );
    expect(exit).toBe(1);
    const { results } = v.parse(ctrfSchema, JSON.parse(stdout));
    expect(
      results.tests.map(({ rawStatus, message }) => [rawStatus, message?.slice(0, 60)]),
    ).toEqual([
      ["pass", undefined],
      ["fail", expect.stringContaining("sh -c")],
      ["blocked", "by 1.2, which is fail"],
      ["error", 'Cannot link "no-such-program": not in the sandbox\'s PATH'],
      ["not-run", "needs a person"],
      ["skipped", "only for AO generation A; this is R"],
      ["fail", expect.stringContaining("cat ")],
    ]);
    const folder = runFolder(home.path);
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), "utf8");
      expect(text).not.toContain("hunter2");
      expect(text).not.toContain("aHVudGVyMi1odW50ZXIy");
      expect(text).not.toContain("odW50ZXIyLWh1bnRlcj");
    }
    expect(readFileSync(join(folder, "report.md"), "utf8")).toContain("token <secret>");
    // Cleanup runs after a failure too.
    expect(existsSync(join(home.path, "cleaned"))).toBe(true);
  }, 30_000);
});

test("--keep leaves the sandbox for a look, without processes, until --clean", async () => {
  using home = scratch();
  requireAo();
  const args = ["--auto", "--runbook", join(fixtures, "slow"), "--step", "1.1", "--keep"];
  expect((await call(home.path, args)).exit).toBe(0);
  const { folders, processes } = remains(home.path);
  expect({ folders: folders.length, processes }).toEqual({ folders: 1, processes: [] });
  expect(existsSync(join(folders[0] ?? "", "data/ao.db"))).toBe(true);
  await call(home.path, ["--clean", "last"]);
  expect(remains(home.path)).toEqual({ folders: [], processes: [] });
}, 30_000);

/** Starts the slow walk and waits until its session is spawned. */
async function startSlow(home: string) {
  const child = start(home, ["--auto", "--runbook", join(fixtures, "slow")]);
  const deadline = Date.now() + 20_000;
  for (;;) {
    const file = runsIn(home)[0] === undefined ? "" : join(runFolder(home), "record.ndjson");
    if (existsSync(file) && readFileSync(file, "utf8").includes('"type":"start","step":"1.3"'))
      return child;
    if (Date.now() > deadline) throw new Error("the walk did not get going");
    await Bun.sleep(20);
  }
}

/** Goes on with the slow walk; what came of its steps, in order. */
async function resumeSlow(home: string, ...more: string[]): Promise<(string | undefined)[]> {
  const words = ["--auto", "--runbook", join(fixtures, "slow"), "--resume", "last", "--json"];
  const { exit, stdout } = await call(home, [...words, ...more]);
  const { results } = v.parse(ctrfSchema, JSON.parse(stdout));
  expect(exit).toBe(0);
  return results.tests.map(({ rawStatus }) => rawStatus);
}

describe("a walk that is stopped in the middle", () => {
  test("by Ctrl-C takes down what it made, and says what was not walked", async () => {
    using home = scratch();
    requireAo();
    const child = await startSlow(home.path);
    expect(remains(home.path).processes.length).toBeGreaterThan(2);
    child.kill("SIGINT");
    expect(await child.exited).toBe(130);
    expect(remains(home.path)).toEqual({ folders: [], processes: [] });
    expect(readFileSync(join(runFolder(home.path), "report.md"), "utf8")).toContain("(cancelled)");
    // The step it was in has not failed: nobody knows, and the walk that goes on looks again.
    expect(await resumeSlow(home.path, "--failed")).toEqual(["pass", "pass", "not-run"]);
    writeFileSync(join(home.path, "go"), "");
    expect(await resumeSlow(home.path)).toEqual(["pass", "pass", "pass"]);
  }, 60_000);

  test("by Ctrl-C at a question says how it goes on, and does", async () => {
    using home = scratch();
    requireAo();
    const slow = ["--runbook", join(fixtures, "slow")];
    const sandbox = { home: home.path, env: cleanEnv(home.path), [Symbol.dispose]() {} };
    const asked = await runInTerminal(
      script,
      slow,
      [
        { expect: "confirm", send: "\r" },
        { expect: "confirm", send: "\x03" },
      ],
      { sandbox, cwd: home.path },
    );
    expect(asked.code).toBe(130);
    expect(asked.screen).toEndWith("hint: the walk goes on where it was with: --resume last\n");
    expect(remains(home.path)).toEqual({ folders: [], processes: [] });
    writeFileSync(join(home.path, "go"), "");
    expect(await resumeSlow(home.path)).toEqual(["pass", "pass", "pass"]);
  }, 60_000);

  test("by SIGKILL is cleaned by its record, and goes on where it was", async () => {
    using home = scratch();
    requireAo();
    const child = await startSlow(home.path);
    child.kill("SIGKILL");
    await child.exited;
    const left = remains(home.path);
    expect(left.folders).toHaveLength(1);
    expect(left.processes.length).toBeGreaterThan(2);

    const cleaned = await call(home.path, ["--clean", "last"]);
    expect(cleaned).toMatchObject({ exit: 0, stdout: expect.stringContaining("removed main") });
    expect(remains(home.path)).toEqual({ folders: [], processes: [] });
    expect((await call(home.path, ["--clean", "last"])).stdout).toBe("nothing was left behind\n");

    writeFileSync(join(home.path, "go"), "");
    expect(await resumeSlow(home.path)).toEqual(["pass", "pass", "pass"]);
    expect(remains(home.path)).toEqual({ folders: [], processes: [] });
  }, 60_000);
});
