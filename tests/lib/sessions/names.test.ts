import { describe, expect, test } from "bun:test";
import { parseArchiveName } from "../../../lib/paths.ts";
import { archiveName, branchOf, checkBranch, timeText } from "../../../lib/sessions/names.ts";
import { git } from "../../disk/repos.ts";

describe("the branch of an issue", () => {
  test("is feat/ and the issue, and one that git accepts", () => {
    for (const issue of ["INT-100", "42", "a", "team/INT-1", "v1.2_x", "owner/repo/7"]) {
      expect(branchOf(issue)).toBe(`feat/${issue}`);
      expect(git("/", "check-ref-format", "--branch", branchOf(issue))).toBe(`feat/${issue}`);
    }
  });

  test("is refused for whatever a shell, git or a metadata file could read otherwise", () => {
    const hostile = [
      ...["", " ", "a b", "a;b", "$(id)", "`id`", "a|b", "a&b", "a>b", "a'b", 'a"b', "a\\b"],
      ...["-x", "--force", "/a", "a/", "a//b", "a/../b", "..", "a..b", ".a", "a.", "a.lock"],
      ...["a\nstatus=merged", "a\0b", "a\tb", "a=b", "#1", "a~1", "a^", "a:b", "a?", "a*", "a[b"],
      ...["@{u}", "größe", "a\u202eb", "a/.b", "a/-b", "x".repeat(101), "a/b.lock/c"],
    ];
    for (const issue of hostile) expect(() => branchOf(issue), issue).toThrow("Cannot use issue");
  });
});

test("a default branch is held to what git takes for a branch", () => {
  for (const branch of ["main", "next", "release/1.x", "größe", "a-b_c"]) {
    expect(() => checkBranch(branch, "c.yaml")).not.toThrow();
    expect(() => git("/", "check-ref-format", `refs/heads/${branch}`)).not.toThrow();
  }
  for (const branch of [
    "-x",
    "--upload-pack=id",
    "a b",
    "a..b",
    "main; id",
    "@{-1}",
    "a//b",
    "x.lock",
    "a^",
    "",
    "a:b",
  ]) {
    expect(() => checkBranch(branch, "c.yaml"), branch).toThrow("Cannot use defaultBranch");
  }
  expect(() => checkBranch("main; id", "c.yaml")).toThrow("it is no branch name");
});

test("names of archived sessions are read back as what they are", () => {
  const now = new Date("2026-02-17T10:30:00.123Z");
  expect(archiveName("int-3", now, "")).toBe("int-3_2026-02-17T10-30-00-123Z");
  for (const extension of ["", ".json"] as const) {
    const parts = parseArchiveName(archiveName("int-3", now, extension));
    expect(parts).toMatchObject({ sessionId: "int-3", time: now.getTime() });
  }
  expect(timeText(now)).toBe("2026-02-17T10:30:00Z");
});
