import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Site } from "../../../lib/planning/site.ts";
import { tick } from "../../../lib/planning/tick.ts";
import { makeRepository } from "./git.ts";
import { goodAnswers, scripted } from "./scripted.ts";
import { makeSite, toApproval, writePlan } from "./site.ts";

const executorFor = (site: Site) => () => ({
  migrationsDir: join(site.root, ".workflow/migrations"),
  roots: [site.root],
  toolVersion: "0",
  commands: () => ({ resume: "", rollback: "" }),
});

const answers = { ...goodAnswers, "ready-check": "ready: yes", execute: noChange() };

function noChange(): string {
  return '```json\n{"operations": []}\n```\n';
}

describe("tick", () => {
  test("planning comes before a ready phase, however old that is", async () => {
    using site = makeSite();
    const told = toApproval;
    writePlan(site, "ready", { told, manifest: { createdAt: "2020-01-01T00:00:00Z" } });
    writePlan(site, "plan");
    const agent = scripted(answers);
    const options = { agent, executorFor: executorFor(site) };
    expect(await tick(site, options)).toMatchObject({ role: "planning.approaches", slug: "plan" });
    const only = { ...options, slug: "ready" };
    expect(await tick(site, only)).toMatchObject({ role: "phase.execute", slug: "ready" });
    expect(await tick(site, { ...options, slug: "nobody" })).toMatchObject({ outcome: "nothing" });
  });

  test("one migration that is not due says why", async () => {
    using site = makeSite();
    const summaryOf = async (slug: string) => {
      const agent = scripted({});
      return (await tick(site, { agent, executorFor: executorFor(site), slug })).summary;
    };
    const cooldownUntil = "2027-01-01T00:00:00+00:00";
    writePlan(site, "cool", { manifest: { cooldownUntil } });
    writePlan(site, "held", { told: toApproval, manifest: { awaitingHumanReview: true } });
    writePlan(site, "over", { told: toApproval, manifest: { status: "done" } });
    const remedy = "to go on before, make cooldown_until null in its manifest.json";
    expect(await summaryOf("cool")).toBe(`it cools down until ${cooldownUntil}; ${remedy}`);
    expect(await summaryOf("held")).toBe("it awaits a review");
    expect(await summaryOf("over")).toBe("its status is done");
    expect(await summaryOf("nobody")).toBe("there is no such migration");
  });

  test("a malformed manifest stops both kinds before agents run", async () => {
    using site = makeSite();
    writePlan(site, "ready", { told: toApproval });
    writePlan(site, "zbad", { files: { "manifest.json": "{" } });
    const agent = scripted({});
    const result = await tick(site, { agent, executorFor: executorFor(site) });
    expect(result).toMatchObject({ outcome: "abandon", role: "phase.execution-gate" });
    expect(agent.asked).toEqual([]);
  });

  test("commits what it did, and nothing else: a phase, a rejection with its new place", async () => {
    using site = makeSite();
    writePlan(site, "ready", { told: toApproval });
    writePlan(site, "bad", { told: toApproval.slice(0, 4) });
    const git = makeRepository(site);
    git("add", "-A");
    git("commit", "-q", "-m", "start");
    const agent = scripted({ ...answers, "final-review": "final-decision: reject - too much" });
    const options = { agent, executorFor: executorFor(site), commit: true };
    await tick(site, options);
    await tick(site, options);
    expect(git("log", "--format=%s").split("\n")).toEqual([
      "migration: migration/ready/phase-1-sort.md",
      "migration: planning/bad/final-review",
      ...["start", ""],
    ]);
    expect(git("log", "-1", "--skip=1", "--format=%b")).toContain("Why:\ntoo much");
    const skipped = join(site.root, "migrations/__intentional_skips__/bad");
    expect(existsSync(join(skipped, "intentional-skip.md"))).toBe(true);
    expect(git("status", "--porcelain")).toBe("");
  });

  test("what was settled of an earlier run is told", async () => {
    using site = makeSite();
    writePlan(site, "a");
    const skipped = { told: toApproval, manifest: { status: "skipped" as const } };
    writePlan(site, "b", { ...skipped, files: { "intentional-skip.md": "# b\n" } });
    const { recovered } = await tick(site, {
      agent: scripted(answers),
      executorFor: executorFor(site),
    });
    expect(recovered).toEqual(['put the rejected plan "b" into __intentional_skips__']);
  });
});
