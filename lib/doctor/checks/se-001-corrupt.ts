import type { Check, Finding } from "../check.ts";
import { isSessionJson, setAside } from "../session-fixes.ts";
import { fileOf } from "../views.ts";

export const corrupt: Check = {
  id: "AO-SE-001",
  section: "sessions",
  title: "corrupt session files",
  cost: "scan",
  kinds: ["corrupt"],
  explain: {
    what: "Files in sessions/ that are cut off, no UTF-8, or no JSON object.",
    why: "AO takes the session for gone, and sets the file aside when it next writes to it.",
    found: "Every metadata file is parsed strictly.",
    mended:
      "The file steps aside as `.corrupt-{time}`, as AO itself would do it, so that the id is free again. Look first whether it can be mended by hand.",
    source: "AO's session store.",
  },
  fix: {
    name: "corrupt-sessions",
    title: "Set corrupt session files aside",
    safe: false,
    quiet: true,
  },
  run(facts) {
    const paths = new Set<string>();
    const findings: Finding[] = [];
    for (const issue of facts.issues(["corrupt"]).filter(isSessionJson)) {
      paths.add(fileOf(issue));
      findings.push({ level: "fail", message: issue.detail, ref: issue.ref ?? "" });
    }
    const mend = [...paths].map((path) => setAside(path, facts.now));
    return { summary: "none", findings, mend };
  },
};
