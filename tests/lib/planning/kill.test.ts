/**
 * Ticks that are killed: at each of their writes on a disk that dies, and as real processes with
 * SIGKILL at moments spread over a whole tick.
 */

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import type { Agent } from "../../../lib/planning/agent.ts";
import { requireManifest } from "../../../lib/planning/manifest.ts";
import { planningTick } from "../../../lib/planning/planning-tick.ts";
import { isUnsettled, recover } from "../../../lib/planning/recover.ts";
import { migrationDirOf, type Site } from "../../../lib/planning/site.ts";
import { loadState } from "../../../lib/planning/state-file.ts";
import { tick } from "../../../lib/planning/tick.ts";
import { leftovers } from "../../../lib/planning/transactions.ts";
import { treeDigest } from "../../../lib/planning/tree.ts";
import { makeSandbox } from "../../process.ts";
import { dyingDisk } from "./dying-disk.ts";
import { goodAnswers, scripted } from "./scripted.ts";
import { makeSite, toApproval, writePlan, writeText } from "./site.ts";

const slug = "shed";
/** A kill cannot undo what the kernel has: flushing only costs time here. */
const disk = { ...realDisk, sync() {} };
const agent = () => scripted(goodAnswers);
const cursorIn = (site: Site) =>
  loadState({ disk: realDisk, slug, dir: migrationDirOf(site, slug) })?.nextStep;

/** The next command, which finds the phase not ready yet when there is nothing left to plan. */
const nextTick = ({ root }: Site) => ({
  agent: scripted({ ...goodAnswers, "ready-check": "ready: no - not yet" }),
  executorFor: () => ({
    ...{ migrationsDir: join(root, ".workflow"), roots: [root], toolVersion: "0" },
    commands: () => ({ resume: "", rollback: "" }),
  }),
});

async function countWrites(agent: Agent): Promise<number> {
  using site = makeSite({ disk });
  writePlan(site, slug, { told: toApproval.slice(0, 4) });
  const counting = dyingDisk(disk, Number.POSITIVE_INFINITY);
  await planningTick({ ...site, disk: counting.disk }, { agent });
  return counting.count();
}

describe("a tick killed at each write", () => {
  test("leaves the old or the new plan; the next tick says what it settled, and goes on", async () => {
    let finished = 0;
    for (let at = 1; ; at += 1) {
      using site = makeSite({ disk });
      const dir = writePlan(site, slug, { told: toApproval.slice(0, 4) });
      const old = treeDigest(realDisk, dir);
      const dying = dyingDisk(disk, at);
      await planningTick({ ...site, disk: dying.disk }, { agent: agent() }).catch(() => null);
      dying.bury();
      if (!dying.isDead()) {
        expect(at).toBeGreaterThan(60);
        break;
      }
      const seen = treeDigest(realDisk, dir);
      const cursor = cursorIn(site);
      expect(["final-review", "terminal-ready"]).toContain(String(cursor));
      if (cursor === "final-review") expect(seen).toBe(old);
      const isPending = leftovers(site).some((left) => isUnsettled(left) && left.record !== null);
      const { outcome, recovered } = await tick(site, nextTick(site));
      expect(recovered).toHaveLength(isPending ? 1 : 0);
      if (recovered[0]?.startsWith("finished") === true) finished += 1;
      const wasOld = cursor === "final-review" && recovered[0]?.startsWith("finished") !== true;
      expect(outcome).toBe(wasOld ? "commit" : "not-routed");
      expect(cursorIn(site)).toBe("terminal-ready");
      expect(readdirSync(join(site.root, "migrations"))).toEqual([slug]);
    }
    expect(finished).toBeGreaterThan(5);
  }, 60_000);

  test("of a rejection too: the plan ends among the skipped ones", async () => {
    const rejecting = () => scripted({ "final-review": "final-decision: reject - no\n" });
    const writes = await countWrites(rejecting());
    // Up to the exchange it is as above.
    for (let at = writes - 30; at <= writes; at += 1) {
      using site = makeSite({ disk });
      writePlan(site, slug, { told: toApproval.slice(0, 4) });
      const dying = dyingDisk(disk, at);
      await planningTick({ ...site, disk: dying.disk }, { agent: rejecting() }).catch(() => null);
      dying.bury();
      recover(site);
      await planningTick(site, { agent: rejecting() });
      const skipped = join(site.root, "migrations/__intentional_skips__", slug);
      expect(existsSync(join(skipped, "intentional-skip.md"))).toBe(true);
      expect(existsSync(migrationDirOf(site, slug))).toBe(false);
    }
  }, 20_000);
});

