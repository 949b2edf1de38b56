import type { Check } from "../check.ts";
import { driftReport, whyObscured } from "../views.ts";

const kinds = ["unknown-owner", "unregistered-project"] as const;

export const owners: Check = {
  id: "AO-ST-011",
  section: "storage",
  title: "state without a registered project",
  cost: "scan",
  kinds,
  explain: {
    what: "State that nothing joins to a project, or only to one that the registry does not have.",
    why: "AO does not show it, and nothing may be moved on a guess.",
    found:
      "Registry key, project id, `.origin`, storageKey, the registry before AO's migration, git worktrees and identity.json are asked.",
    mended: "Register the project again, or answer the decision that the dry run lists.",
    source: "AO's own migrator lost such joins.",
  },
  run: (facts) => {
    // It may well have the projects; nor does a dry run list any decision before it can be read.
    const obscured = whyObscured(facts);
    if (obscured !== null) return obscured;
    return driftReport(facts, kinds, {
      level: "warn",
      healthy: "none",
      remedy: ({ kind }) =>
        kind === "unknown-owner" ? `${facts.command("migrate")}   # lists the decision` : undefined,
    });
  },
};
