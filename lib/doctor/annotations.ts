/** The doctor's findings as annotations of a GitHub workflow. */

import {
  type Annotation,
  annotation,
  logGroup,
  placeBelow,
  type WorkspacePlace,
} from "../github.ts";
import { plural } from "../text.ts";
import type { DoctorDocument } from "./document.ts";

type Checked = DoctorDocument["checks"][number];
type Finding = Checked["findings"][number];

/** GitHub shows few annotations of a step, so that findings without a place share one. */
const shown = 20;

/**
 * Failures and warnings; notes are in the report. One annotation for each place that a check found
 * something at, and one for all its findings that are nowhere in the workspace; errors first.
 */
export function annotations(document: DoctorDocument, workspace: string): string[] {
  return document.checks
    .flatMap((check) => annotationsOf(check, workspace))
    .sort((a, b) => a.level.localeCompare(b.level))
    .map(annotation);
}

/**
 * What a workflow's log gets: the report, folded; the annotations; the numbers.
 *
 * @param token see {@link logGroup}
 */
export function githubLog(
  report: { json: () => DoctorDocument; text: () => string },
  workspace: string,
  token: string,
): string {
  const document = report.json();
  const text = report.text().trimEnd();
  const numbers = text.slice(text.lastIndexOf("\n") + 1);
  const group = logGroup("AO doctor", text, token);
  return [group, ...annotations(document, workspace), Bun.stripANSI(numbers)].join("\n");
}

function annotationsOf(check: Checked, workspace: string): Annotation[] {
  const title = `${check.id} ${check.title}`;
  if (check.status === "crash") {
    return [{ level: "error", title, message: `The check itself failed: ${check.summary}` }];
  }
  const serious = check.findings.filter(({ level }) => level !== "info");
  const placed = serious.map((finding) => ({
    finding,
    place: placeBelow(finding.ref ?? "", workspace),
  }));
  const groups = Map.groupBy(placed, ({ place }) => JSON.stringify(place));
  return [...groups.values()].map((group) => {
    const findings = group.map(({ finding }) => finding);
    const place: WorkspacePlace = group[0]?.place ?? {};
    const failed = findings.some(({ level }) => level === "fail");
    const message = messageOf(check, findings);
    return { level: failed ? "error" : "warning", title, ...place, message };
  });
}

function messageOf({ fix }: Checked, findings: readonly Finding[]): string {
  const some = findings.slice(0, shown);
  const lines = some.flatMap(({ message, remedy }, at) => {
    // One remedy for several findings is told after the last of them.
    const told = remedy === undefined || some[at + 1]?.remedy === remedy;
    return told ? [message] : [message, `→ ${remedy}`];
  });
  const rest = findings.length - some.length;
  if (rest > 0) lines.push(`… and ${plural(rest, "more", "more")}`);
  if (fix !== undefined) lines.push(`mend: ${fix.command}`);
  return lines.join("\n");
}
