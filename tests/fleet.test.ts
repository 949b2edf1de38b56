/**
 * The page about many machines: its blocks are run in their order, as they stand there. ssh and scp
 * are stubs that go to another home of this machine; GNU parallel and Ansible are the real ones
 * where they are installed, and elsewhere their blocks are only checked.
 */

import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parse } from "yaml";
import { makeDemoDisk } from "../lib/demo/disk.ts";
import { fleetDocumentSchema } from "../lib/doctor/fleet-document.ts";
import { findProgram } from "../lib/process.ts";
import { makeSandbox, root, type Sandbox } from "./process.ts";

interface Block {
  language: string;
  /** A file of that name, or the program that the block is about. */
  about: string;
  text: string;
}

const page = readFileSync(join(root, "docs/fleet.md"), "utf8");
const blocks: Block[] = [...page.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```$/gms)].map(
  ([, language = "", about = "", text = ""]) => ({ language, about, text }),
);

let sandbox: Sandbox;
let dir: string;

beforeAll(() => {
  sandbox = makeSandbox();
  dir = join(sandbox.home, "here");
  for (const name of ["here", "bin", "gone-1"]) mkdirSync(join(sandbox.home, name));
  mkdirSync(join(sandbox.home, "web-1"));
  makeDemoDisk(join(sandbox.home, "web-2"), sandbox.env);
  const aokit = `#!/bin/sh\nexec ${process.execPath} --config=/dev/null ${root}/scripts/aokit.ts "$@"\n`;
  const stubs = {
    // Only what the build would leave; the build has tests of its own.
    npm: `mkdir -p dist\ncp "$FLEET/bin/aokit" dist/aokit`,
    aokit: aokit.split("\n").slice(1).join("\n"),
    ssh: remote,
    // Without gh and a token the doctor warns.
    gh: `[ "$1" = auth ] && echo token || echo "gh version 2.40.0 (2024-01-01)"`,
    scp: `while [ "\${1#-}" != "$1" ]; do [ "$1" = -o ] && shift; shift; done
[ "\${2%%:*}" = gone-1 ] && { echo "ssh: connect to host gone-1: No route" >&2; exit 255; }
cp "$1" "$FLEET/\${2%%:*}/$([ -d "$FLEET/\${2%%:*}/home" ] && echo home)/\${2#*:}"`,
  };
  for (const [name, text] of Object.entries(stubs)) {
    writeFileSync(join(sandbox.home, "bin", name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(sandbox.home, "bin", name), 0o755);
  }
  for (const { about, text } of blocks) {
    if (/^[\w-]+(\.yml)?$/.test(about) && !runs(about)) writeFileSync(join(dir, about), text);
  }
});
afterAll(() => sandbox[Symbol.dispose]());

/** Runs the words in the home of the machine, through a shell as sshd does. */
const remote = `while [ "\${1#-}" != "$1" ]; do
  case $1 in -o | -O | -S | -p | -l) shift ;; esac
  shift
done
host=$1
shift
[ "$host" = gone-1 ] && { echo "ssh: connect to host gone-1: No route" >&2; exit 255; }
HOME=$FLEET/$host
[ -d "$HOME/home" ] && HOME=$HOME/home
export HOME
cd && exec sh -c "$*"`;

/** Whether the word is a program of the page, rather than a file. */
function runs(about: string): boolean {
  return about === "parallel" || about === "ansible-playbook";
}

