import { plural } from "../../text.ts";
import { type Check, type Finding, pass } from "../check.ts";
import { compareColumns, knownVersion } from "../store-columns.ts";
import { withStore } from "../store-report.ts";

export const schema: Check = {
  id: "AO-RW-006",
  section: "rewrite",
  title: "columns of ao.db",
  cost: "store",
  explain: {
    what: "The version that goose recorded against the columns that are really there.",
    why: "After a failed or mixed upgrade the daemon answers some requests with errors that name no reason.",
    found: `Columns of every version up to ${knownVersion} are known; later builds are only told apart.`,
    mended:
      "Start the build that the columns are of. With a copy of ao.db at hand, remove what goose recorded too much.",
    source: "Reported by users of the rewrite.",
  },
  run: (facts) =>
    withStore(facts, ({ version, columns }) => {
      const ref = facts.rewrite.database;
      if (version === null) {
        const message = "ao.db records no version: goose's table is missing or empty";
        return { summary: "no version", findings: [{ level: "fail", message, ref }] };
      }
      if (version > knownVersion) {
        const message = `ao.db is at version ${version}, of a newer build than is known here (${knownVersion}); an older ao cannot use it`;
        return { summary: "newer", findings: [{ level: "info", message, ref }] };
      }
      const { missing, early } = compareColumns(version, columns);
      const findings: Finding[] = [];
      if (missing.length > 0) {
        const message = `ao.db says version ${version}, but lacks ${listed(missing)}`;
        findings.push({ level: "fail", message, ref });
      }
      if (early.length > 0) {
        const names = early.map(({ column }) => column);
        const later = Math.max(...early.map((column) => column.version));
        const message = `ao.db says version ${version}, but has ${listed(names)}, of version ${later}`;
        findings.push({ level: "fail", message, ref });
      }
      if (findings.length > 0) return { summary: "columns differ", findings };
      return pass(`version ${version}, all columns there`);
    }),
};

const shown = 4;

function listed(names: string[]): string {
  const rest = names.length - shown;
  const first = names.slice(0, shown).join(", ");
  return rest > 0 ? `${first} and ${plural(rest, "more column")}` : first;
}
