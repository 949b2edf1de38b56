import { formatBytes } from "../../text.ts";
import { type Check, type Finding, pass } from "../check.ts";
import { quoted } from "../shell.ts";
import { withStore } from "../store-report.ts";

export const integrity: Check = {
  id: "AO-RW-005",
  section: "rewrite",
  title: "soundness of ao.db",
  cost: "store",
  explain: {
    what: "Whether the database can be read and is sound.",
    why: "Damage spreads with every write, and shows late.",
    found:
      "SQLite's `integrity_check`. The database is never opened for writing: one at rest is read as immutable, one in use from a private copy with its write-ahead log.",
    mended:
      "Stop the daemon, keep a copy of ao.db and what begins with its name, then try `sqlite3 ao.db .recover`.",
    source: "SQLite.",
  },
  run(facts) {
    const { database } = facts.rewrite;
    return withStore(
      facts,
      ({ damage, bytes }) => {
        if (damage.length === 0) return pass(`sound, ${formatBytes(bytes)}`);
        const findings = damage.map(
          (message): Finding => ({ level: "fail", message, ref: database }),
        );
        return { summary: "damaged", findings };
      },
      ({ kind, detail }) => {
        if (kind === "too-large") return { skip: `too large to look at in passing (${detail})` };
        if (kind === "uncopied") return { skip: `no copy to look at could be made: ${detail}` };
        const message = `ao.db cannot be read: ${detail}`;
        const level = kind === "busy" ? "warn" : "fail";
        const remedies: Record<string, string> = {
          busy: "look again when the writer is done",
          unreadable: `ls -l ${quoted(database)}`,
        };
        const remedy = remedies[kind] ?? "ao stop";
        return { summary: kind, findings: [{ level, message, ref: database, remedy }] };
      },
    );
  },
};
