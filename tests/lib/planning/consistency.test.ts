import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import {
  blocks,
  checkMigration,
  type Finding,
  type Mode,
} from "../../../lib/planning/consistency.ts";
import type { Manifest } from "../../../lib/planning/manifest.ts";
import { visibleSlugs } from "../../../lib/planning/site.ts";
import { makeSite, type PlanSpec, phaseText, toApproval, writePlan, writeText } from "./site.ts";

const slug = "shed";
const modes: Mode[] = ["planning-snapshot", "ready-publish", "execution-gate", "doctor"];

/** The codes found in each of the four modes. */
function codes(spec: PlanSpec, change: (dir: string) => void = () => {}): string[][] {
  using site = makeSite();
  const dir = writePlan(site, slug, { told: toApproval, ...spec });
  change(dir);
  return modes.map((mode) =>
    checkMigration({ disk: site.disk, dir, slug, mode }).map(({ code }) => code),
  );
}

const everywhere = (code: string) => [[code], [code], [code], [code]];
const phase = (file: string): Partial<Manifest> => ({
  phases: [
    {
      name: "sort",
      file,
      done: false,
      precondition: "x",
      requiredEffort: null,
      effortReason: null,
    },
  ],
});
const onlyPhase = { "phase-2-sweep.md": null };

describe("what is visible", () => {
  test("files, hidden, __… and symlinked directories are invisible", () => {
    using site = makeSite();
    expect(visibleSlugs(site)).toEqual([]);
    writePlan(site, "shed");
    const live = join(site.root, "migrations");
    for (const name of [".hidden", "__transactions__", "__intentional_skips__", "attic"]) {
      mkdirSync(join(live, name));
    }
    mkdirSync(join(live, "v3-20261121T101112Z-ab12cd"));
    writeText(join(live, "README.md"), "");
    symlinkSync(join(live, "shed"), join(live, "link"));
    expect(visibleSlugs(site)).toEqual(["attic", "shed"]);
  });
});

