import type { Check, Finding } from "../check.ts";

export const runFile: Check = {
  id: "AO-RT-001",
  section: "runtime",
  title: "running.json",
  cost: "scan",
  kinds: ["running-file-stale"],
  explain: {
    what: "A running.json whose process is dead, or whose pid belongs to another program by now.",
    why: "AO's commands talk to a dashboard that is not there, or refuse to start a second one.",
    found: "The pid must live and its command line must be AO's.",
    mended: "The file goes to the trash of the repair; AO writes a new one when it starts.",
    source: "AO's own file; pids are reused.",
  },
  fix: {
    name: "run-file",
    title: "Move a stale running.json to the trash",
    safe: true,
    quiet: false,
  },
  run(facts) {
    const { running } = facts.inventory;
    if (running?.isAo === true) {
      return { summary: `AO runs as pid ${running.pid}`, findings: [], mend: [] };
    }
    const issues = facts.issues(["running-file-stale"]);
    const findings = issues.map(
      ({ detail, ref = "" }): Finding => ({ level: "warn", message: detail, ref }),
    );
    return {
      summary: "AO does not run",
      findings,
      mend: issues.map(({ ref = "" }) => ({ op: "trash", path: ref })),
    };
  },
};
