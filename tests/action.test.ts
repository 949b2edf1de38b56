/**
 * The GitHub action: its steps are run with bash as a runner runs them, with the variables that a
 * runner sets; only npm is a stub, which says what it was asked.
 */

import { afterEach, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parse } from "yaml";
import { doctorDocumentSchema } from "../lib/doctor/document.ts";
import { ctrfSchema } from "../lib/smoke/reports/machine.ts";
import type { Disk } from "./disk/spec.ts";
import { disks } from "./disk.ts";
import { root } from "./process.ts";

const named = v.record(
  v.string(),
  v.strictObject({ description: v.string(), default: v.string() }),
);
const action = v.parse(
  v.object({
    inputs: named,
    outputs: v.record(v.string(), v.object({ value: v.string() })),
    runs: v.object({
      using: v.literal("composite"),
      steps: v.array(
        v.strictObject({
          name: v.string(),
          id: v.optional(v.string()),
          shell: v.literal("bash"),
          env: v.optional(v.record(v.string(), v.string()), {}),
          run: v.string(),
        }),
      ),
    }),
  }),
  parse(readFileSync(join(root, "action.yml"), "utf8")),
);

const made: Disk[] = [];
afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

interface Job {
  code: number;
  log: string;
  summary: string;
  outputs: Record<string, string>;
  npm: string;
  /** The runner's own directory; whatever an input breaks out of its word would write here. */
  workspace: string;
}

