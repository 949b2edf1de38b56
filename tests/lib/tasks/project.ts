/** Projects with task sessions, for the tests of their migration. */

import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root as repository } from "../../process.ts";
import { makeTemp } from "../../temp.ts";
import { diffTrees, readTree, type Tree } from "../../tree.ts";

/** A project of its own; `using` removes it. */
export interface Project extends Disposable {
  root: string;
  /** An absolute path below `.workflow/versions`. */
  at(path: string): string;
  write(path: string, content: string | Uint8Array): void;
  link(path: string, target: string): void;
}

/** @param files content by path below `.workflow/versions` */
export function makeProject(files: Record<string, string | Uint8Array> = {}): Project {
  const root = makeTemp("tasks");
  const at = (path: string) => join(root, ".workflow/versions", path);
  const place = (path: string) => {
    mkdirSync(dirname(at(path)), { recursive: true });
    return at(path);
  };
  const project: Project = {
    ...{ root, at },
    write: (path, content) => writeFileSync(place(path), content),
    link: (path, target) => symlinkSync(target, place(path)),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  for (const [path, content] of Object.entries(files)) project.write(path, content);
  return project;
}

const fixtures = join(repository, "tests/fixtures/migrate-sessions");

/** Where a case keeps what is expected of it. */
export function expectedOf(name: string): string {
  return join(fixtures, name, "expected");
}

/** A project that is a copy of a case's input. */
export function copyCase(name: string): Project {
  const project = makeProject();
  cpSync(join(fixtures, name, "input"), project.root, { recursive: true, verbatimSymlinks: true });
  return project;
}

/** Everything in a project besides its migrations; files with their times, since those return. */
export function projectTree(root: string): Tree {
  const tree = readTree(root, { mtime: true, skip: (path) => path === ".workflow/migrations" });
  for (const entry of tree.values()) if (entry.kind === "dir") delete entry.mtime;
  return tree;
}

/** How a project differs from an earlier tree of it. */
export function changesSince(before: Tree, root: string): string[] {
  return diffTrees(before, projectTree(root));
}
