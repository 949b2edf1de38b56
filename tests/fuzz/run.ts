/** Runs scripts in this process and looks at everything they must never do. */

import { execute, type Script } from "../../lib/cli.ts";
import { exitCodes } from "../../lib/errors.ts";
import { makeHost } from "../host.ts";

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Where a script runs: no program is found there, and nothing but this home. */
export interface Where {
  home: string;
  cwd?: string;
}

/** Runs a script as its entry line does, without a process of its own. */
export async function runInside(script: Script, argv: string[], where: Where): Promise<Ran> {
  const env = { HOME: where.home, PATH: "", TMUX_TMPDIR: where.home, TZ: "UTC" };
  const { host, written } = makeHost(argv, { env, cwd: where.cwd ?? where.home });
  const code = await execute(script, host);
  return { code, stdout: written.stdout, stderr: written.stderr };
}

/** How bad input may end: not with a bug, nor as if the command line were wrong. */
const allowed: number[] = [
  exitCodes.done,
  exitCodes.findings,
  exitCodes.invalid,
  exitCodes.refused,
  exitCodes.interrupted,
];

/**
 * Controls, and characters that reorder or hide text; line breaks and tabs lay out what is
 * printed.
 */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/u;

/** What a run did that no run may do; null when nothing. */
export function complaintOf(
  { code, stdout, stderr }: Ran,
  argv: readonly string[],
  also: readonly number[] = [],
): string | null {
  const call = argv.join(" ");
  if (!allowed.includes(code) && !also.includes(code)) {
    return `exit ${code} of "${call}": ${(stderr || stdout).slice(0, 700).replaceAll("\n", " | ")}`;
  }
  for (const [name, text] of Object.entries({ stdout, stderr })) {
    const at = text.search(unprintable);
    if (at !== -1) {
      const around = JSON.stringify(text.slice(Math.max(0, at - 60), at + 20));
      return `${name} of "${call}" has ${JSON.stringify(text[at])} in ${around}`;
    }
    if (/^\s+at .+(?:\.ts:\d+:\d+|\(native:\d.*)\)?$/m.test(text))
      return `${name} of "${call}" has a stack trace`;
  }
  return argv.includes("--json") ? jsonComplaint(stdout, call) : null;
}

function jsonComplaint(stdout: string, call: string): string | null {
  try {
    JSON.parse(stdout);
    return null;
  } catch {
    return `stdout of "${call}" is no JSON: ${JSON.stringify(stdout.slice(0, 200))}`;
  }
}

/** Runs and complains in one. */
export async function complaintAbout(
  script: Script,
  argv: string[],
  where: Where & { also?: readonly number[] },
): Promise<string | null> {
  return complaintOf(await runInside(script, argv, where), argv, where.also);
}
