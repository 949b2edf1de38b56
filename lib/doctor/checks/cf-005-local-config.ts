import type { Check } from "../check.ts";
import { driftReport } from "../views.ts";

const kinds = ["local-config-wrapped"] as const;

export const localConfig: Check = {
  id: "AO-CF-005",
  section: "config",
  title: "configs in repositories",
  cost: "scan",
  kinds,
  explain: {
    what: "An agent-orchestrator.yaml in a repository that still has the old, wrapped form.",
    why: "AO looks for the project's fields at the top and silently uses its defaults instead.",
    found: "Each registered repository's own config is read.",
    mended:
      "Move the project's fields to the top of the file and remove `projects:`. The file is in your repository, so nothing here touches it.",
    source: "Reported by AO's users after its first migration.",
  },
  run: (facts) =>
    driftReport(facts, kinds, {
      level: "warn",
      healthy: "none is wrapped",
      remedy: "move the project's fields to the top of that file and commit it",
    }),
};
