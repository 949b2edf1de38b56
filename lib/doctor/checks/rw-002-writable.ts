import { closeSync, existsSync, openSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../errors.ts";
import { type Check, pass } from "../check.ts";
import { quoted } from "../shell.ts";
import { noRewrite } from "../store-report.ts";

export const writable: Check = {
  id: "AO-RW-002",
  section: "rewrite",
  title: "write probe",
  cost: "probe",
  explain: {
    what: "Whether a file can be made in the data directory.",
    why: "The daemon cannot keep its database on a full or read-only disk; permission bits alone do not tell.",
    found: "An empty file is made under a name that nobody has, and removed at once.",
    mended: "Give back the permission, or make room.",
    source: "AO's own doctor does the same.",
  },
  run({ rewrite }) {
    if (!rewrite.present) return { skip: noRewrite };
    if (!existsSync(rewrite.dataDir)) return { skip: "the data directory is not there" };
    const probe = join(rewrite.dataDir, `.ao-toolkit-probe-${crypto.randomUUID()}`);
    try {
      makeAndRemove(probe);
      return pass("a file was made and removed");
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      const message = `Nothing can be written to ${rewrite.dataDir} (${code})`;
      const remedy = code === "ENOSPC" ? "df -h" : `ls -ld ${quoted(rewrite.dataDir)}`;
      return {
        summary: rewrite.dataDir,
        findings: [{ level: "fail", message, ref: rewrite.dataDir, remedy }],
      };
    }
  },
};

function makeAndRemove(path: string): void {
  const fd = openSync(path, "wx", 0o600);
  try {
    closeSync(fd);
  } finally {
    unlinkSync(path);
  }
}
