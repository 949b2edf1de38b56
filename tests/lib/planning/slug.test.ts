import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { openSite } from "../../../lib/planning/open-site.ts";
import { isSafeSegment } from "../../../lib/planning/site.ts";
import { checkNewSlug, slugFor } from "../../../lib/planning/slug.ts";
import { sanitised } from "../../../lib/planning/summary.ts";
import { makeSite, writePlan, writeText } from "./site.ts";

describe("slugs", () => {
  const now = new Date(2026, 2, 4, 5, 6, 7);

  test.each([
    ["Tidy the shed!", "tidy-the-shed-20260304T050607"],
    ["  --Ünïcode & more-- ", "n-code-more-20260304T050607"],
    ["日本語", "migration-20260304T050607"],
    ["a".repeat(60), `${"a".repeat(40)}-20260304T050607`],
    [`${"a".repeat(39)} b`, `${"a".repeat(39)}-20260304T050607`],
  ])("%p", (description, slug) => {
    expect(slugFor(description, now)).toBe(slug);
    expect(isSafeSegment(slug)).toBe(true);
  });

  test.each(["", ".", "..", ".hidden", "__x", "a/b", "a\\b", "a\nb", "/abs"])(
    "%p is unsafe",
    (name) => {
      expect(isSafeSegment(name)).toBe(false);
      using site = makeSite();
      expect(() => checkNewSlug(site, name)).toThrow("it is no safe name");
    },
  );

  test("one that is taken, or looks like the engine's, is refused", () => {
    using site = makeSite();
    writePlan(site, "shed");
    expect(() => checkNewSlug(site, "shed")).toThrow("it exists already");
    expect(() => checkNewSlug(site, "v3-20261121T101112Z-ab12cd")).toThrow("no safe name");
    checkNewSlug(site, "barn");
  });
});

describe("the site of a command line", () => {
  test("has its private copies in the user's state, apart for each root", () => {
    using site = makeSite();
    const { home, root: cwd } = site;
    const open = (root: string | undefined, env = {}, given: string | undefined = home) =>
      openSite({ root, cwd, home: given, baseDir: join(home, ".agent-orchestrator"), env });
    expect(open(undefined).root).toBe(cwd);
    expect(open(undefined).stateDir).toStartWith(
      join(home, ".local/state/ao-toolkit/planning/root-"),
    );
    mkdirSync(join(home, "other"));
    expect(open("../other").stateDir).not.toBe(open(".").stateDir);
    const xdg = { HOME: "/nowhere", XDG_STATE_HOME: "/xdg" };
    expect(
      openSite({ root: ".", cwd, home: undefined, baseDir: "/x", env: xdg }).stateDir,
    ).toStartWith("/xdg/ao-toolkit/planning/");
  });

  test("is refused when migrations is a link or a file", () => {
    using site = makeSite();
    const { home, root: cwd } = site;
    const open = () => openSite({ root: ".", cwd, home, baseDir: "/x", env: {} });
    mkdirSync(join(home, "elsewhere"));
    symlinkSync(join(home, "elsewhere"), join(cwd, "migrations"));
    expect(open).toThrow("it is no plain directory");
    writeText(join(home, "second/migrations"), "x");
    const second = () =>
      openSite({ root: join(home, "second"), cwd, home, baseDir: "/x", env: {} });
    expect(second).toThrow("it is no plain directory");
  });
});

test("summaries are one short line without private paths and commands", () => {
  const text = "$ claude -p secret\nfailed in /srv/app/src at\n/tmp/x-1/y.ts:3 and /var/tmp/z";
  expect(sanitised({ root: "/srv/app" }, text)).toBe("failed in <repo>/src at <tmp>:3 and <tmp>");
  expect(sanitised({ root: "/srv" }, "x".repeat(500))).toHaveLength(240);
});
