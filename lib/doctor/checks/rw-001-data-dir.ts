import { statSync } from "node:fs";
import { errorCode } from "../../errors.ts";
import { type Check, type Finding, pass } from "../check.ts";
import { noRewrite } from "../store-report.ts";

export const dataDir: Check = {
  id: "AO-RW-001",
  section: "rewrite",
  title: "data directory",
  cost: "files",
  explain: {
    what: "The directory of the Go rewrite's database and worktrees.",
    why: "The daemon makes an empty one when it is missing, and everything seems to be gone.",
    found: "AO_DATA_DIR, else ~/.ao/data, else the default of the first builds.",
    mended: "Bring it back, or correct the variable where the daemon is started.",
    source: "The rewrite's configuration.",
  },
  run({ rewrite }) {
    if (!rewrite.present) return { skip: noRewrite };
    const { dataDir: path, source } = rewrite;
    const finding = (message: string): Finding => ({ level: "fail", message, ref: path });
    try {
      if (statSync(path).isDirectory()) return pass(`${path} (${source})`);
      return { summary: path, findings: [finding(`${path} is not a directory`)] };
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      const state = code === "ENOENT" ? "is not there" : `cannot be read (${code})`;
      return { summary: path, findings: [finding(`${path} (${source}) ${state}`)] };
    }
  },
};