function sh(text: string, words: string[] = []) {
  const env = {
    ...sandbox.env,
    PATH: `${join(sandbox.home, "bin")}:${sandbox.env.PATH}`,
    ...{ FLEET: sandbox.home, BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" },
    // Ansible keeps its files where it is told, and copies through the stub.
    ...{ ANSIBLE_HOME: join(sandbox.home, "ansible"), ANSIBLE_SSH_TRANSFER_METHOD: "piped" },
    ...{
      ANSIBLE_NOCOWS: "1",
      ANSIBLE_PIPELINING: "1",
      PARALLEL_HOME: join(sandbox.home, "parallel"),
    },
  };
  const child = Bun.spawnSync(["bash", ...words, "-c", text], {
    ...{ cwd: dir, env, timeout: 60_000, stdin: "ignore" },
  });
  return { code: child.exitCode, stdout: String(child.stdout), stderr: String(child.stderr) };
}

function blockOf(includes: string): Block {
  const found = blocks.filter(({ text }) => text.includes(includes));
  if (found[0] === undefined) throw new Error(`no block has ${includes}`);
  return found[0];
}

/** Empties the reports and runs the block. */
function look(block: Block) {
  rmSync(join(dir, "reports"), { recursive: true, force: true });
  mkdirSync(join(dir, "reports"));
  return sh(block.text);
}

function fleet() {
  const { code, stdout } = sh("dist/aokit doctor --merge reports/*.json --json");
  const { machines } = v.parse(fleetDocumentSchema, JSON.parse(stdout));
  const states = machines.map(({ name, state, doctor, plan }) => [
    ...[name, state, doctor !== undefined, plan?.steps.length],
  ]);
  return { code, states };
}

/** web-2 is drifted; nothing was said of gone-1. */
const whole = [
  ["web-2", "failing", true, 10],
  ["gone-1", "unknown", false, undefined],
  ["web-1", "healthy", true, 0],
];

test("the page's shell blocks parse, and each is tried below", () => {
  const shell = blocks.filter(({ language }) => language === "sh");
  expect(shell).toHaveLength(8);
  for (const { text } of shell) expect(sh(text, ["-n"])).toMatchObject({ code: 0, stderr: "" });
});

test("the executable is made and copied to every machine that can be reached", () => {
  expect(sh(blockOf("npm run build").text)).toMatchObject({ code: 0, stderr: "" });
  expect(sh(blockOf("scp ").text).stderr).toContain("gone-1: No route");
  expect(existsSync(join(sandbox.home, "web-1/aokit"))).toBe(true);
  expect(existsSync(join(sandbox.home, "web-2/home/aokit"))).toBe(true);
});

test("ssh alone brings both documents of every machine", () => {
  look(blockOf("migrate --json >"));
  expect(fleet()).toEqual({ code: 3, states: whole });
});

test("one report is made of them, as text, as a page and as JSON", () => {
  const [text = "", paged = ""] = blockOf("fleet.html").text.trim().split("\n");
  const { code, stdout } = sh(text);
  expect(code).toBe(3);
  expect(stdout).toStartWith("FAILING  web-2\n");
  expect(stdout).toContain("UNKNOWN  gone-1\n  error: reports/gone-1.doctor.json: it is empty");
  expect(stdout).toEndWith(
    "Not healthy: 3 machines, 1 failing, 1 unknown, 0 with warnings, 1 healthy.\n",
  );
  expect(sh(paged).code).toBe(3);
  expect(readFileSync(join(dir, "fleet.html"), "utf8")).toContain("1 of 3 machines failing");
  const [json = "", query = ""] = blockOf("jq ").text.trim().split("\n");
  expect(sh(json).code).toBe(3);
  const failing = JSON.parse(readFileSync(join(dir, "fleet.json"), "utf8")).checks[0];
  expect(failing).toMatchObject({ worst: "fail", machines: ["web-2"] });
  if (findProgram("jq", process.env) === null) return;
  expect(sh(query).stdout).toContain(`${failing.id}\tweb-2\n`);
});

test("xargs does it side by side", () => {
  look(blockOf("xargs"));
  const files = readdirSync(join(dir, "reports")).sort();
  expect(files).toEqual(["gone-1", "web-1", "web-2"].map((name) => `${name}.doctor.json`));
  expect(fleet().states.map(([name]) => name)).toEqual(["web-2", "gone-1", "web-1"]);
});

test("the playbook is what Ansible takes: tasks of its own modules", () => {
  const [play] = parse(blockOf("hosts: all").text);
  const modules = play.tasks.flatMap((task: object) =>
    Object.keys(task).filter((key) => key.startsWith("ansible.builtin.")),
  );
  expect(modules).toEqual(["copy", "command", "copy"].map((name) => `ansible.builtin.${name}`));
});

if (findProgram("parallel", process.env) !== null) {
  test("GNU parallel brings the same, and logs how each ended", () => {
    look(blockOf("--joblog"));
    expect(fleet()).toEqual({ code: 3, states: whole });
    const log = readFileSync(join(dir, "reports/doctor.log"), "utf8").trim().split("\n");
    const ends = log.slice(1).map((line) => line.split("\t")[6]);
    expect(ends.map(Number).sort((a, b) => a - b)).toEqual([0, 1, 255]);
  });
}

if (findProgram("ansible-playbook", process.env) !== null) {
  test("Ansible brings the same", () => {
    const { stdout } = look(blockOf("ansible-playbook"));
    expect(stdout).toContain("UNREACHABLE!");
    const reachable = whole.filter(([name]) => name !== "gone-1");
    // Nothing is written for a machine that cannot be reached: Ansible itself tells of it.
    expect(fleet()).toEqual({ code: 1, states: reachable });
  }, 90_000);
}
