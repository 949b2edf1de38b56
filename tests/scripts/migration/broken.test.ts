/** Plans that somebody edited by hand, cut off or linked: a located error, and nothing changed. */

import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execute } from "../../../lib/cli.ts";
import { migrationDirOf } from "../../../lib/planning/site.ts";
import migration from "../../../scripts/migration.ts";
import { makeHost } from "../../host.ts";
import { makeSite, type TestSite, toApproval, writePlan } from "../../lib/planning/site.ts";
import { changesDuring } from "../../tree.ts";

async function call(site: TestSite, ...argv: string[]) {
  const invocation = "bun run scripts/migration.ts";
  const { host, written } = makeHost(argv, { env: site.env, cwd: site.root, invocation });
  const code = await execute(migration, host);
  return { code, text: written.stdout + written.stderr };
}

const slug = "shed";

/** How a file of the plan is spoilt, and what is said about it. */
const spoilt: [string, string, (text: string) => string, RegExp][] = [
  [
    "a newer schema",
    ".planning/state.json",
    (text) => text.replace(/(version": )1/, "$12"),
    /newer/,
  ],
  ["a state cut off", ".planning/state.json", (text) => text.slice(0, 120), /not JSON/],
  [
    "a cursor moved by hand",
    ".planning/state.json",
    (text) => text.replace(/(next_step": )"[^"]*"/, '$1"terminal-skipped"'),
    /its history leads to/,
  ],
  [
    "a ref that leads out",
    ".planning/state.json",
    (text) => text.replaceAll("stages/expand.stdout.md", "../../../x"),
    /must not lead upwards/,
  ],
  [
    "a key that occurs twice further in",
    ".planning/state.json",
    (text) =>
      text
        .replace('"effort"', '"name": "x",\n"effort"')
        .replace("started", 'target": "x", "started'),
    /a key occurs twice/,
  ],
  [
    "a manifest with both sides of a merge",
    "manifest.json",
    (text) => text.replace(/("name": .*)/, "$1\n$1"),
    /a key occurs twice/,
  ],
  ["a manifest cut off", "manifest.json", (text) => text.slice(0, 150), /not JSON/],
  [
    "a status that there is none of",
    "manifest.json",
    (text) => text.replace(/("status": )"[^"]*"/, '$1"nearly"'),
    /must be one of/,
  ],
];

const told = toApproval.slice(0, 3);
const waiting = { awaitingHumanReview: true, humanReviewReason: "Why?" };

describe.each(spoilt)("%s", (_, file, spoil, detail) => {
  /** A plan that is spoilt after it was written. */
  function stand(kind: "planning" | "waiting") {
    const site = makeSite();
    const spec = kind === "planning" ? { told } : { told: toApproval, manifest: waiting };
    const path = join(writePlan(site, slug, spec), file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, spoil(text));
    expect(readFileSync(path, "utf8")).not.toBe(text);
    return site;
  }

  const commands: ["planning" | "waiting", ...string[]][] = [
    ["planning", "show", slug],
    ["planning", "refine", slug, "--message", "x", "--with", "touch ran"],
    ["planning", "review", slug, "--hold", "x"],
    ["waiting", "review", slug, "--yes"],
    ["waiting", "review", slug, "--with", "touch ran"],
    ["waiting", "refine", slug, "--message", "x", "--with", "touch ran"],
  ];

  test.each(commands)("with a %s plan: %s %s %s", async (kind, ...argv) => {
    using site = stand(kind);
    const changes = await changesDuring(site.root, async () => {
      const { code, text } = await call(site, ...argv);
      expect(code).toBe(3);
      expect(text).toMatch(detail);
      expect(text).toMatch(new RegExp(`at ${join(site.root, "migrations/shed", file)}:\\d+:\\d+`));
    });
    expect(changes).toEqual([]);
  });

  test("list and doctor go on, doctor with its place; tick runs nothing", async () => {
    using site = stand("planning");
    const changes = await changesDuring(site.root, async () => {
      expect((await call(site, "list", "--no-headers")).text).toMatch(/^shed\t.*blocked\t/);
      const doctor = await call(site, "doctor", slug);
      expect(doctor.code).toBe(1);
      expect(doctor.text).toMatch(detail);
      expect(doctor.text).toMatch(/\t\d+:\d+: /);
      const tick = await call(site, "tick", slug, "--with", "touch ran");
      expect([1, 4]).toContain(tick.code);
      expect(tick.text).toMatch(new RegExp(`"<repo>/migrations/shed/${file}:\\d+:\\d+"`));
      expect((await call(site, "doctor", slug, "--fix")).code).toBe(1);
    });
    expect(changes).toEqual([]);
  });
});

describe("a history that the disk does not let anybody look into", () => {
  function stand() {
    const site = makeSite();
    const dir = writePlan(site, slug);
    rmSync(join(dir, ".planning"), { recursive: true });
    symlinkSync(".planning", join(dir, ".planning"));
    return site;
  }

  const commands: [number, ...string[]][] = [
    [0, "list"],
    [3, "show", slug],
    [1, "doctor", slug],
    [1, "doctor", "--all", "--fix"],
    [4, "tick", slug, "--with", "touch ran"],
    [3, "refine", slug, "--message", "x", "--with", "touch ran"],
  ];

  test.each(commands)("ends with %p and its path: %s", async (code, ...argv) => {
    using site = stand();
    const changes = await changesDuring(site.root, async () => {
      const called = await call(site, ...argv);
      expect([called.code, called.text]).toEqual([code, expect.stringMatching(/ELOOP|blocked/)]);
    });
    expect(changes).toEqual([]);
  });
});

describe("which plan is meant, in review and refine as elsewhere", () => {
  const commands = [
    ["review", "--yes"],
    ["refine", "--message", "x", "--with", "touch ran"],
    ["show"],
    ["doctor"],
    ["tick", "--with", "touch ran"],
  ];

  test.each(commands)(
    "%s takes no link, no path that leads out or back, and nothing twofold",
    async (name, ...rest) => {
      using site = makeSite();
      writePlan(site, slug, { told: toApproval, manifest: waiting });
      const barn = writePlan(site, "barn", { told: toApproval, manifest: waiting });
      const live = join(site.root, "migrations");
      symlinkSync(barn, join(live, "link"));
      symlinkSync(barn, join(site.root, slug));
      mkdirSync(join(live, "__x"));
      const words = [
        "migrations/link",
        "link",
        "/etc",
        "migrations/../migrations/barn",
        "__x",
        slug,
      ];
      const changes = await changesDuring(site.root, async () => {
        for (const word of words) {
          const { code, text } = await call(site, name ?? "", word, ...rest);
          expect({ word, code }).toEqual({ word, code: 2 });
          expect(text).toContain("Cannot find the migration");
        }
      });
      expect(changes).toEqual([]);
      expect(migrationDirOf(site, "barn")).toBe(barn);
    },
  );
});
