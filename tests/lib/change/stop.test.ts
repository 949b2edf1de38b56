/** How a run ends that does not end well. */

import { describe, expect, test } from "bun:test";
import {
  concernsOnePath,
  nothingChanged,
  Obstacle,
  stoppedHalfWay,
} from "../../../lib/change/stop.ts";
import { ToolkitError } from "../../../lib/errors.ts";

const systemError = (code: string) => Object.assign(new Error(`${code}: no`), { code });

test("some failures concern one path, and others all of them", () => {
  const ofOne = ["EACCES", "EPERM", "EROFS", "EBUSY", "ENOENT", "EEXIST", "ENOTDIR", "EISDIR"];
  const more = ["ELOOP", "EXDEV", "ENOTEMPTY", "ENAMETOOLONG", "EMLINK", "ETXTBSY"];
  for (const code of [...ofOne, ...more]) {
    expect([code, concernsOnePath(systemError(code))]).toEqual([code, true]);
  }
  for (const code of ["ENOSPC", "EIO", "EMFILE", "EDQUOT", ""]) {
    expect([code, concernsOnePath(systemError(code))]).toEqual([code, false]);
  }
  expect(concernsOnePath(new Obstacle("/a", "is gone"))).toBe(true);
  expect(concernsOnePath(new Error("a bug"))).toBe(false);
});

describe("a run that stopped half-way", () => {
  const commands = { resume: "go on", rollback: "go back" };

  test("tells both ways on, or the only one when it was going back", () => {
    const error = stoppedHalfWay("m", new Obstacle("/a", "is gone"), commands);
    expect(error).toMatchObject({ outcome: "interrupted", message: expect.stringContaining("/a") });
    expect(error.hint?.split("\n").map((line) => line.split(": ")[1])).toEqual([
      "go on",
      "go back",
    ]);
    const back = stoppedHalfWay("m", new Error("x"), commands, true);
    expect(back.hint).toContain("go back");
    expect(back.hint).not.toContain("\n");
  });

  test("is told as cancelled only when it was", () => {
    const told = (cause: unknown) => stoppedHalfWay("m", cause, commands).message;
    const cancelled = told(new ToolkitError("cancelled", "Cancelled"));
    expect(cancelled).toContain("cancelled");
    expect(told(new ToolkitError("refused", "No such luck"))).toContain("No such luck");
    expect(told(new ToolkitError("refused", "No such luck"))).not.toContain("cancelled");
  });
});

describe("a run that stopped before it changed anything", () => {
  test("says so for what the disk may do, and what it was is the cause", () => {
    for (const cause of [new Obstacle("/a", "is gone"), systemError("EACCES")]) {
      const error = nothingChanged("m", cause) as ToolkitError;
      expect(error).toBeInstanceOf(ToolkitError);
      expect(error).toMatchObject({ outcome: "refused", cause });
    }
  });

  test("passes on an error that speaks for itself, and a bug with its trace", () => {
    for (const cause of [
      new ToolkitError("invalid", "x"),
      Object.assign(new ToolkitError("invalid", "x"), { code: "EIO" }),
      new TypeError("a bug"),
      "thrown",
    ]) {
      expect(nothingChanged("m", cause)).toBe(cause);
    }
  });
});
