import type { Check } from "../check.ts";
import { stepReport } from "../views.ts";

export const identity: Check = {
  id: "AO-ST-005",
  section: "storage",
  title: "project directories without identity.json",
  cost: "scan",
  kinds: ["missing-identity"],
  explain: {
    what: "Project directories without identity.json.",
    why: "Without it only the registry tells which repository a directory belongs to, and that is edited by hand.",
    found: "The V3 plan for this step.",
    mended: "identity.json is written with what is certain of path, origin and prefix.",
    source: "AO's V3 design.",
  },
  fix: {
    name: "identity",
    title: "Write identity.json where it is missing",
    safe: false,
    quiet: true,
  },
  run: (facts) => stepReport(facts, "write-identity-json", { level: "info", healthy: "none" }),
};
