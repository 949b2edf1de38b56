/** What a newcomer without any AO state gets: an answer, nothing written, and no trace of a bug. */

import { expect, test } from "bun:test";
import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { makeSandbox, runScript } from "../process.ts";

const calls: readonly [script: string, words: string[], code: number, says: string][] = [
  ["migrate", [], 0, "Nothing to do: no AO state in"],
  ["migrate", ["--rehearse"], 0, "Nothing to rehearse"],
  ["migrate", ["--execute", "--yes"], 0, "Nothing to do: no AO state in"],
  ["migrate", ["--resume"], 4, "Cannot resume"],
  ["rollback", [], 4, "there is nothing to take back\nhint: every migration and where it stands: "],
  ["rollback", ["--list"], 0, "No migrations in"],
  ["rollback", ["--prune"], 0, "No finished migration has trash"],
  ["migrate-sessions", ["--dry-run"], 0, "No flat task session files found"],
  ["doctor", ["--skip", "tools"], 0, "Healthy"],
  ["doctor", ["--only", "storage"], 0, "\nNo AO state in "],
  ["repair", [], 0, "nothing to do"],
  ["sessions", ["list"], 0, "No sessions in"],
  ["sessions", ["info"], 0, "No projects"],
  ["migration", ["list"], 0, "slug"],
];

test("of a disk without state the dry run says just that", async () => {
  using sandbox = makeSandbox();
  const { stdout } = await runScript("scripts/migrate.ts", [], { sandbox, cwd: sandbox.home });
  expect(stdout.split("\n")).toEqual([
    `Nothing to do: no AO state in ${sandbox.home}/.agent-orchestrator.`,
    "State elsewhere is named by --home DIR or --base-dir DIR.",
    "",
  ]);
});

test.each(calls)("%s %j of an empty home ends with %d", async (script, words, code, says) => {
  using sandbox = makeSandbox({ BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" });
  const result = await runScript(`scripts/${script}.ts`, words, { sandbox, cwd: sandbox.home });
  expect(result.stdout + result.stderr).toContain(says);
  expect({ code: result.code, left: readdirSync(sandbox.home) }).toEqual({ code, left: [] });
});

test("what the doctor may not look at is not called empty", async () => {
  using sandbox = makeSandbox();
  symlinkSync(".agent-orchestrator", join(sandbox.home, ".agent-orchestrator"));
  const circle = ["--home", join(sandbox.home, ".agent-orchestrator")];
  const words = ["--only", "storage", ...circle];
  const { code, stdout } = await runScript("scripts/doctor.ts", words, { sandbox });
  expect(code).toBe(1);
  expect(stdout).not.toContain("No AO state");
});
