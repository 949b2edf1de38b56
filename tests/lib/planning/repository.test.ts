/** Plans in a git work tree: what has to be committed first, where, and what is nobody's business. */

import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { commitMigration, dirtyPaths } from "../../../lib/planning/repository.ts";
import { runStep } from "../../../lib/planning/step.ts";
import { makeRepository } from "./git.ts";
import { goodAnswers, scripted } from "./scripted.ts";
import { makeSite, type TestSite, writePlan, writeText } from "./site.ts";

const slug = "shed";

async function refusalOf(site: TestSite) {
  const agent = scripted(goodAnswers);
  const target = "Tidy the shed";
  const error = await runStep(site, { slug, agent, target }).catch((thrown) => thrown);
  expect(agent.asked).toEqual([]);
  return error as { message: string; hint: string };
}

describe("a plan in a git work tree", () => {
  test("is refused with the command that commits it, which works as it is printed", async () => {
    using site = makeSite();
    writePlan(site, slug, { told: ["approaches", "pick-best"] });
    makeRepository(site);
    const { message, hint } = await refusalOf(site);
    expect(message).toContain("to be committed first: migrations/shed/.planning/");
    expect(message).toEndWith(" and 1 more");
    const [command = ""] = hint.split(";");
    const ran = Bun.spawnSync(["sh", "-c", command], { env: { ...site.env }, stdout: "ignore" });
    expect(ran.exitCode).toBe(0);
    const result = await runStep(site, { slug, agent: scripted(goodAnswers) });
    expect(result.step).toBe("expand");
  });

  test("that git ignores is refused before anybody is asked, with what to do", async () => {
    using site = makeSite();
    makeRepository(site);
    writeText(join(site.root, ".gitignore"), "migrations/\n");
    const { message, hint } = await refusalOf(site);
    expect(message).toBe('Cannot work on "shed": git ignores migrations/shed');
    expect(hint).toContain("take migrations/ out of what git ignores");
  });

  test("has a slug that is a name to git, and never a pattern", () => {
    using site = makeSite();
    const git = makeRepository(site);
    writePlan(site, "s*");
    writePlan(site, slug);
    expect(dirtyPaths(site, "s*").every((path) => path.startsWith("migrations/s*/"))).toBe(true);
    expect(commitMigration(site, "s*", "one")).toBe(true);
    expect(git("log", "-1", "--name-only", "--format=")).not.toContain("migrations/shed");
    expect(dirtyPaths(site, slug)).not.toEqual([]);
  });

  test("is committed where it is, whatever repository the environment names", () => {
    using site = makeSite();
    const git = makeRepository(site);
    writePlan(site, slug);
    const elsewhere = join(site.home, "elsewhere");
    mkdirSync(elsewhere);
    const other = makeRepository({ ...site, root: elsewhere });
    const env = { ...site.env, GIT_DIR: join(elsewhere, ".git") };
    expect(commitMigration({ ...site, env }, slug, "plan")).toBe(true);
    expect(git("log", "--format=%s")).toBe("plan\n");
    expect(other("status", "--porcelain", "--branch")).toBe("## No commits yet on main\n");
  });
});
