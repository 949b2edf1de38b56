import { expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { applyChange, type Change } from "../../../lib/sessions/change.ts";
import { writeFiles } from "../../disk/repos.ts";
import { changeOptions, type Home, makeHome } from "./site.ts";

/** A change that writes one file, which another program had written in between. */
function inTheWay(home: Home, goesAtLook: number) {
  const path = join(home.baseDir, "int-1");
  writeFiles(home.baseDir, { "int-1": "another's" });
  let looks = 0;
  const change: Change<string> = {
    kind: "spawn",
    make() {
      looks += 1;
      if (looks === goesAtLook) rmSync(path);
      return { title: "t", operations: [{ op: "create", path, content: "ours" }], value: path };
    },
  };
  return { path, change, looks: () => looks };
}

test("what stood in the way and goes, as a spawn's does that comes to nothing, stops no other", async () => {
  using home = makeHome();
  const { path, change } = inTheWay(home, 2);
  const made = await applyChange(change, changeOptions(home));
  expect(readFileSync(path, "utf8")).toBe("ours");
  expect(await made.undo()).toEqual([]);
  expect(existsSync(path)).toBe(false);
});

test("what stays in the way is the answer, after a few looks", async () => {
  using home = makeHome();
  const { path, change, looks } = inTheWay(home, 99);
  const error = await applyChange(change, changeOptions(home)).catch((thrown) => String(thrown));
  expect(error).toContain("is there already");
  expect(readFileSync(path, "utf8")).toBe("another's");
  expect(looks()).toBeLessThan(12);
});
