/** Migrations there and back, again and again, while AO-like processes write the same files. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { countIn, type Report } from "./concurrency-writer.ts";

export interface Race {
  writes: number;
  rounds: number;
  failures: string[];
}

type Reader = { read(): Promise<{ value?: Uint8Array | undefined; done: boolean }> };

const names = ["writer_a", "writer_b"];

/** Longest that a race may take, however slow the machine. */
const limitMs = 240_000;

/**
 * @param round once there and back; throws when it does not end as it should
 * @param goal writes after which the race may end, with the round that runs then
 */
export async function race(
  files: readonly string[],
  round: () => Promise<void>,
  goal: { writes: number; rounds: number; hasLocks?: boolean },
): Promise<Race> {
  const script = join(import.meta.dir, "concurrency-writer.ts");
  const locks = goal.hasLocks === false ? "nolocks" : "locks";
  const writers = names.map((name) =>
    Bun.spawn([process.execPath, script, name, locks, ...files], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  const readers = writers.map((writer) => writer.stdout.getReader());
  const failures: string[] = [];
  let rounds = 0;
  try {
    await Promise.all(readers.map((reader) => reader.read()));
    const deadline = Date.now() + limitMs;
    while (failures.length === 0 && Date.now() < deadline) {
      if (rounds >= goal.rounds && writesIn(files) >= goal.writes) break;
      rounds += 1;
      await round();
    }
  } catch (error) {
    failures.push(`round ${rounds}: ${(error as Error).message}`);
  }
  const reports: Report[] = [];
  for (const [index, writer] of writers.entries()) {
    writer.stdin.end();
    reports.push(JSON.parse(await rest(readers[index])) as Report);
    await writer.exited;
  }
  for (const [index, { lost, counts }] of reports.entries()) {
    failures.push(...lost);
    const name = names[index] ?? "";
    for (const [file, count] of Object.entries(counts)) {
      const found = countIn(readFileSync(file, "utf8"), name);
      if (found !== count) failures.push(`${file}: ${name} wrote ${count}, ${found} is there`);
    }
  }
  return { writes: reports.reduce((sum, { writes }) => sum + writes, 0), rounds, failures };
}

/** Writes that are in the files now. */
function writesIn(files: readonly string[]): number {
  const countsOf = (text: string) => names.reduce((sum, name) => sum + countIn(text, name), 0);
  return files.reduce((sum, file) => sum + countsOf(readFileSync(file, "utf8")), 0);
}

/** What is still to come; a part after the end has no value. */
async function rest(reader: Reader | undefined): Promise<string> {
  const parts: Uint8Array[] = [];
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    parts.push(part.value);
  }
  return Buffer.concat(parts).toString("utf8");
}
