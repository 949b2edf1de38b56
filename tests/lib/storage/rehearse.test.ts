/** Rehearsals: the real disk stays as it is, the copy goes, and what went wrong on it is told. */

import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, chmodSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "../../../lib/change/options.ts";
import { ToolkitError } from "../../../lib/errors.ts";
import { assess } from "../../../lib/storage/assess.ts";
import { type Rehearsal, type RehearsalRun, rehearse } from "../../../lib/storage/rehearse.ts";
import { errorOf } from "../../change/workbench.ts";
import type { Disk } from "../../disk/spec.ts";
import { disks } from "../../disk.ts";
import { makeTemp } from "../../temp.ts";
import { diffTrees, readTree } from "../../tree.ts";
import { optionsFor } from "./journey.ts";

const tmp = makeTemp("rehearsals");
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

function build(name: string): Disk {
  const make = disks[name];
  if (make === undefined) throw new Error(`no disk "${name}"`);
  return make();
}

/** Rehearses the disk's plan and looks that nothing has become of it and of the copy. */
async function run(disk: Disk, extra: Partial<RehearsalRun> = {}): Promise<Rehearsal> {
  const { plan } = assess(optionsFor(disk));
  const before = readTree(disk.root, { mtime: true });
  try {
    return await rehearse(plan, { toolVersion: "0.0.0", tmp, ...extra });
  } finally {
    expect(readdirSync(tmp)).toEqual([]);
    expect(diffTrees(before, readTree(disk.root, { mtime: true }))).toEqual([]);
  }
}

/** Does something to the copy when a phase is at its first or last operation. */
function meddle(phase: Progress["phase"], at: "begin" | "end", act: (copy: string) => void) {
  const onProgress = ({ phase: now, done, total }: Progress) => {
    if (now !== phase || done !== (at === "end" ? total : 0)) return;
    act(join(tmp, readdirSync(tmp)[0] ?? "", "disk"));
  };
  return { onProgress };
}

describe("a rehearsal", () => {
  test.each([
    "everyLayout",
    "v1AndV2Mix",
    "strandedWorktrees",
    "worktreeWithSubmodule",
    "claudeSlugUnderscore",
    "cleanV2",
    "linkedBaseDir",
    "worktreesAside",
  ])("of %s agrees with the plan and leaves no trace", async (name) => {
    using disk = build(name);
    const { operations, entries, missing, differences, kept } = await run(disk);
    expect({ missing, differences, kept }).toEqual({ missing: [], differences: [], kept: [] });
    expect(operations).toBeGreaterThan(0);
    expect(entries).toBeGreaterThan(0);
  });

  test("copies modes, and not what is in worktrees, in migrations or in itself", async () => {
    using disk = build("v1AndV2Mix");
    const own = join(disk.baseDir, "tmp");
    mkdirSync(own);
    mkdirSync(join(disk.baseDir, "migrations"));
    const { stateDir, sessions } = disk.project("integrator");
    chmodSync(join(stateDir, "sessions"), 0o700);
    let seen: unknown;
    const { plan } = assess(optionsFor(disk));
    const onProgress = () => {
      const [name = ""] = readdirSync(own);
      const copy = (path: string) => join(own, name, "disk", path);
      seen ??= [
        statSync(copy(join(stateDir, "sessions"))).mode & 0o777,
        readdirSync(copy(disk.baseDir)).includes("migrations"),
        readdirSync(copy(own)),
        readdirSync(copy(sessions[0]?.worktree ?? "")),
      ];
    };
    const { differences } = await rehearse(plan, { toolVersion: "0.0.0", tmp: own, onProgress });
    expect(seen).toEqual([0o700, false, [], [".git"]]);
    expect(differences).toEqual([]);
    expect(readdirSync(own)).toEqual([]);
  });
});

describe("a disagreement is reported", () => {
  test("when something is not there that the plan had put there", async () => {
    using disk = build("cleanV2");
    const { id } = disk.project("integrator");
    const file = join(disk.baseDir, "projects", id, "identity.json");
    const result = await run(
      disk,
      meddle("apply", "end", (copy) => rmSync(join(copy, file))),
    );
    expect(result).toMatchObject({ missing: [file], differences: [], kept: [] });
  });

  test("when something could not be taken back, and differs then", async () => {
    using disk = build("cleanV2");
    const { id } = disk.project("integrator");
    const file = join(disk.baseDir, "projects", id, "identity.json");
    const edit = (copy: string) => appendFileSync(join(copy, file), "\n");
    expect(await run(disk, meddle("undo", "begin", edit))).toMatchObject({
      missing: [],
      differences: [file],
      kept: [`${file}: was changed after the migration`],
    });
  });

  test("when the plan stops half-way, with the real path and without ways on", async () => {
    using disk = build("cleanV2");
    const { id } = disk.project("integrator");
    const file = join(disk.baseDir, "projects", id, "identity.json");
    const occupy = (copy: string) => mkdirSync(join(copy, file));
    const error = await errorOf(run(disk, meddle("apply", "begin", occupy)));
    expect([error.outcome, error.message]).toEqual([
      "findings",
      `Cannot carry out the plan on a copy: "${file}" is there already`,
    ]);
    expect(error.hint).toBe("nothing real was touched; execution would stop there, too");
  });

  test("when there is no place for the copy", async () => {
    using disk = build("cleanV2");
    const error = await errorOf(run(disk, { tmp: join(tmp, "none") }));
    expect([error.outcome, error.message]).toEqual([
      "refused",
      expect.stringMatching(/^Cannot rehearse in ".*\/none": ENOENT/),
    ]);
    const full = meddle("apply", "begin", () => {
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    });
    expect((await errorOf(run(disk, full))).message).toBe(
      `Cannot rehearse in "${tmp}": ENOSPC: no space left on device`,
    );
  });
});

describe("cancelled", () => {
  const reason = new ToolkitError("cancelled", "Cancelled by SIGINT");

  test.each(["check", "apply", "undo"] as const)(
    "in the phase %s it leaves nothing",
    async (phase) => {
      using disk = build("v1AndV2Mix");
      const control = new AbortController();
      const { onProgress } = meddle(phase, "begin", () => control.abort(reason));
      const begin = meddle(phase, "end", () => control.abort(reason));
      const both = (progress: Progress) => {
        onProgress(progress);
        begin.onProgress(progress);
      };
      const options = { signal: control.signal, onProgress: phase === "check" ? both : onProgress };
      expect(await errorOf(run(disk, options))).toBe(reason);
    },
  );

  test("before it began it leaves nothing", async () => {
    using disk = build("v1AndV2Mix");
    expect(await errorOf(run(disk, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });
});
