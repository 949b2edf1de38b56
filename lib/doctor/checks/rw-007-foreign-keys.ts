import { plural } from "../../text.ts";
import { type Check, type Finding, pass } from "../check.ts";
import { quoted } from "../shell.ts";
import { withStore } from "../store-report.ts";

export const foreignKeys: Check = {
  id: "AO-RW-007",
  section: "rewrite",
  title: "rows of ao.db without a parent",
  cost: "store",
  explain: {
    what: "Sessions of no project, pull requests of no session, and the like.",
    why: "The daemon relies on the join and fails on such rows; they come from edits with foreign keys switched off.",
    found: "SQLite's `foreign_key_check`.",
    mended: "With the daemon stopped and a copy of ao.db at hand, remove these rows by hand.",
    source: "SQLite; users who repaired with SQL.",
  },
  run: (facts) =>
    withStore(facts, ({ brokenKeys }) => {
      if (brokenKeys.length === 0) return pass("none");
      const findings = brokenKeys.map(
        ({ table, parent, rows }): Finding => ({
          level: "fail",
          message: `${plural(rows, "row")} of ${table} ${rows === 1 ? "points" : "point"} at ${parent} that are not there`,
          ref: facts.rewrite.database,
          remedy: `sqlite3 -readonly ${quoted(facts.rewrite.database)} 'PRAGMA foreign_key_check'`,
        }),
      );
      return { summary: "none", findings };
    }),
};
