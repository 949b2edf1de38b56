import type { Check, Finding } from "../check.ts";
import { convert, sessionFiles } from "../session-fixes.ts";

export const keyValue: Check = {
  id: "AO-SE-003",
  section: "sessions",
  title: "key=value text in .json files",
  cost: "scan",
  kinds: ["kv-in-json"],
  explain: {
    what: "Files called `.json` whose content is the key=value text of V1.",
    why: "AO cannot parse them, so the session is invisible and its file is later set aside.",
    found: "A file that is no JSON but has pairs in it.",
    mended:
      "The text becomes the JSON that AO's own reader would make of it; the original goes to the trash of the repair.",
    source: "Made by scripts of AO's V1 days on a V2 disk.",
  },
  fix: {
    name: "key-value-sessions",
    title: "Turn key=value text in .json files into JSON",
    safe: false,
    quiet: true,
  },
  run(facts) {
    const files = sessionFiles(facts);
    const issues = facts.issues(["kv-in-json"]);
    const findings = issues.map(
      ({ detail, ref = "" }): Finding => ({ level: "fail", message: detail, ref }),
    );
    const mend = issues.flatMap(({ ref = "" }) => {
      const file = files.get(ref);
      return file === undefined ? [] : convert(file);
    });
    return { summary: "none", findings, mend };
  },
};
