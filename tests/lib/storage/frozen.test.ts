/**
 * What is planned for every named disk, word for word: issues, steps, operations, decisions and
 * what each answer changes. Planning is pure, so scans that were kept are enough, and no disk is made.
 *
 * After a change that is meant: `bun tests/lib/storage/frozen/freeze.ts`, and read the diff.
 */

import { describe, expect, test } from "bun:test";
import { inventoryDigest } from "../../../lib/storage/digest.ts";
import { disks } from "../../disk.ts";
import { frozenNames, readInventory, readPlan } from "./frozen/freeze.ts";
import { planTextOf } from "./frozen/render.ts";

test("every named disk is kept", () => {
  expect(frozenNames()).toEqual(Object.keys(disks).sort());
});

describe.each(frozenNames())("the scan of %s", (name) => {
  test("gives the plan that was read and found right", () => {
    expect(planTextOf(readInventory(name))).toBe(readPlan(name));
  });

  test("is not touched by planning", () => {
    const inventory = readInventory(name);
    const before = JSON.stringify(inventory);
    const digest = inventoryDigest(inventory);
    planTextOf(inventory);
    expect(JSON.stringify(inventory)).toBe(before);
    expect(inventoryDigest(inventory)).toBe(digest);
  });
});
