import { describe, expect, test } from "bun:test";
import { redactor } from "../../../lib/doctor/redact.ts";

const redact = redactor({
  GITHUB_TOKEN: "plain-but-secret",
  OPENAI_API_KEY: "plain-but-secret-and-longer",
  SHORT_TOKEN: "no",
  HOME: "/home/somebody",
});

describe("what is masked", () => {
  test.each([
    [
      "a user and password in a URL",
      "https://me:pa55@github.com/o/r",
      "https://•••@github.com/o/r",
    ],
    ["a token in a URL", "https://x-access-token@h/o/r", "https://•••@h/o/r"],
    ["a token of GitHub", "saw ghp_abcdEFGH1234 there", "saw ghp_••• there"],
    ["a fine-grained one", "github_pat_11ABCDEFG0abc", "github_pat_•••"],
    ["a key of an agent", "key sk-ant-api03-abcdefghijkl", "key sk-•••"],
    ["a header", "Authorization: Bearer abcdefgh12", "Authorization: Bearer •••"],
    ["a value of the environment", "is plain-but-secret!", "is •••!"],
    ["the longer of two values", "plain-but-secret-and-longer", "•••"],
  ])("%s", (_, text, shown) => {
    expect(redact(text)).toBe(shown);
  });

  test("nothing else", () => {
    for (const text of [
      "git@github.com:o/r.git",
      "/home/somebody/.worktrees/sk-orchestrator-1",
      "https://github.com/o/r",
      "no token found",
      "mailto a@b",
    ]) {
      expect(redact(text)).toBe(text);
    }
  });
});
