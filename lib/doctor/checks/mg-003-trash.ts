import { trashBytes } from "../../change/history.ts";
import { formatBytes } from "../../text.ts";
import { type Check, type Finding, pass } from "../check.ts";

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
    found: "The trash of each migration is measured.",
    mended: "`rollback --prune` empties it. That migration cannot be taken back afterwards.",
    source: "This toolkit's change engine.",
  },
  async run(facts) {
    const { migrations } = await facts.migrations;
    let total = 0;
    const findings: Finding[] = [];
    for (const { id, dir, state, pruned, createdAt } of migrations) {
      if (pruned || (state !== "done" && state !== "rolled-back")) continue;
      const bytes = trashBytes(dir);
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
