/**
 * Keeps secrets out of whatever the doctor says: what looks like one, and what the environment
 * says is one.
 */

import type { Env } from "../process.ts";

const mask = "•••";

/** `user:password@` of URLs, and the tokens of the services that AO and its agents use. */
const patterns: readonly [RegExp, string][] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, `$1${mask}@`],
  [/\b(gh[pousr]_|github_pat_|glpat-|xox[a-z]-|lin_api_)[A-Za-z0-9_-]{8,}/g, `$1${mask}`],
  // A session may be called sk-orchestrator; a key is far longer.
  [/\b(sk-)[A-Za-z0-9_-]{20,}/g, `$1${mask}`],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9+/=._-]{8,}/gi, `$1 ${mask}`],
  [/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, mask],
];

const secretName = /TOKEN|SECRET|PASSW|API_?KEY|CREDENTIAL|PRIVATE_KEY/i;
/** Shorter values are words that may well stand in a message by themselves. */
const shortestSecret = 8;

/** A function that masks secrets in a text. */
export function redactor(env: Env): (text: string) => string {
  const values = Object.entries(env)
    .filter(([name, value]) => secretName.test(name) && (value?.length ?? 0) >= shortestSecret)
    .map(([, value]) => value ?? "")
    .sort((a, b) => b.length - a.length);
  return (text) => {
    let shown = text;
    for (const value of values) shown = shown.replaceAll(value, mask);
    for (const [pattern, replacement] of patterns) shown = shown.replace(pattern, replacement);
    return shown;
  };
}
