/** A directory tree as comparable text, to show that a rollback brought back every byte. */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { sha256 } from "./hash.ts";

/** Relative path → kind, mode and content. */
export type Tree = Map<string, string>;

/**
 * Everything below a directory; links are not followed.
 *
 * @param root an absolute path
 * @param skip paths to leave out, with all below them
 */
export function treeOf(root: string, skip: (path: string) => boolean = () => false): Tree {
  const tree: Tree = new Map();
  const visit = (path: string) => {
    if (skip(path)) return;
    const stats = lstatSync(path);
    const key = path.slice(root.length + 1);
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isDirectory()) {
      tree.set(key, `directory ${mode}`);
      for (const name of readdirSync(path)) visit(`${path}/${name}`);
    } else if (stats.isSymbolicLink()) tree.set(key, `link ${readlinkSync(path)}`);
    else if (stats.isFile()) tree.set(key, `file ${mode} ${sha256(readFileSync(path))}`);
    else tree.set(key, `special ${mode}`);
  };
  visit(root);
  return tree;
}

/** Paths that are in one tree only or differ, sorted. */
export function compareTrees(a: Tree, b: Tree): string[] {
  const paths = new Set([...a.keys(), ...b.keys()]);
  return [...paths].filter((path) => a.get(path) !== b.get(path)).sort();
}
