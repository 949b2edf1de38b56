/** Private copies of the repository with instrumented sources: the real tree is never mutated. */

import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Instrumented, switchesFile } from "./instrument.ts";
import type { Task } from "./switches.ts";

export interface Copy extends Disposable {
  dir: string;
  /** For the tests' temporary files; a short path, as texts with paths in them must fit lines. */
  temp: string;
  /** Says what the next test run is about. */
  give(task: Task): void;
}

/** `bun test` loads it before the tests: the process of the tests does not say when it ends. */
export const preloadFile = "mutation-preload.ts";

const preload = `
import { afterAll } from "bun:test";
import { writeCounts } from "./${switchesFile}";
afterAll(writeCounts);
`;

const copied = ["lib", "scripts", "schemas", "tests", "package.json", "bunfig.toml", "README.md"];

/** Copies the repository to `dir`; dependencies are shared. */
export function makeCopy(root: string, dir: string, { sources }: Instrumented): Copy {
  mkdirSync(dir, { recursive: true });
  for (const name of copied) cpSync(join(root, name), join(dir, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
  cpSync(join(import.meta.dir, "switches.ts"), join(dir, switchesFile));
  writeFileSync(join(dir, preloadFile), preload);
  for (const [path, text] of sources) writeFileSync(join(dir, path), text);
  for (const path of new Bun.Glob("tests/**/*.test.ts").scanSync(dir)) patient(join(dir, path));
  const give = (task: Task) => writeFileSync(join(dir, "mutation-task.json"), JSON.stringify(task));
  give({});
  const temp = makeShortTemp(dirname(dirname(dir)));
  const remove = () => {
    for (const path of [dir, temp]) rmSync(path, { recursive: true, force: true });
  };
  return { dir, temp, give, [Symbol.dispose]: remove };
}

/** Code with switches in it is slower, so a test's own limit of time is ten times as long. */
function patient(file: string): void {
  const text = readFileSync(file, "utf8");
  const longer = text.replaceAll(/^(\}, \d+)_000\);$/gm, "$10_000);");
  if (longer !== text) writeFileSync(file, longer);
}

function makeShortTemp(parent: string): string {
  for (let n = 0; ; n += 1) {
    const path = join(parent, `m${n}`);
    try {
      mkdirSync(path);
      return path;
    } catch (error) {
      if (n > 99) throw error;
    }
  }
}
