/**
 * Writes session files the way AO does, as fast as it can: takes the file's lock, reads it, counts
 * one up, replaces it, gives the lock back. Ends when its stdin does and prints how often it wrote
 * each file.
 *
 *     bun tests/change/ao-writer.ts FILE…
 */

import * as fs from "node:fs";

const files = process.argv.slice(2);
const counts = files.map(() => 0);
let isOpen = true;
void Bun.stdin.text().then(() => {
  isOpen = false;
});

function lock(file: string): boolean {
  try {
    fs.closeSync(fs.openSync(`${file}.lock`, "wx"));
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "EEXIST") return false;
    throw error;
  }
}

console.log("writing");
for (let turn = 0; isOpen; turn += 1) {
  const index = (turn * 7) % files.length;
  const file = files[index] ?? "";
  if (lock(file)) {
    const session = JSON.parse(fs.readFileSync(file, "utf8")) as { count: number };
    session.count += 1;
    fs.writeFileSync(`${file}.tmp`, `${JSON.stringify(session, null, 2)}\n`);
    fs.renameSync(`${file}.tmp`, file);
    fs.unlinkSync(`${file}.lock`);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  if (turn % 10 === 0) await new Promise((resume) => setImmediate(resume));
}
console.log(JSON.stringify(counts));