describe("consistency", () => {
  test("a sound plan has no findings in any mode", () => {
    expect(codes({})).toEqual([[], [], [], []]);
  });

  test("missing manifest", () => {
    expect(codes({ files: { "manifest.json": null } })).toEqual(everywhere("missing-manifest"));
  });

  test("an unloadable manifest, after which nothing else is checked", () => {
    const found = codes({ files: { "manifest.json": "{", "plan.md": null } });
    expect(found).toEqual(everywhere("invalid-manifest"));
  });

  test("a phase's document that may not be read; the other one is looked at all the same", () => {
    using site = makeSite();
    const files = { "phase-2-sweep.md": "# Sweep\n" };
    const dir = writePlan(site, slug, { told: toApproval, files });
    const readFile = (path: string): Uint8Array => {
      if (!path.endsWith("phase-1-sort.md")) return realDisk.readFile(path);
      throw Object.assign(new Error("EACCES: permission denied, open"), { code: "EACCES" });
    };
    const disk = { ...site.disk, readFile };
    const found = checkMigration({ disk, dir, slug, mode: "doctor" });
    expect(found.map(({ code, message }) => [code, message])).toEqual([
      ["phase-file-not-regular", "it cannot be read: EACCES: permission denied, open"],
      ["missing-phase-precondition", expect.any(String)],
      ["missing-phase-definition-of-done", expect.any(String)],
    ]);
  });

  test("slug mismatch", () => {
    const found = codes({ manifest: { name: "barn" } });
    expect(found).toEqual(everywhere("manifest-slug-mismatch"));
  });

  test("phase symlink leaving the folder, also one to nothing", () => {
    const leadTo = (target: string) =>
      codes({ manifest: phase("phase-1-sort.md"), files: onlyPhase }, (dir) => {
        rmSync(join(dir, "phase-1-sort.md"));
        symlinkSync(target, join(dir, "phase-1-sort.md"));
      });
    expect(leadTo("/etc/passwd")).toEqual(everywhere("phase-file-escapes-migration"));
    expect(leadTo("../../nothing.md")).toEqual(everywhere("phase-file-escapes-migration"));
  });

  test("phase symlink staying inside, and a directory", () => {
    const found = codes({ manifest: phase("phase-1-sort.md"), files: onlyPhase }, (dir) => {
      rmSync(join(dir, "phase-1-sort.md"));
      symlinkSync("plan.md", join(dir, "phase-1-sort.md"));
    });
    expect(found).toEqual(everywhere("phase-file-not-regular"));
    const directory = codes({ manifest: phase("docs"), files: onlyPhase }, (dir) => {
      mkdirSync(join(dir, "docs"));
    });
    expect(directory).toEqual(everywhere("phase-file-not-regular"));
  });

  test("missing phase file", () => {
    const found = codes({ files: { "phase-2-sweep.md": null } });
    expect(found).toEqual(everywhere("missing-phase-file"));
  });

  test.each(["", ".", "/etc/passwd", "../barn/plan.md"])("phase file reference %p", (file) => {
    const found = codes({ manifest: phase(file), files: onlyPhase });
    expect(found).toEqual(everywhere("invalid-phase-file-reference"));
  });

  test("duplicate number", () => {
    const files = { "phase-01-sweep.md": phaseText("ok"), "phase-2-sweep.md": null };
    const manifest: Partial<Manifest> = {
      phases: [
        ...(phase("phase-1-sort.md").phases ?? []),
        ...(phase("phase-01-sweep.md").phases ?? []).map((entry) => ({ ...entry, name: "sweep" })),
      ],
    };
    expect(codes({ files, manifest })).toEqual(everywhere("duplicate-phase-doc-index"));
  });

  test("duplicate name", () => {
    const files = { "phase-3-sort.md": phaseText("ok") };
    expect(codes({ files })).toEqual(everywhere("duplicate-phase-doc-name"));
  });

  test("plan.md needed at the gate, not in a snapshot; in doctor only for ready/in-progress", () => {
    const files = { "plan.md": null };
    const one = ["missing-plan"];
    expect(codes({ files })).toEqual([[], one, one, one]);
    expect(codes({ files, manifest: { status: "in-progress" } })).toEqual([[], one, one, one]);
    expect(codes({ files, manifest: { status: "done" } })).toEqual([[], one, [], []]);
    expect(codes({ files, manifest: { status: "planning" } })).toEqual([[], one, [], []]);
  });

  test("headings demanded at ready-publish, not at gate or snapshot", () => {
    const both = ["missing-phase-precondition", "missing-phase-definition-of-done"];
    const files = { "phase-1-sort.md": "# Sort\n" };
    expect(codes({ files })).toEqual([[], both, [], both]);
    expect(codes({ files, manifest: { status: "planning" } })).toEqual([[], both, [], []]);
  });

  test("an empty required section passes", () => {
    const files = { "phase-1-sort.md": "## Precondition\n## Definition of Done\n" };
    expect(codes({ files })).toEqual([[], [], [], []]);
  });

  test("no phases, no current phase, a document that no phase bears", () => {
    const none = { "phase-1-sort.md": null, "phase-2-sweep.md": null };
    const missing = ["missing-manifest-phases", "invalid-current-phase"];
    const manifest = { phases: [], currentPhase: "" };
    expect(codes({ files: none, manifest })).toEqual([[], missing, [], missing]);
    const found = codes({ manifest: phase("phase-1-sort.md") });
    const extra = ["phase-doc-not-in-manifest"];
    expect(found).toEqual([[], extra, [], extra]);
  });

  test("planning without state, or with one that does not load, is doctor's business", () => {
    const manifest = { status: "planning" as const };
    expect(codes({ state: false, manifest })[3]).toEqual(["planning-state-missing"]);
    expect(codes({ files: { ".planning/state.json": "{" }, manifest })).toEqual([
      [],
      [],
      [],
      ["planning-state-invalid"],
    ]);
    expect(codes({ state: false })).toEqual([[], [], [], []]);
  });

  test("text that is not UTF-8 is a finding or nothing, never a crash", () => {
    const bytes = (name: string) => (dir: string) =>
      writeFileSync(join(dir, name), Buffer.from([0xff, 0xfe, 0x0a]));
    expect(codes({}, bytes("plan.md"))).toEqual([[], [], [], []]);
    expect(codes({}, bytes("manifest.json"))).toEqual(everywhere("invalid-manifest"));
  });

  test("a manifest's fault is located", () => {
    using site = makeSite();
    const files = { "manifest.json": '{\n  "name": 7\n}\n' };
    const dir = writePlan(site, slug, { files });
    const [found] = checkMigration({ disk: site.disk, dir, slug, mode: "doctor" });
    expect(found).toMatchObject({ path: join(dir, "manifest.json") });
    expect(found?.message).toBe("2:11: name must be a string");
  });

  test("info and warning do not block", () => {
    const finding = (severity: Finding["severity"]): Finding => {
      return { severity, mode: "doctor", code: "missing-plan", path: "/x", message: "x" };
    };
    expect(blocks([finding("info"), finding("warning")])).toBe(false);
    expect(blocks([finding("info"), finding("error")])).toBe(true);
  });
});
