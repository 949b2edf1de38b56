import type { Check, Finding } from "../check.ts";

export const marker: Check = {
  id: "AO-MG-004",
  section: "migrations",
  title: "marker of AO's own migration",
  cost: "scan",
  kinds: ["migration-marker"],
  explain: {
    what: "`.migration-in-progress`, which AO's first migrator writes at its start and removes at its end.",
    why: "It says that the migrator was stopped half-way; AO warns about it at each start, and re-running the migrator was seen to delete things.",
    found: "By its name in the base directory.",
    mended:
      "It goes to the trash of the repair. What the migrator left behind is found by the checks of storage.",
    source: "AO's migrator.",
  },
  fix: {
    name: "migration-marker",
    title: "Move the marker of AO's interrupted migration to the trash",
    safe: true,
    quiet: false,
  },
  run(facts) {
    const issues = facts.issues(["migration-marker"]);
    const findings = issues.map(
      ({ detail, ref = "" }): Finding => ({ level: "warn", message: detail, ref }),
    );
    return {
      summary: "none",
      findings,
      mend: issues.map(({ ref = "" }) => ({ op: "trash", path: ref })),
    };
  },
};
