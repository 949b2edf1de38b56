import { type Check, type Level, pass } from "../check.ts";
import { readRunFile } from "../run-file.ts";
import { quoted } from "../shell.ts";
import { noRewrite } from "../store-report.ts";

export const daemon: Check = {
  id: "AO-RW-003",
  section: "rewrite",
  title: "the daemon's running.json",
  cost: "files",
  explain: {
    what: "The run file of the rewrite's daemon: whether it parses, its pid lives and is the daemon's.",
    why: "With a broken file every `ao` command fails; with a reused pid some builds refuse to start.",
    found: "The file is read, the system is asked for the pid and its command line.",
    mended:
      "`ao stop` and a new start take care of a stale file; remove one that does not parse or names another program.",
    source: "The rewrite's run file.",
  },
  run(facts) {
    if (!facts.rewrite.present) return { skip: noRewrite };
    const { runFile } = facts.rewrite;
    const run = readRunFile(facts);
    const found = (level: Level, message: string, remedy: string) => ({
      summary: runFile,
      findings: [{ level, message, ref: runFile, remedy }],
    });
    if (run.state === "absent") return pass("the daemon does not run");
    if (run.state === "unusable") {
      return found("fail", `${runFile} cannot be used: ${run.detail}`, `rm ${quoted(runFile)}`);
    }
    const { pid, port } = run;
    if (run.state === "alive") return pass(`pid ${pid}, port ${port}`);
    const message = `${runFile} names pid ${pid}, which`;
    if (run.state === "dead") return found("warn", `${message} is dead`, "ao stop");
    // `ao stop` leaves a process alone that does not answer as the daemon, and the file with it.
    const remedy = `rm ${quoted(runFile)}`;
    return found("warn", `${message} now belongs to another program`, remedy);
  },
};
