/** What a look at a disk records beside its plan. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { resolvePlaces } from "../../../lib/paths.ts";
import { assess } from "../../../lib/storage/assess.ts";
import { stepIds } from "../../../lib/storage/options.ts";
import { mkdirs, writeFiles } from "../../disk/repos.ts";
import { makeTemp } from "../../temp.ts";

let home = "";
beforeEach(() => {
  home = makeTemp("assess");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const now = new Date("2026-11-21T10:00:00Z");

function look(more: { deadExports?: string[]; path?: string } = {}) {
  const { path = `${home}/bin`, ...rest } = more;
  const env = { HOME: home, PATH: path };
  const how = { now, steps: new Set(stepIds), answers: new Map(), tmux: false, sizes: false };
  return assess({ places: resolvePlaces({ env }), env, ...how, ...rest });
}

describe("the version of AO", () => {
  /** Installs a program `ao` that lies in `lib/pkg/dist`, with these files above it. */
  const version = (files: Record<string, string>) => {
    rmSync(`${home}/lib`, { recursive: true, force: true });
    writeFiles(`${home}/lib/pkg`, { "dist/ao.js": "#!/bin/sh\n", ...files });
    chmodSync(`${home}/lib/pkg/dist/ao.js`, 0o755);
    mkdirSync(`${home}/bin`, { recursive: true });
    rmSync(`${home}/bin/ao`, { force: true });
    symlinkSync("../lib/pkg/dist/ao.js", `${home}/bin/ao`);
    return look().record().aoVersion;
  };

  test("is that of the package that the program on PATH belongs to", () => {
    const ours = JSON.stringify({ name: "@aoagents/ao", version: "0.9.2" });
    expect(version({ "package.json": ours })).toBe("0.9.2");
    const inner = JSON.stringify({ name: "ao-cli", version: "0.9.3" });
    expect(version({ "package.json": ours, "dist/package.json": inner })).toBe("0.9.3");
  });

  test("is unknown where there is none, or another package has that name, or it is broken", () => {
    expect(look().record().aoVersion).toBe("unknown");
    expect(version({ "package.json": '{"name": "chaos", "version": "1"}' })).toBe("unknown");
    expect(version({ "package.json": "{" })).toBe("unknown");
    expect(version({})).toBe("unknown");
  });
});

test("a record is of its moment and of the disk that was seen", () => {
  const { record } = look();
  expect(record().generatedAt).toBe("2026-11-21T10:00:00.000Z");
  const { inventoryDigest } = record();
  expect(inventoryDigest).toMatch(/^[0-9a-f]{64}$/);
  mkdirs(`${home}/.agent-orchestrator/projects/app/sessions`);
  expect(record().inventoryDigest).toBe(inventoryDigest);
  expect(look().record().inventoryDigest).not.toBe(inventoryDigest);
});

test("unused exports of AO's source are planned for only when they were looked for", () => {
  writeFiles(home, { ".agent-orchestrator/projects/app/sessions/app-1.json": "{}" });
  const planned = (deadExports?: string[]) =>
    look(deadExports && { deadExports }).plan.steps.some(({ id }) => id === "dead-export-manifest");
  expect([planned(), planned(["lonely"])]).toEqual([false, true]);
});
