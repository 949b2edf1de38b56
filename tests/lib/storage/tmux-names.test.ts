import { describe, expect, test } from "bun:test";
import { conventionOf, conventionOfLive } from "../../../lib/storage/tmux-names.ts";

const names = new Set(["agent-orchestrator", "agent-orchestrator_eac5b0b202"]);

describe("the tmux name of a session", () => {
  test.each([
    ["ao-1", "ao-1", "v3"],
    ["66c66786e971-ao-1", "ao-1", "legacy-storagekey"],
    ["66c66786e971-agent-orchestrator-1", "ao-1", "legacy-storagekey"],
    ["66c66786e971-agent-orchestrator-ao-1", "ao-1", "legacy-storagekey"],
    ["ao-ao-1", "ao-1", "doubled-prefix"],
    ["ao-ao-orchestrator", "ao-orchestrator", "doubled-prefix"],
    ["66c66786e971-agent-orchestrator-ao-orchestrator-8", "ao-orchestrator", "legacy-storagekey"],
    ["ao-2-ao-2-orchestrator", "ao-2-orchestrator", "doubled-prefix"],
  ] as const)("%s of %s follows %s", (name, sessionId, convention) => {
    expect(conventionOf(name, sessionId, names)).toBe(convention);
  });

  test.each([
    ["66c66786e971-ao-2", "ao-1"],
    ["66c66786e971-other-1", "ao-1"],
    ["66c66786e971-ao-1-extra", "ao-1"],
    ["my-own-session", "ao-1"],
    ["ao-ao-2", "ao-1"],
    ["66C66786E971-ao-1", "ao-1"],
    ["66c66786e971-ao-orchestrator-8-old", "ao-orchestrator"],
  ])("%s of %s is nobody's convention, so it is not renamed on a guess", (name, sessionId) => {
    expect(conventionOf(name, sessionId, names)).toBe("unknown");
  });
});

test("a live session without metadata is told apart by its name alone", () => {
  const prefixes = new Set(["ao"]);
  expect(conventionOfLive("ao-3", prefixes)).toBe("v3");
  expect(conventionOfLive("ao-ao-3", prefixes)).toBe("doubled-prefix");
  expect(conventionOfLive("66c66786e971-ao-3", prefixes)).toBe("legacy-storagekey");
  expect(conventionOfLive("mail", prefixes)).toBe("unknown");
  expect(conventionOfLive("zz-3", prefixes)).toBe("unknown");
});
