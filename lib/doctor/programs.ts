/** Programs and their versions. */

import type { Finding, Level, Report } from "./check.ts";
import type { Facts } from "./facts.ts";
import { complaint } from "./probe.ts";

export interface Wanted {
  program: string;
  /** Words that make it print its version. */
  version: readonly string[];
  /** What its absence means, and an old version. */
  level: Level;
  /** What needs it, as a clause: `AO runs its sessions in it`. */
  use: string;
  minimum?: string;
  /** Where it is to be had. */
  remedy: string;
}

/** Asks a program for its version and compares it with the least that will do. */
export async function programReport(facts: Facts, wanted: Wanted): Promise<Report> {
  const { program, level, use, minimum, remedy } = wanted;
  const answer = await facts.ask(program, ...wanted.version);
  const trouble = complaint(answer);
  const found = (message: string, worse = level): Report => {
    const finding: Finding = { level: worse, message, remedy };
    if (answer.state !== "missing") finding.ref = answer.path;
    return { summary: program, findings: [finding] };
  };
  if (answer.state === "missing") return found(`${program} ${trouble}; ${use}`);
  // One that is there and does not work is a trap, whoever needs it.
  if (trouble !== null) return found(`${program} ${trouble}`, level === "fail" ? "fail" : "warn");
  const text = answer.state === "ended" ? `${answer.stdout} ${answer.stderr}` : "";
  const version = versionIn(text);
  if (version === null) return { summary: "of an unknown version", findings: [] };
  if (minimum !== undefined && Bun.semver.order(padded(version), padded(minimum)) < 0) {
    return found(`${program} is ${version}; ${minimum} or later is needed: ${use}`);
  }
  return { summary: version, findings: [] };
}

/** The first thing in a text that looks like a version: `2.39.5`, `3.4`. */
export function versionIn(text: string): string | null {
  return /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? null;
}

/** With three numbers, as `Bun.semver` wants it. */
export function padded(version: string): string {
  return [...version.split("."), "0", "0"].slice(0, 3).join(".");
}