/** Runs all steps on a disk, the next only after the one before has succeeded. */
async function job(disk: Disk, given: Record<string, string>, workspace?: string): Promise<Job> {
  const runner = join(disk.root, "run ner");
  const place = (name: string) => join(runner, name);
  for (const name of ["bin", "temp", "work"]) mkdirSync(place(name), { recursive: true });
  for (const name of ["summary", "output", "npm"]) writeFileSync(place(name), "");
  symlinkSync(root, place("action"));
  writeFileSync(place("bin/npm"), `#!/bin/sh\necho "$PWD: $*" >> "$NPM_LOG"\n`);
  chmodSync(place("bin/npm"), 0o755);
  const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default]);
  const inputs = { ...Object.fromEntries(defaults), ...given };
  const env = {
    ...{ ...disk.env, PATH: `${place("bin")}:${disk.env.PATH}`, NPM_LOG: place("npm") },
    ...{ TMPDIR: place("temp"), CI: "true", GITHUB_ACTIONS: "true" },
    ...{ GITHUB_ACTION_PATH: place("action"), RUNNER_TEMP: place("temp") },
    ...{ GITHUB_WORKSPACE: workspace ?? place("work") },
    ...{ GITHUB_STEP_SUMMARY: place("summary"), GITHUB_OUTPUT: place("output") },
  };
  let [code, log] = [0, ""];
  for (const [at, step] of action.runs.steps.entries()) {
    if (code !== 0) break;
    const script = place(`step-${at}.sh`);
    writeFileSync(script, step.run);
    const own = Object.entries(step.env).map(([name, text]) => [name, evaluate(text, inputs)]);
    const child = Bun.spawn(["bash", "--noprofile", "--norc", "-eo", "pipefail", script], {
      ...{ cwd: env.GITHUB_WORKSPACE, env: { ...env, ...Object.fromEntries(own) } },
      ...{ stdin: "ignore", stdout: "pipe", stderr: "pipe" },
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    code = await child.exited;
    log += stdout + stderr;
  }
  const read = (name: string) => readFileSync(place(name), "utf8");
  const lines = read("output").trim().split("\n").filter(Boolean);
  const outputs = Object.fromEntries(lines.map((line) => line.split("=", 2)));
  return {
    code,
    log,
    summary: read("summary"),
    outputs,
    npm: read("npm"),
    workspace: place("work"),
  };
}

/** Expressions may only be a whole value, and only an input. */
function evaluate(text: string, inputs: Record<string, string>): string {
  const [, name] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(text) ?? [];
  if (name === undefined) return text;
  const value = inputs[name];
  if (value === undefined) throw new Error(`no input is called "${name}"`);
  return value;
}

function disk(name: string): Disk {
  const built = disks[name]?.();
  if (built === undefined) throw new Error(`no disk "${name}"`);
  made.push(built);
  return built;
}

const doctor = { arguments: "--skip\ntools\n" };

test("no expression stands in a script, and no other action is used", () => {
  for (const { run } of action.runs.steps) expect(run).not.toContain("${{");
  const text = readFileSync(join(root, "action.yml"), "utf8");
  expect(text).not.toMatch(/^\s*(- )?uses:/m);
  const passed = action.runs.steps.flatMap(({ env }) => Object.values(env));
  for (const name of Object.keys(action.inputs)) expect(passed).toContain(`\${{ inputs.${name} }}`);
});

test("the doctor annotates, writes the summary and its reports, and fails on a failure", async () => {
  const on = disk("movedWorktreeStaleLink");
  const { code, log, summary, outputs, npm } = await job(on, doctor);
  expect({ code, exit: outputs["exit-code"] }).toEqual({ code: 1, exit: "1" });
  expect(npm).toEndWith("/run ner/action: install --omit=dev --no-audit --no-fund\n");
  expect(log).toStartWith("::group::AO doctor\n");
  expect(log).toMatch(/^::error title=AO-WT-001 /m);
  expect(summary).toStartWith("## AO doctor: not healthy\n");
  const reports = outputs.reports ?? "";
  const json = JSON.parse(readFileSync(join(reports, "report.json"), "utf8"));
  expect(v.parse(doctorDocumentSchema, json).baseDir).toBe(on.baseDir);
  expect(readdirSync(reports).sort()).toEqual(["log", "report.html", "report.json", "report.md"]);
});

test("fail-on says what makes the step fail; the exit code is an output all the same", async () => {
  const sick = await job(disk("movedWorktreeStaleLink"), { ...doctor, "fail-on": "never" });
  expect({ code: sick.code, exit: sick.outputs["exit-code"] }).toEqual({ code: 0, exit: "1" });
  const worried = disk("deadRunningJson");
  expect((await job(worried, doctor)).code).toBe(0);
  const strict = await job(disk("deadRunningJson"), { ...doctor, "fail-on": "warning" });
  expect({ code: strict.code, exit: strict.outputs["exit-code"] }).toEqual({ code: 1, exit: "0" });
  expect((await job(disk("cleanV3"), { ...doctor, "fail-on": "warning" })).code).toBe(0);
});

test("home and base-dir name the disk", async () => {
  const [here, there] = [disk("empty"), disk("movedWorktreeStaleLink")];
  const inputs = { ...doctor, home: there.home, "base-dir": there.baseDir };
  expect((await job(here, inputs)).log).toMatch(/^::error title=AO-WT-001 /m);
});

test("an input stays a word, whatever is in it", async () => {
  const attacks = [
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned #",
    '"; touch pwned; "',
    "* ?",
  ];
  for (const input of ["command", "fail-on", "home", "base-dir", "arguments"]) {
    const on = disk("empty");
    const value = input === "arguments" ? attacks.join("\n") : attacks.join(" ");
    const { code, log, workspace } = await job(on, { ...doctor, [input]: `${value}\n::error::x` });
    expect({ input, files: readdirSync(workspace) }).toEqual({ input, files: [] });
    expect(log.split("\n").filter((line) => line === "::error::x")).toEqual([]);
    // A home that is not there is an empty one.
    expect({ input, code }).toEqual({ input, code: /home|base/.test(input) ? 0 : 2 });
  }
});

test("an argument that the script does not take fails the step whatever fail-on says", async () => {
  const inputs = { arguments: "--no-such-flag ##[add-mask]x", "fail-on": "never" };
  const { code, log } = await job(disk("empty"), inputs);
  expect(code).toBe(2);
  expect(log).toMatch(/^\| error: Cannot use "--no-such-flag ## \[add-mask\]x"/);
});

test("the smoke runbook is walked, and what failed is annotated at its step", async () => {
  const lanes = "tests/fixtures/smoke-runbook/findings";
  const inputs = { command: "smoke-runbook", arguments: `--runbook\n${lanes}` };
  const { code, log, summary, outputs } = await job(disk("empty"), inputs, root);
  expect(code).toBe(1);
  expect(log).toMatch(/^\| pass +1\.1 passes/m);
  expect(log).toMatch(/^::error file=tests\/.*01-findings\.yaml,line=\d+,title=fail%3A 1\.2 /m);
  expect(log).toMatch(/^::error title=1 step blocked::1\.3 /m);
  expect(summary).toContain("Walked lanes 1 on an isolated daemon");
  const json = readFileSync(join(outputs.reports ?? "", "report.json"), "utf8");
  expect(v.parse(ctrfSchema, JSON.parse(json)).results.summary.failed).toBe(4);
}, 30_000);
