import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { latestStage, readStage, saveStage } from "../../../lib/planning/stages.ts";
import { makeSite, stateOf, type Told, toApproval, writePlan } from "./site.ts";

const slug = "shed";

describe("stage output", () => {
  test("goes to the first free name, and nothing is overwritten", () => {
    using site = makeSite();
    const dir = writePlan(site, slug, { told: toApproval });
    const scope = { disk: site.disk, slug, dir };
    const refs = ["a", "b"].map((text) => saveStage(scope, "final-review", text));
    expect(refs).toEqual([
      "migrations/shed/.planning/stages/final-review-2.stdout.md",
      "migrations/shed/.planning/stages/final-review-3.stdout.md",
    ]);
    const first = join(dir, ".planning/stages/final-review.stdout.md");
    expect(readFileSync(first, "utf8")).toBe("output of final-review\n");
    expect(readStage(scope, refs[1] ?? "")).toBe("b");
  });

  test("names are ambiguous, refs are not: a second review is no review-2", () => {
    using site = makeSite();
    const told: Told = ["approaches", "pick-best", "expand", ["review", "findings"], "revise"];
    const dir = writePlan(site, slug, { told });
    const scope = { disk: site.disk, slug, dir };
    const ref = saveStage(scope, "review-2", "second\n");
    expect(ref).toEndWith("/review-2.stdout.md");
    const state = stateOf(slug, told);
    expect(latestStage(scope, state, "review")).toBe("output of review\n");
    expect(latestStage(scope, state, "review-2")).toBeNull();
  });

  test.each(["/etc/passwd", "migrations/shed/../../x", "migrations/other/x", "", "gone.md"])(
    "reading through an unvalidated ref is refused: %p",
    (ref) => {
      using site = makeSite();
      const dir = writePlan(site, slug);
      expect(() => readStage({ disk: site.disk, slug, dir }, ref)).toThrow(`Cannot read "${ref}"`);
    },
  );
});