test("a deferral killed at each write: it is put off or it is not, and the next tick knows", async () => {
  for (let at = 1; ; at += 1) {
    using site = makeSite({ disk });
    const dir = writePlan(site, slug, { told: toApproval });
    const dying = dyingDisk(disk, at);
    const killed = { ...site, disk: dying.disk };
    await tick(killed, nextTick(killed)).catch(() => null);
    dying.bury();
    const isPutOff = requireManifest(realDisk, dir).cooldownUntil !== null;
    const { outcome, recovered } = await tick(site, nextTick(site));
    expect({ outcome, recovered }).toEqual({
      outcome: isPutOff ? "nothing" : "not-routed",
      recovered: [],
    });
    expect(requireManifest(realDisk, dir).cooldownUntil).not.toBeNull();
    expect(readdirSync(dir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(readdirSync(join(site.root, "migrations"))).toEqual([slug]);
    if (!dying.isDead()) {
      expect(at).toBeGreaterThan(20);
      break;
    }
  }
}, 20_000);

describe("a real process", () => {
  const script = join(import.meta.dir, "../../../scripts/migration.ts");
  const runtime = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];

  /** Starts a tick that plans with a command which answers at once. */
  function start(
    home: string,
    env: Record<string, string>,
    command = "cat >/dev/null; echo no findings",
  ) {
    const root = join(home, "root");
    return Bun.spawn([...runtime, script, "tick", "--root", root, "--with", command], {
      env,
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
    });
  }

  test("killed with SIGKILL at any moment never loses the plan", async () => {
    let killed = 0;
    for (let delay = 60; delay <= 400; delay += 60) {
      using sandbox = makeSandbox();
      const root = join(sandbox.home, "root");
      mkdirSync(root);
      using site = makeSite();
      const real: Site = { ...site, root, stateDir: join(sandbox.home, "state") };
      writePlan(real, slug, { told: toApproval.slice(0, 3) });
      const child = start(sandbox.home, sandbox.env);
      await Bun.sleep(delay);
      if (child.exitCode === null) killed += 1;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It had ended.
      }
      await child.exited;
      expect(["review", "final-review"]).toContain(String(cursorIn(real)));
      const next = start(sandbox.home, sandbox.env);
      await next.exited;
      expect(["final-review", "review"]).toContain(String(cursorIn(real)));
      expect(readdirSync(join(root, "migrations"))).toEqual([slug]);
    }
    expect(killed).toBeGreaterThan(2);
  }, 30_000);

  test("does not wait for what an agent has started outside of its process group", async () => {
    using sandbox = makeSandbox();
    const root = join(sandbox.home, "root");
    mkdirSync(root);
    using site = makeSite();
    writePlan({ ...site, root }, slug, { told: toApproval.slice(0, 3) });
    const launcher = join(sandbox.home, "launch.ts");
    // A process group of its own, and the pipes of the agent.
    const options = '{ detached: true, stdio: ["ignore", "inherit", "inherit"] }';
    const spawn = `const { pid } = Bun.spawn(["sleep", "20"], ${options});`;
    writeText(
      launcher,
      `${spawn}\nawait Bun.write("${sandbox.home}/pid", String(pid));\nprocess.exit();\n`,
    );
    const command = `cat >/dev/null; ${process.execPath} ${launcher}; echo no findings`;
    const started = performance.now();
    expect(await start(sandbox.home, sandbox.env, command).exited).toBe(0);
    expect(performance.now() - started).toBeLessThan(8000);
    process.kill(Number(readFileSync(join(sandbox.home, "pid"), "utf8")), "SIGKILL");
    expect(cursorIn({ ...site, root })).toBe("final-review");
  }, 30_000);

  test("two at once: one works, one is refused with exit 4", async () => {
    using sandbox = makeSandbox();
    const root = join(sandbox.home, "root");
    mkdirSync(root);
    using site = makeSite();
    writePlan({ ...site, root }, slug, { told: toApproval.slice(0, 3) });
    const slow = join(sandbox.home, "slow.sh");
    const gate = join(sandbox.home, "gate");
    writeText(slow, `cat >/dev/null; touch ${gate}; sleep 0.7; echo no findings\n`);
    const words = ["tick", "--root", root, "--with", `sh ${slow}`];
    const run = () =>
      Bun.spawn([...runtime, script, ...words], {
        env: sandbox.env,
        stderr: "pipe",
        stdout: "pipe",
      });
    const first = run();
    while (!existsSync(gate)) await Bun.sleep(5);
    const second = run();
    expect(await second.exited).toBe(4);
    expect(await second.stderr.text()).toContain(`planning by process ${first.pid}`);
    expect(await first.exited).toBe(0);
    expect(cursorIn({ ...site, root })).toBe("final-review");
  }, 20_000);
});
