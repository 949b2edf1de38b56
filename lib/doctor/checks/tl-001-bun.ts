import manifest from "../../../package.json" with { type: "json" };
import { type Check, type Finding, pass, type Report } from "../check.ts";
import { padded } from "../programs.ts";

const minimum = manifest.engines.bun.replace(/^>=/, "");

export const bun: Check = {
  id: "AO-TL-001",
  section: "tools",
  title: "bun",
  cost: "scan",
  explain: {
    what: "The version of Bun that runs this toolkit.",
    why: "Older versions lack calls that the toolkit makes, and fail in the middle of something.",
    found: "The running Bun says its version; it is compared with `engines` in package.json.",
    mended: "Install a newer Bun.",
    source: "This toolkit's package.json.",
  },
  run: () => bunReport(Bun.version),
};

/** Compares a version of Bun with the one that is needed. */
export function bunReport(version: string): Report {
  if (Bun.semver.order(padded(version), minimum) >= 0) return pass(version);
  const message = `This is bun ${version}; the toolkit needs ${minimum}`;
  const finding: Finding = { level: "fail", message, remedy: "npm install -g bun@latest" };
  return { summary: version, findings: [finding] };
}
