/** Puts an input that is many files on a disk of its own, and says what happened to that disk. */

import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { makeTemp } from "../temp.ts";
import { diffTrees, readTree, type Tree } from "../tree.ts";
import { homeWord, outsideWord } from "./samples.ts";

/** A file below the home: its path, and its text or (in a list) its bytes in base64. */
export type PlacedFile = readonly [path: string, content: string | readonly [base64: string]];

/** An input that is many files. As bytes it is JSON. */
export interface Placed {
  files: PlacedFile[];
  /** Symbolic links below the home, and where they lead. */
  links?: (readonly [path: string, target: string])[];
  /** Directories below the home. */
  dirs?: string[];
}

export function formatPlaced(placed: Placed): Uint8Array {
  return Buffer.from(`${JSON.stringify(placed, null, 1)}\n`);
}

/** Null for what shrinking has made useless. */
export function parsePlaced(input: Uint8Array): Placed | null {
  try {
    const value = JSON.parse(Buffer.from(input).toString("utf8"));
    const fits =
      Array.isArray(value?.files) &&
      value.files.every((file: unknown) => Array.isArray(file) && typeof file[0] === "string");
    return fits ? value : null;
  } catch {
    return null;
  }
}

/** Bytes as the content of a placed file: text where they are text. */
export function contentOf(bytes: Uint8Array): string | [string] {
  const text = Buffer.from(bytes).toString("utf8");
  return Buffer.from(text).equals(bytes) ? text : [Buffer.from(bytes).toString("base64")];
}

/** A directory with a home and, beside it, what no run may touch. */
export class Site {
  readonly dir = makeTemp("fuzz");
  readonly home = join(this.dir, "home");
  readonly outside = join(this.dir, "outside");

  constructor() {
    mkdirSync(join(this.outside, "deep"), { recursive: true });
    writeFileSync(join(this.outside, "canary"), "alive\n");
    writeFileSync(join(this.outside, "canary.json"), '{"alive":true}\n');
    writeFileSync(join(this.outside, "deep/canary.yaml"), "alive: true\n");
  }

  /**
   * Makes the home anew (unless what is there is kept) and puts the files there; what no file
   * system takes is left out.
   */
  place({ files, links = [], dirs = [] }: Placed, keep = false): void {
    if (!keep) this.clear();
    mkdirSync(this.home, { recursive: true });
    for (const dir of dirs) this.#at(dir, (path) => mkdirSync(path, { recursive: true }));
    for (const [name, content] of files) {
      const bytes = typeof content === "string" ? this.#filled(content) : decoded(content);
      this.#at(name, (path) => writeFileSync(path, bytes));
    }
    for (const [name, target] of links) {
      this.#at(name, (path) => symlinkSync(this.#filled(target), path));
    }
  }

  #filled(text: string): string {
    return text.replaceAll(outsideWord, this.outside).replaceAll(homeWord, this.home);
  }

  #at(name: string, act: (path: string) => void): void {
    const path = join(this.home, this.#filled(name));
    if (!path.startsWith(`${this.home}/`)) return;
    try {
      mkdirSync(dirname(path), { recursive: true });
      act(path);
    } catch {
      // A name that is too long, or where something else stands already.
    }
  }

  tree(): Tree {
    return readTree(this.dir);
  }

  /** What differs from an earlier tree, except below `named` (paths from the site's directory). */
  changesSince(before: Tree, named: readonly string[] = []): string[] {
    const lines = diffTrees(before, this.tree());
    return lines.filter((line) => {
      const path = /^[-+~] (.*?)(?: \(\w+\)|: .*)$/s.exec(line)?.[1] ?? line;
      return !named.some((root) => path === root || path.startsWith(`${root}/`));
    });
  }

  clear(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  close(): void {
    makeWritable(this.dir);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function decoded(content: unknown): Uint8Array {
  const [base64] = Array.isArray(content) ? content : [];
  return Buffer.from(typeof base64 === "string" ? base64 : "", "base64");
}

function makeWritable(dir: string): void {
  if (lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  chmodSync(dir, 0o755);
  for (const name of readdirSync(dir)) makeWritable(join(dir, name));
}
