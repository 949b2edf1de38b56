/** The guided walk of a real AO, with the answers of a person written down beforehand. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { type Ask, createGuide } from "../../../lib/smoke/guide.ts";
import { checkRunbook } from "../../../lib/smoke/load.ts";
import { requireAo, scratch } from "./real-ao.ts";
import { walkLanes } from "./walking.ts";

const fixture = join(import.meta.dir, "../../fixtures/smoke-runbook/guided");

function answering(answers: string[]): Ask & { said: string[] } {
  const next = (): string => {
    const answer = answers.shift();
    if (answer === undefined) throw new Error("nobody wrote down this answer");
    return answer;
  };
  const said: string[] = [];
  return {
    said,
    say: (text) => said.push(text),
    text: async () => next(),
    select: async (message, options) => {
      const answer = next();
      const found = options.find(({ value }) => value === answer);
      if (found === undefined) throw new Error(`${message}: "${answer}" was not offered`);
      return found.value;
    },
  };
}

async function walkGuided(answers: string[]) {
  using folder = scratch();
  const ask = answering(answers);
  const { runbook, mistakes } = checkRunbook(fixture);
  expect(mistakes).toEqual([]);
  const { result } = await walkLanes({
    ao: requireAo(),
    tmp: folder.path,
    runbook,
    options: { guided: (note) => createGuide(ask, note) },
  });
  const steps = result.steps.map(({ id, status, reason, notes }) => [
    id,
    status,
    reason,
    notes.map(({ text }) => text),
  ]);
  return { steps, said: ask.said.join("\n"), left: answers };
}

test("run, done by hand, skip, note, unclear and a verdict each have their result", async () => {
  const { steps, said, left } = await walkGuided([
    ...["note", "looks odd", "run"],
    ...["by-hand"],
    ...["skip", "no time"],
    ...["unclear", "which file?"],
    ...["run", "manual-fail", "the pane is empty"],
  ]);
  expect(left).toEqual([]);
  expect(steps).toEqual([
    ["1.1", "pass", undefined, ["looks odd"]],
    ["1.2", "manual-pass", "done by hand", []],
    ["1.3", "skipped", "no time", []],
    ["1.4", "unclear", "which file?", ["which file?"]],
    ["1.5", "manual-fail", "judged by a person", ["the pane is empty"]],
  ]);
  expect(said).toContain("Reports must say which build was walked.");
  expect(said).toContain("    ao version");
});

test("a failed step can be run again or passed by hand; quitting leaves the rest", async () => {
  const { steps } = await walkGuided(["run", "run", "again", "run", "by-hand", "quit"]);
  expect(steps.map(([id, status, reason]) => [id, status, reason])).toEqual([
    ["1.1", "pass", undefined],
    ["1.2", "manual-pass", "fixed by hand"],
    ["1.3", "not-run", undefined],
    ["1.4", "not-run", undefined],
    ["1.5", "not-run", undefined],
  ]);
});
