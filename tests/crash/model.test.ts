/** The model must be able to fail: disks that lose bytes or locks are found out by short sequences. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Disk } from "../../lib/change/disk.ts";
import { walks } from "./model-walks.ts";

/** A disk on which some calls do something else. */
function altered(disk: Disk, calls: Partial<Disk>): Disk {
  return new Proxy(disk, {
    get: (target, key) => Reflect.get(calls, key) ?? Reflect.get(target, key, target),
  });
}

/** What is moved into the trash is gone. */
const withoutTrash = (disk: Disk) =>
  altered(disk, {
    renameNoReplace(from, to) {
      if (to.includes("/trash/") && disk.lstat(from)?.kind === "file") disk.unlink(from);
      else disk.renameNoReplace(from, to);
    },
  });

/** AO's locks are thought to be taken, and are not. */
const withoutLocks = (disk: Disk) =>
  altered(disk, {
    link(existing, path) {
      if (!path.endsWith(".lock")) disk.link(existing, path);
    },
    unlink(path) {
      if (!path.endsWith(".lock")) disk.unlink(path);
    },
  });

test("a disk without a trash is found out by a short sequence", async () => {
  const { failed, counterexample } = await fc.check(walks({}, withoutTrash), { seed: 3 });
  expect(failed).toBe(true);
  expect([...(counterexample?.[2] ?? [])].length).toBeLessThanOrEqual(2);
}, 60_000);

test("a disk without AO's locks is found out", async () => {
  const walking = walks({}, withoutLocks);
  // The moments when AO writes are all different after shrinking, which therefore takes long.
  const { failed, errorInstance } = await fc.check(walking, { seed: 1, endOnFailure: true });
  expect(failed).toBe(true);
  expect(String(errorInstance)).toMatch(/is gone/);
}, 60_000);
