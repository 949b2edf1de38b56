import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { resolveSlug } from "../../../lib/planning/resolve.ts";
import { makeSite, writePlan, writeText } from "./site.ts";

describe("slug or path", () => {
  test("slug and path form agree", () => {
    using site = makeSite();
    const dir = writePlan(site, "shed");
    for (const form of ["shed", "migrations/shed", "./migrations/shed", dir, `${dir}/`]) {
      expect(resolveSlug(site, form)).toBe("shed");
    }
  });

  test("a slug stays one when the root has an entry of that name", () => {
    using site = makeSite();
    writePlan(site, "src");
    mkdirSync(join(site.root, "src"));
    expect(resolveSlug(site, "src")).toBe("src");
  });

  const refused: [string, string, string][] = [
    ["an unknown slug", "barn", "it does not exist"],
    ["an outside path", "/etc", "is not inside"],
    ["a path inside the root but not live", "docs", "is not inside"],
    ["a path below a migration", "migrations/shed/.planning", "is not inside"],
    ["the live directory itself", "migrations", "is not inside"],
    ["a symlink in the live dir", "migrations/link", "it is a symbolic link"],
    ["a symlink in the live dir as a slug", "link", "it does not exist"],
    [".. that leads back inside", "migrations/../migrations/shed", "must not lead upwards"],
    ["a path to nothing", "migrations/barn", "there is nothing at that path"],
    ["a hidden folder", "migrations/.hidden", "is not inside"],
    ["a reserved folder", "migrations/__transactions__", "is not inside"],
    ["a file", "migrations/README.md", "it is no directory"],
    ["nothing", "", "it does not exist"],
  ];

  test.each(refused)("%s is refused", (_, value, detail) => {
    using site = makeSite();
    writePlan(site, "shed");
    const live = join(site.root, "migrations");
    for (const name of [".hidden", "__transactions__"]) mkdirSync(join(live, name));
    mkdirSync(join(site.root, "docs"));
    writeText(join(live, "README.md"), "");
    symlinkSync(join(live, "shed"), join(live, "link"));
    expect(() => resolveSlug(site, value)).toThrow(detail);
  });

  test("slug and repo-root symlink to another migration: ambiguous", () => {
    using site = makeSite();
    writePlan(site, "shed");
    writePlan(site, "barn");
    symlinkSync("migrations/barn", join(site.root, "shed"));
    expect(() => resolveSlug(site, "shed")).toThrow('it is a slug, and a path to "barn"');
    symlinkSync("migrations/barn", join(site.root, "barn"));
    expect(resolveSlug(site, "barn")).toBe("barn");
  });
});
