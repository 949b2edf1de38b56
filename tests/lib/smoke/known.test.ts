import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  bundledKnownIssues,
  createKnownIssues,
  type KnownIssue,
  loadKnownIssues,
} from "../../../lib/smoke/known.ts";
import { loadRunbook } from "../../../lib/smoke/load.ts";
import type { Entry, RunRecord } from "../../../lib/smoke/record.ts";
import type { Step } from "../../../lib/smoke/schema.ts";
import { scratch } from "./real-ao.ts";
import { lanesDir } from "./walking.ts";

const issue: KnownIssue = {
  step: "1.1",
  looks_like: "status should be 404, but is 500",
  why: "wrong status",
  link: "https://example.com/1",
  owner: "somebody",
  expires: "2027-01-01",
};
const step = { id: "1.1" } as Step;
const failed = { status: "fail" as const, reason: "GET /x: status should be 404, but is 500" };

function recorder(): RunRecord & { entries: Entry[] } {
  const entries: Entry[] = [];
  return {
    file: "",
    mask: (text) => text,
    entries,
    write: (entry) => entries.push(entry),
    close() {},
  };
}

describe("a known issue", () => {
  test("turns the failure it describes into a known one, with its link", () => {
    const outcome = createKnownIssues([issue], "R", "2026-06-01").judge(step, failed, recorder());
    expect(outcome).toMatchObject({ status: "known", link: "https://example.com/1" });
  });

  test("does not cover another failure of the same step", () => {
    const other = { status: "fail" as const, reason: "exit should be 0, but is 1" };
    expect(createKnownIssues([issue], "R", "2026-06-01").judge(step, other, recorder())).toEqual(
      other,
    );
  });

  test("that has expired no longer covers anything, and is reported", () => {
    const record = recorder();
    const outcome = createKnownIssues([issue], "R", "2027-01-01").judge(step, failed, record);
    expect(outcome.status).toBe("fail");
    expect(record.entries).toEqual([
      {
        type: "known-issue",
        step: "1.1",
        text: "expired on 2027-01-01, ask somebody: wrong status",
      },
    ]);
  });

  test("that is no longer seen is reported as fixed", () => {
    const record = recorder();
    const outcome = createKnownIssues([issue], "R", "2026-06-01").judge(
      step,
      { status: "pass" },
      record,
    );
    expect(outcome.status).toBe("known-fixed");
    expect(record.entries).toHaveLength(1);
  });

  test("of another generation does not count", () => {
    const known = createKnownIssues([{ ...issue, generations: ["A"] }], "R", "2026-06-01");
    expect(known.judge(step, failed, recorder())).toEqual(failed);
  });
});

test("the files that come along name steps that exist", () => {
  const ids = new Set(
    loadRunbook(lanesDir).lanes.flatMap((lane) => lane.steps.map(({ id }) => id)),
  );
  for (const letter of ["A", "B", "R"] as const) {
    const file = bundledKnownIssues(letter);
    expect(file).toBeDefined();
    expect(loadKnownIssues(file ?? "", ids).length).toBeGreaterThan(1);
  }
});

test("every mistake of a file is reported with its line", () => {
  using folder = scratch();
  const file = join(folder.path, "known.yaml");
  const good = JSON.stringify({ ...issue, step: "9.9" });
  writeFileSync(file, `known_issues:\n  - ${good}\n  - { step: "1.1", looks_like: "(" }\n`);
  expect(() => loadKnownIssues(file, new Set(["1.1"]))).toThrow(
    /known\.yaml:3: looks_like: must be a regular/,
  );
  writeFileSync(file, `known_issues:\n  - ${good}\n`);
  expect(() => loadKnownIssues(file, new Set(["1.1"]))).toThrow(
    /known\.yaml:2: no step is called 9\.9/,
  );
});
