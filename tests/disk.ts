#!/usr/bin/env bun
/**
 * The disk builder: AO state of any generation or mixture from a short description, in a private
 * home with real git repositories and worktrees and a tmux server of its own.
 *
 *     bun tests/disk.ts NAME DIR     makes a named disk in DIR, leaves it there, and prints its
 *                                    environment as shell lines
 *     bun tests/disk.ts              lists the names
 *
 * | file | owns |
 * |---|---|
 * | `disk/spec.ts` | the description, and what is known of a disk that was made |
 * | `disk/build.ts` | `makeDisk`, which makes it |
 * | `disk/sessions.ts`, `disk/config.ts`, `disk/extras.ts`, `disk/live.ts` | contents of its files; processes |
 * | `disk/repos.ts` | git repositories, worktrees and submodules |
 * | `disk/states.ts` | named whole disks |
 * | `disk/faults.ts` | named disks with one thing wrong |
 * | `disk/big.ts` | big disks for the benchmark |
 */

import { resolve } from "node:path";
import { faults } from "./disk/faults.ts";
import { mkdirs } from "./disk/repos.ts";
import type { Build } from "./disk/spec.ts";
import { states } from "./disk/states.ts";

/** Every named disk; each is made in a new temporary directory, or in the one given. */
export const disks: Record<string, Build> = { ...states, ...faults };

function main([name = "", dir]: string[]): number {
  const build = disks[name];
  if (build === undefined || dir === undefined) {
    console.error(`usage: bun tests/disk.ts NAME DIR\n\n${Object.keys(disks).join("\n")}`);
    return 2;
  }
  const disk = build(mkdirs(resolve(dir)));
  const variables = Object.entries(disk.env).filter(([key]) => /^(HOME|TMUX|GIT|AO|XDG)/.test(key));
  console.log(variables.map(([key, value]) => `export ${key}='${value}'`).join("\n"));
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
