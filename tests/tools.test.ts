/**
 * Tests that need a browser, a shell or a fleet tool are there where it is. CI names the tools that
 * it promises, so that none of these tests can be left out there unnoticed.
 */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../lib/process.ts";
import { root } from "./process.ts";

const promised = (process.env.AO_TEST_TOOLS ?? "").split(" ").filter((name) => name !== "");

test("every tool that was promised is there", () => {
  expect(promised.filter((name) => findProgram(name, process.env) === null)).toEqual([]);
});

test("CI installs and promises what tests look for", () => {
  const script = readFileSync(join(root, ".ci/run"), "utf8");
  const tools = /^tools=\((.*)\)$/m.exec(script)?.[1]?.split(" ") ?? [];
  for (const tool of ["git", "tmux", "chromium", "zsh", "fish", "parallel"]) {
    expect(tools).toContain(tool);
  }
  expect(script).toMatch(/^export AO_TEST_TOOLS="\$\{tools\[\*\]\}"$/m);
});
