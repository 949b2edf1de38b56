import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { makeDemoDisk } from "../../lib/demo/disk.ts";
import { makeSandbox, root, runScript, type Sandbox } from "../process.ts";
import { schemaFiles, schemaOf } from "./catalog.ts";

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = makeSandbox();
  makeDemoDisk(sandbox.home, sandbox.env);
});
afterAll(() => sandbox[Symbol.dispose]());

test("the committed schemas are those of the code (npm run schemas writes them)", () => {
  const files = schemaFiles();
  expect(readdirSync(join(root, "schemas")).sort()).toEqual([...files.keys()].sort());
  for (const [name, text] of files) {
    expect({ name, text: readFileSync(join(root, "schemas", name), "utf8") }).toEqual({
      ...{ name, text },
    });
  }
});

test("every schema says what it is of", () => {
  for (const [name, text] of schemaFiles()) {
    const { $schema, title } = JSON.parse(text);
    expect({ name, $schema }).toEqual({
      ...{ name, $schema: "https://json-schema.org/draft/2020-12/schema" },
    });
    expect(title).toBeString();
  }
});

/** In the order of a disk's life; each line is a schema and what prints such a document. */
const life: readonly (readonly [schema: string, script: string, args: string[]])[] = [
  ["migrate-plan", "migrate", []],
  ["migrate-rehearsal", "migrate", ["--rehearse"]],
  ["doctor", "doctor", ["--skip", "tools"]],
  ["doctor-checks", "doctor", ["--list-checks"]],
  ["doctor-fix-plan", "doctor", ["--fix", "--dry-run", "--skip", "tools"]],
  ["repair", "repair", []],
  ["sessions-list", "sessions", ["list"]],
  ["sessions-info", "sessions", ["info", "ws-1"]],
  ["sessions-instance", "sessions", ["info"]],
  ["migration-list", "migration", ["list"]],
  ["smoke-listing", "smoke-runbook", ["--list"]],
  ["completions", "aokit", ["completions", "fish"]],
  ["migrate-execution", "migrate", ["--execute", "--yes"]],
  ["rollback-list", "rollback", ["--list"]],
  ["rollback-preview", "rollback", ["--dry-run"]],
  ["rollback", "rollback", ["--yes"]],
  ["rollback-prune", "rollback", ["--prune", "--yes"]],
  ["error", "rollback", ["no-such-migration", "--yes"]],
];

test("what scripts print fits its schema", async () => {
  for (const [schema, script, args] of life) {
    const { stdout, stderr } = await runScript(`scripts/${script}.ts`, [...args, "--json"], {
      ...{ sandbox, cwd: sandbox.home, env: { HOME: join(sandbox.home, "home") } },
    });
    const result = v.safeParse(schemaOf(schema), JSON.parse(stdout || stderr));
    const problems = result.issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
    expect({ schema, problems }).toEqual({ schema, problems: undefined });
  }
}, 30_000);

test("the files of a migration fit their schemas", () => {
  const dir = join(sandbox.home, "home/.agent-orchestrator/migrations");
  for (const id of readdirSync(dir).filter((name) => !name.startsWith("."))) {
    const read = (name: string) => readFileSync(join(dir, id, name), "utf8");
    v.parse(schemaOf("plan-file"), JSON.parse(read("plan.json")));
    v.parse(schemaOf("manifest-file"), JSON.parse(read("manifest.json")));
    const lines = read("journal.jsonl").trim().split("\n");
    for (const line of lines) v.parse(schemaOf("journal-line"), JSON.parse(line));
  }
});

test("the registry of a disk fits the schema of config.yaml, and a bad entry does not", () => {
  const file = join(sandbox.home, "home/.agent-orchestrator/config.yaml");
  const schema = schemaOf("config");
  expect(v.is(schema, Bun.YAML.parse(readFileSync(file, "utf8")))).toBe(true);
  expect(v.is(schema, { projects: [{ path: "~/a", repo: "o/n", storageKey: 12 }] })).toBe(true);
  expect(v.is(schema, { projects: { a: { name: "no path" } } })).toBe(false);
});

test.each([
  ["lanes", "lane"],
  ["known-issues", "known-issues"],
])("every file of %s names its schema for editors", (folder, schema) => {
  const dir = join(root, "lib/smoke", folder);
  for (const name of readdirSync(dir)) {
    const [first = ""] = readFileSync(join(dir, name), "utf8").split("\n", 1);
    const [, path = ""] = /^# yaml-language-server: \$schema=(\S+)$/.exec(first) ?? [];
    expect({ name, schema: join(dir, path) }).toEqual({
      ...{ name, schema: join(root, `schemas/${schema}.schema.json`) },
    });
  }
});
