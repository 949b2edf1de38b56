#!/usr/bin/env bun
/**
 * Makes the fixtures of `../frozen.test.ts`, in `tests/fixtures/migrate/plans/DISK/`:
 *
 *     bun tests/lib/storage/frozen/freeze.ts               plans anew from the inventories there
 *     bun tests/lib/storage/frozen/freeze.ts --scan [DISK…]  scans the named disks anew first
 *
 * The diff is what changed for users: read it before it is committed.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolvePlaces } from "../../../../lib/paths.ts";
import type { Inventory } from "../../../../lib/storage/inventory.ts";
import { scan } from "../../../../lib/storage/scan.ts";
import { disks } from "../../../disk.ts";
import { planTextOf } from "./render.ts";

export const frozenDir = join(import.meta.dir, "../../../fixtures/migrate/plans");
/** Where disks stand while they are scanned, so that paths and what is hashed from them are fixed. */
const place = "/tmp/ao";

/** Names of the disks that are frozen. */
export function frozenNames(): string[] {
  return readdirSync(frozenDir).sort();
}

/** The inventory of a disk as it was. */
export function readInventory(name: string): Inventory {
  return JSON.parse(readFileSync(join(frozenDir, name, "inventory.json"), "utf8"));
}

/** The text of its plan. */
export function readPlan(name: string): string {
  return readFileSync(join(frozenDir, name, "plan.txt"), "utf8");
}

function scanDisk(name: string): Inventory {
  const build = disks[name];
  if (build === undefined) throw new Error(`no disk "${name}"`);
  if (existsSync(place)) throw new Error(`${place} is in use`);
  mkdirSync(place);
  const disk = build(place);
  try {
    const places = resolvePlaces({ home: disk.home, env: disk.env });
    return scan(places, { tmux: true, sizes: false, env: disk.env });
  } finally {
    disk.cleanup();
    rmSync(place, { recursive: true, force: true });
  }
}

function main(argv: readonly string[]): void {
  const asked = argv.filter((word) => !word.startsWith("--"));
  for (const name of asked.length === 0 ? Object.keys(disks) : asked) {
    const dir = join(frozenDir, name);
    mkdirSync(dir, { recursive: true });
    if (argv.includes("--scan")) {
      const json = JSON.stringify(scanDisk(name), null, 1);
      writeFileSync(join(dir, "inventory.json"), `${json}\n`);
    }
    writeFileSync(join(dir, "plan.txt"), planTextOf(readInventory(name)));
  }
}

if (import.meta.main) main(process.argv.slice(2));
