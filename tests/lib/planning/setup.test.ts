import { expect, test } from "bun:test";
import { executorFor } from "../../../lib/planning/setup.ts";
import { makeSite, writePlan } from "./site.ts";

const call = {
  sources: [],
  toolVersion: "0",
  baseDir: "/home/u/.agent-orchestrator",
  tmux: { hasSession: () => false, renameSession() {} },
  invocation: "bun run scripts/migration.ts",
  with: "codex exec -",
};

test("the ways on from a phase cut short are for the disk that was meant, and can be pasted", async () => {
  using site = makeSite();
  writePlan(site, "my plan");
  const flags = { home: "/home/u", baseDir: "/srv/ao state", config: undefined };
  const { commands } = await executorFor(site, "my plan", {
    ...{ ...call, flags, root: "../shop", validate: "npm test" },
  });
  const disk = "--home /home/u --base-dir '/srv/ao state'";
  expect(commands("plan-1")).toEqual({
    resume: `bun run scripts/migration.ts tick 'my plan' --root ../shop --with 'codex exec -' --validate 'npm test' ${disk}`,
    rollback: `bun run scripts/rollback.ts --root ../shop plan-1 ${disk}`,
  });
});

test("of task sessions rollback is told where their records are, also without --root", async () => {
  using site = makeSite();
  writePlan(site, "shed");
  const { commands } = await executorFor(site, "shed", { ...call, flags: {}, root: undefined });
  expect(commands("plan-1").rollback).toBe("bun run scripts/rollback.ts --root . plan-1");
});
