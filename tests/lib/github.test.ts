import { expect, test } from "bun:test";
import { annotation, logGroup, placeBelow, withoutCommands } from "../../lib/github.ts";

test("an annotation is one line in which nothing can end it or start another", () => {
  const message = "50%\r\n::error::fake\x07\u202e";
  const line = annotation({ level: "warning", title: "a:b,c\n", message, file: "x,y:z", line: 3 });
  expect(line).toBe(
    "::warning file=x%2Cy%3Az,line=3,title=a%3Ab%2Cc%0A::50%25%0A::error::fake\\x07\\u{202e}",
  );
});

test("what is not known is left out; the column is called col", () => {
  expect(annotation({ level: "notice", title: "t", message: "m" })).toBe("::notice title=t::m");
  expect(annotation({ level: "error", title: "t", message: "m", file: "f", column: 2 })).toBe(
    "::error file=f,col=2,title=t::m",
  );
});

test("text in a group can neither give commands nor switch them on again", () => {
  const text = "  ::error::fake\nx ##[add-mask]y\n::endgroup::\n\x1b[31mred\x1b[39m\n";
  expect(logGroup("50%", text, "t0k").split("\n")).toEqual([
    ...["::group::50%25", "::stop-commands::t0k"],
    ...["  ::error::fake", "x ##[add-mask]y", "::endgroup::", "red"],
    ...["::t0k::", "::endgroup::"],
  ]);
});

test("a line for the log is no command, and stays legible", () => {
  expect(withoutCommands("fail 1.1\n   ::error::x\n::a::\n##[error]y b::c")).toBe(
    "fail 1.1\n   : :error::x\n: :a::\n## [error]y b::c",
  );
});

test("a place is given where the file is below the workspace", () => {
  expect(placeBelow("/w/lanes/a.yaml:3:7", "/w")).toEqual({
    ...{ file: "lanes/a.yaml", line: 3, column: 7 },
  });
  expect(placeBelow("/w/a.yaml:3", "/w")).toEqual({ file: "a.yaml", line: 3 });
  expect(placeBelow("/w/a.yaml", "/w")).toEqual({ file: "a.yaml" });
  for (const ref of ["/other/a.yaml:3", "/w", "/wide/a", "as-2", "as:2", ""]) {
    expect(placeBelow(ref, "/w")).toEqual({});
  }
});
