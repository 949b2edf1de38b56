/**
 * AO as a process of its own: changes session files and the registry under their lock files, as
 * fast as it can, until its stdin ends. Each write counts one up in a field of this writer's own and
 * looks first whether the last one is still there. Prints a `Report`.
 *
 *     bun tests/crash/concurrency-writer.ts NAME (locks|nolocks) FILE…
 */

import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";

export interface Report {
  writes: number;
  /** Writes that were not there any more at the next one. */
  lost: string[];
  /** By file, how often it was written. */
  counts: Record<string, number>;
}

/** The counter of a writer in a file's text; 0 when there is none. */
export function countIn(text: string, name: string): number {
  return Number(new RegExp(`"?${name}"?: (\\d+)`).exec(text)?.[1] ?? 0);
}

function withCount(file: string, text: string, name: string, count: number): string {
  if (file.endsWith(".json")) {
    return `${JSON.stringify({ ...(JSON.parse(text) as object), [name]: count }, null, 2)}\n`;
  }
  const line = `${name}: ${count}`;
  const found = new RegExp(`^${name}: \\d+`, "m");
  return found.test(text) ? text.replace(found, line) : `${text.trimEnd()}\n${line}\n`;
}

/** AO's rule: made with O_EXCL, taken over when it is old. */
function lock(file: string): boolean {
  const path = `${file}.lock`;
  try {
    closeSync(openSync(path, "wx"));
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
  const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > (file.endsWith(".json") ? 30_000 : 60_000)) unlinkSync(path);
  return false;
}

async function write(name: string, hasLocks: boolean, files: readonly string[]): Promise<Report> {
  const report: Report = { writes: 0, lost: [], counts: {} };
  let isOpen = true;
  void Bun.stdin.text().then(() => {
    isOpen = false;
  });
  console.log("writing");
  for (let turn = 0; isOpen; turn += 1) {
    if (turn % 10 === 0) await new Promise((resume) => setImmediate(resume));
    const file = files[(turn * 7) % files.length] ?? "";
    if (hasLocks && !lock(file)) continue;
    const text = existsSync(file) ? readFileSync(file, "utf8") : null;
    const last = report.counts[file] ?? 0;
    const found = text === null ? null : countIn(text, name);
    if (found !== last) report.lost.push(`${file}: ${name} wrote ${last}, but ${found} was there`);
    if (text !== null) {
      const mine = `${file}.${name}.tmp`;
      writeFileSync(mine, withCount(file, text, name, last + 1));
      renameSync(mine, file);
      report.counts[file] = last + 1;
      report.writes += 1;
    }
    if (hasLocks) unlinkSync(`${file}.lock`);
  }
  return report;
}

if (import.meta.main) {
  const [name = "", locks, ...files] = process.argv.slice(2);
  console.log(JSON.stringify(await write(name, locks === "locks", files)));
}
