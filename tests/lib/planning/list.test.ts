import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { applyPlan } from "../../../lib/change/transaction.ts";
import { listRows } from "../../../lib/planning/list.ts";
import { listText } from "../../../lib/planning/report.ts";
import { createStyle } from "../../../lib/terminal.ts";
import { makeSite, testStamp, toApproval, writePlan, writeText } from "./site.ts";

const style = createStyle(false);
const pipe = (headers: boolean) => ({ headers, aligned: false, style });
const header = "slug\tstatus\tcursor\tawaiting_review\tlast_touch\tcooldown\treason\n";

describe("list", () => {
  test("done, planning, ready + review rows; both filters; no header", async () => {
    using site = makeSite();
    writePlan(site, "c-done", { told: toApproval, manifest: { status: "done", currentPhase: "" } });
    writePlan(site, "a-plan", { told: toApproval.slice(0, 2) });
    writePlan(site, "b-ready", {
      told: toApproval,
      manifest: {
        awaitingHumanReview: true,
        humanReviewReason: "a\ttab and\na line",
        cooldownUntil: "soon",
      },
    });
    const rows = await listRows(site, {});
    expect(listText(rows, pipe(true))).toBe(
      header +
        `a-plan\tplanning\tplanning:expand\tno\t${testStamp}\t(none)\t(none)\n` +
        `b-ready\tready\tphase-1-sort.md\tyes\t${testStamp}\tsoon\ta\\x09tab and\\x0aa line\n` +
        `c-done\tdone\t(none)\tno\t${testStamp}\t(none)\t(none)\n`,
    );
    const slugs = async (filter: object) =>
      (await listRows(site, {}, filter)).map(({ slug }) => slug);
    expect(await slugs({ status: "ready" })).toEqual(["b-ready"]);
    expect(await slugs({ awaitingReview: true })).toEqual(["b-ready"]);
    expect(await slugs({ status: "done", awaitingReview: true })).toEqual([]);
    expect(listText(rows, pipe(false))).not.toContain("slug\t");
  });

  test("empty with and without header", async () => {
    using site = makeSite();
    const rows = await listRows(site, { storage: join(site.home, "nowhere") });
    expect(listText(rows, pipe(true))).toBe(header);
    expect(listText(rows, pipe(false))).toBe("");
  });

  test("broken state: planning:blocked; unresolvable phase: blocked; bad manifests", async () => {
    using site = makeSite();
    writePlan(site, "a", { files: { ".planning/state.json": "{" } });
    writePlan(site, "b", { state: false });
    writePlan(site, "c", { told: toApproval, manifest: { currentPhase: "" } });
    writePlan(site, "d", { files: { "manifest.json": '{\n "name": 1 }' } });
    writePlan(site, "e", { files: { "manifest.json": null } });
    const rows = await listRows(site, {});
    const seen = rows.map(({ slug, status, cursor, reason }) => [slug, status, cursor, reason]);
    expect(seen).toEqual([
      ["a", "planning", "planning:blocked", "planning-state-invalid"],
      ["b", "planning", "planning:blocked", "planning-state-missing"],
      ["c", "ready", "blocked", "invalid-current-phase"],
      ["d", "invalid-manifest", "blocked", "invalid-manifest: 2:10: name must be a string"],
      ["e", "invalid-manifest", "blocked", "missing-manifest"],
    ]);
    expect(await listRows(site, {}, { status: "planning" })).toHaveLength(2);
    expect(await listRows(site, {}, { awaitingReview: true })).toEqual([]);
  });

  test("columns on a terminal", async () => {
    using site = makeSite();
    writePlan(site, "a");
    const text = listText(await listRows(site, {}), { headers: true, aligned: true, style });
    expect(text).toStartWith("slug  status    cursor               awaiting_review  last_touch");
    expect(text).not.toContain("\t");
  });

  test("what was carried out at once is there too, damaged ones included", async () => {
    using site = makeSite();
    const dir = join(site.root, ".workflow/migrations");
    const id = "sessions-20260304T050607Z-abcdef";
    await applyPlan({
      migrationDir: join(dir, id),
      roots: [site.root],
      commands: { resume: "r", rollback: "b" },
      plan: {
        script: "migrate-sessions",
        title: "Two sessions",
        roots: [site.root],
        operations: [{ op: "makeDir", path: join(site.root, "made") }],
      },
      toolVersion: "0",
    });
    writeText(join(dir, "v3-20260304T050607Z-000000", "manifest.json"), "{");
    const rows = await listRows(site, { storage: dir });
    expect(rows.map(({ kind, slug, status, cursor }) => [kind, slug, status, cursor])).toEqual([
      ["operations", id, "done", null],
      ["operations", "v3-20260304T050607Z-000000", "damaged", "blocked"],
    ]);
    expect(rows[0]?.reason).toBe("migrate-sessions: Two sessions");
  });
});
