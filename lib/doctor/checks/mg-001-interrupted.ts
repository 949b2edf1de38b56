import { join } from "node:path";
import { realDisk } from "../../change/disk.ts";
import type { MigrationSummary } from "../../change/history.ts";
import { runningMigration } from "../../change/lock.ts";
import { type Check, type Finding, pass } from "../check.ts";
import type { Facts } from "../facts.ts";

export const interrupted: Check = {
  id: "AO-MG-001",
  section: "migrations",
  title: "migrations that stand half-way",
  cost: "files",
  explain: {
    what: "Migrations, repairs and rollbacks of this toolkit that were stopped, and records that are damaged.",
    why: "The disk is between two states, and nothing new is started before that ends.",
    found: "Each journal below migrations/ says what was begun and what was done.",
    mended: "Resume it or roll it back; both know from the journal how far it came.",
    source: "This toolkit's change engine.",
  },
  async run(facts) {
    const { migrations, damaged } = await facts.migrations;
    const held = runningMigration(realDisk, join(facts.migrationsDir, ".lock"));
    const open = migrations.filter(({ id, state }) => halfWay.has(state) && id !== held);
    const findings = [
      ...open.map((migration): Finding => {
        const { id, title, state, dir } = migration;
        const message = `${id} (${title}) is ${state}`;
        return { level: "fail", message, ref: dir, remedy: wayOn(migration, facts) };
      }),
      ...damaged.map(
        ({ id, dir, error }): Finding => ({
          level: "fail",
          message: `The record of ${id} cannot be used: ${error.message}`,
          ref: dir,
          remedy: error.hint?.replace("; nothing was changed", "") ?? "restore it from a backup",
        }),
      ),
    ];
    if (findings.length > 0) return { summary: "", findings };
    return pass(held === null ? "none" : `${held} is running right now`);
  },
};

const halfWay = new Set(["planned", "interrupted", "rolling-back"]);

/** By the script that made a migration, the one that can go on with it; a spawn can only go back. */
const resumedBy = new Map([
  ["migrate", "migrate"],
  ["repair", "repair"],
  ["doctor", "repair"],
]);

function wayOn({ id, script, state }: MigrationSummary, { command }: Facts): string {
  const back = command("rollback", id);
  const on = resumedBy.get(script);
  if (state === "rolling-back" || on === undefined) return back;
  return `${command(on, "--resume")}, or ${back}`;
}
