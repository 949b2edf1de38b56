/** What is nearly right is understood well enough to say what was meant, in every script. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { makeDemoDisk } from "../../lib/demo/disk.ts";
import { makeSandbox, runScript, type Sandbox } from "../process.ts";

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = makeSandbox();
  makeDemoDisk(sandbox.home, sandbox.env);
});
afterAll(() => sandbox[Symbol.dispose]());

const typos: readonly [line: string, meant: string][] = [
  ["migrate --dry-rum", "--dry-run"],
  ["migrate execute", "--execute"],
  ["migrate --only rekey-v1-entires", "rekey-v1-entries"],
  ["docotr", "doctor"],
  ["doctor exlpain AO-WT-003", "explain"],
  ["doctor --only worktree", "worktrees"],
  ["doctor explain AO-WT-33", "AO-WT-003"],
  ["doctor explain worktree-link", "worktree-links"],
  ["repair worktree-link", "worktree-links"],
  ["sessions info ws-11", "ws-1"],
  ["sessions list webshop", "web-shop"],
  ["sessions spawn webshop X-1", "web-shop"],
  ["migration lst", "list"],
  ["smoke-runbook --lane 111 --list", "11"],
  ["smoke-runbook --step 3.1-busy-brnch --list", "3.1-busy-branch"],
];

test.each(typos)("%s: did you mean %s?", async (line, meant) => {
  const home = ["--home", join(sandbox.home, "home")];
  const words = [...line.split(" "), ...home];
  const { code, stderr } = await runScript("scripts/aokit.ts", words, { sandbox });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringContaining(`hint: did you mean ${meant}?\n`),
  });
});
