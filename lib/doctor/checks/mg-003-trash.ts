import { readdirSync } from "node:fs";
import { trashDirs } from "../../change/history.ts";
import { formatBytes } from "../../text.ts";
import { type Check, type Finding, pass } from "../check.ts";
import type { Facts } from "../facts.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** Trash of a migration is kept this long before it is worth a word, unless it is large. */
const patienceDays = 30;
const large = 100 * 1024 * 1024;

export const trash: Check = {
  id: "AO-MG-003",
  section: "migrations",
  title: "trash of migrations",
  cost: "walk",
  explain: {
    what: "Trash of finished migrations that is older than 30 days or larger than 100 MB.",
    why: "Nothing is deleted while migrating, so it adds up.",
    found:
      "`du` over the trash of each migration, stopped when it takes longer than a program may.",
    mended: "`rollback --prune` empties it. That migration cannot be taken back afterwards.",
    source: "This toolkit's change engine.",
  },
  async run(facts) {
    const { migrations } = await facts.migrations;
    let total = 0;
    const findings: Finding[] = [];
    for (const { id, dir, state, createdAt } of migrations) {
      if (state !== "done" && state !== "rolled-back") continue;
      const bytes = await trashBytes(dir, facts);
      if (bytes === null) return { skip: `the trash of ${id} could not be measured in time` };
      total += bytes;
      const days = Math.floor((facts.now.getTime() - Date.parse(createdAt)) / dayMs);
      if (bytes === 0 || (bytes < large && days < patienceDays)) continue;
      findings.push({
        level: "info",
        message: `The trash of ${id} holds ${formatBytes(bytes)}, since ${days} days`,
        ref: dir,
        remedy: facts.command("rollback", "--prune", "--older-than", `${Math.max(0, days)}d`),
      });
    }
    if (findings.length > 0) return { summary: "trash", findings };
    return pass(total === 0 ? "none" : `${formatBytes(total)} of recent trash`);
  },
};

/** Null when nobody can tell in time; a trash may hold whole worktrees. */
async function trashBytes(dir: string, facts: Facts): Promise<number | null> {
  const paths = trashDirs(dir).filter((path) => !isEmpty(path));
  if (paths.length === 0) return 0;
  const answer = await facts.ask("du", "-sk", ...paths);
  if (answer.state !== "ended") return null;
  const kilobytes = answer.stdout.match(/^\d+/gm) ?? [];
  if (kilobytes.length < paths.length) return null;
  return kilobytes.reduce((sum, each) => sum + Number(each), 0) * 1024;
}

function isEmpty(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return true;
  }
}
