import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import fc from "fast-check";
import { ToolkitError } from "../../lib/errors.ts";
import { shortHash } from "../../lib/hash.ts";
import {
  archiveNameAt,
  claudeSlug,
  configHash,
  instanceName,
  isInside,
  parseArchiveName,
  parseHashDir,
  projectDir,
  resolvePlaces,
} from "../../lib/paths.ts";

const runs = { numRuns: 1000 };

describe("config hash", () => {
  test("is the digest of the config file's directory", () => {
    expect(configHash("/no/such/place/agent-orchestrator.yaml")).toBe(
      shortHash("/no/such/place", 12),
    );
  });

  test("of a missing file is that of its resolved path, never an error", () => {
    expect(configHash("/no/such/../place/a.yaml")).toBe(shortHash("/no/place", 12));
    expect(configHash("rel/a.yaml")).toBe(shortHash(resolve("rel"), 12));
    expect(configHash("/a\0b/c.yaml")).toBe(shortHash("/a\0b", 12));
  });

  test("names the instance with the project's own directory name", () => {
    expect(instanceName("/no/a.yaml", "/repos/My App/")).toBe(`${shortHash("/no", 12)}-My App`);
  });
});

/** Names that a directory can have, odd ones included. */
const fileName = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.stringMatching(/^[A-Za-z0-9._ -]{1,24}$/),
  )
  .filter((name) => !/[/\0]/.test(name) && name !== "." && name !== "..");

describe("hash directory", () => {
  const hash = "a3b4c5d6e7f8";
  test.each([
    [hash, { hash, migrated: false, observability: false }],
    [`${hash}.migrated`, { hash, migrated: true, observability: false }],
    [`${hash}-app`, { hash, name: "app", migrated: false, observability: false }],
    [`${hash}-my-app.v2`, { hash, name: "my-app.v2", migrated: false, observability: false }],
    [`${hash}-app.migrated`, { hash, name: "app", migrated: true, observability: false }],
    [
      `${hash}-a.migrated.migrated`,
      {
        hash,
        name: "a.migrated",
        migrated: true,
        observability: false,
      },
    ],
    [
      `${hash}-observability`,
      {
        hash,
        name: "observability",
        migrated: false,
        observability: true,
      },
    ],
    [`${hash}-`, null],
    [`${hash}x`, null],
    [`${hash}0-app`, null],
    [hash.toUpperCase(), null],
    [`${hash}-a/b`, null],
    ["projects", null],
  ])("%p says %p", (name, expected) => {
    expect(parseHashDir(name)).toEqual(expected);
  });

  test("an instance name comes back in parts", () => {
    fc.assert(
      fc.property(fileName, (name) => {
        fc.pre(!name.endsWith(".migrated"));
        expect(parseHashDir(`${hash}-${name}`)).toMatchObject({ hash, name, migrated: false });
      }),
      runs,
    );
  });
});

describe("archive name", () => {
  test.each([
    ["int-1_20260420T143052Z", "int-1", "20260420T143052Z", "2026-04-20T14:30:52.000Z"],
    ["int-1_20260420T143052Z.json", "int-1", "20260420T143052Z", "2026-04-20T14:30:52.000Z"],
    ["a_2-1_2026-04-20T14:30:52.123Z", "a_2-1", "2026-04-20T14:30:52.123Z", undefined],
    ["int-3_2026-02-17T10-30-00", "int-3", "2026-02-17T10-30-00", "2026-02-17T10:30:00.000Z"],
    [
      "int-3_2026-02-17T10-30-00-042Z",
      "int-3",
      "2026-02-17T10-30-00-042Z",
      "2026-02-17T10:30:00.042Z",
    ],
    [
      "app_v2-orchestrator_20260420T143052Z",
      "app_v2-orchestrator",
      "20260420T143052Z",
      "2026-04-20T14:30:52.000Z",
    ],
  ])("%p is an archive of %p", (name, sessionId, archivedAt, iso) => {
    const time = Date.parse(iso ?? archivedAt);
    expect(parseArchiveName(name)).toEqual({ sessionId, archivedAt, time });
  });

  test.each(["20261320T143052Z", "20260230T000000Z", "2026-04-20T25-00-00"])(
    "digits that are no date (%s) keep the session and lose the time",
    (stamp) => {
      expect(parseArchiveName(`int-1_${stamp}`)).toEqual({
        sessionId: "int-1",
        archivedAt: stamp,
        time: null,
      });
    },
  );

  test.each([
    "int-1",
    "int-1.json",
    "int-1_2",
    "int-1_notes.txt",
    "int-1_20260420",
    "_20260420T143052Z",
    "../int-1_20260420T143052Z",
    "int-1_20260420T143052Z.json.lock",
    "int-1_20260420T143052Z\n",
  ])("%p is none", (name) => {
    expect(parseArchiveName(name)).toBeNull();
  });

  test("a new one is named by its second, or by the next that is free, and is read back", () => {
    const at = new Date("2026-12-31T23:59:59.900Z");
    const taken: string[] = [];
    for (const archivedAt of ["20261231T235959Z", "20270101T000000Z", "20270101T000001Z"]) {
      const name = archiveNameAt("int-1", at, (wanted) => taken.includes(wanted));
      expect(name).toBe(`int-1_${archivedAt}.json`);
      expect(parseArchiveName(name)).toMatchObject({ sessionId: "int-1", archivedAt });
      taken.push(name);
    }
  });

  test("every spelling AO has used of any moment is read back", () => {
    const time = fc.date({ min: new Date(0), max: new Date("9999-12-31"), noInvalidDate: true });
    const spellings = [
      (iso: string) => iso,
      (iso: string) => iso.replace(/[:.]/g, "-"),
      (iso: string) => `${iso.slice(0, 19).replace(/[-:]/g, "")}Z`,
      (iso: string) => iso.slice(0, 19).replace(/:/g, "-"),
    ];
    fc.assert(
      fc.property(time, fc.constantFrom(...spellings), fc.boolean(), (date, spell, json) => {
        const archivedAt = spell(date.toISOString());
        const parts = parseArchiveName(`a_b-1_${archivedAt}${json ? ".json" : ""}`);
        expect(parts).toMatchObject({ sessionId: "a_b-1", archivedAt });
        expect(Math.floor((parts?.time ?? Number.NaN) / 1000)).toBe(
          Math.floor(date.getTime() / 1000),
        );
      }),
      runs,
    );
  });
});

test.each([
  ["/home/u/.worktrees/my_app/int-1", "-home-u--worktrees-my-app-int-1"],
  ["C:\\Users\\u\\x.y", "C-Users-u-x-y"],
])("the Claude slug of %p is %p", (path, slug) => {
  expect(claudeSlug(path)).toBe(slug);
});

describe("inside", () => {
  test.each([
    ["/a/b", "/a", true],
    ["/a", "/a", true],
    ["/a/", "/a", true],
    ["/a/./b//c", "/a/", true],
    ["/ab", "/a", false],
    ["/", "/a", false],
    ["/x", "/", true],
    ["/a/../b", "/a", false],
    ["/a/b/../c", "/a", false],
    ["/a/..b", "/a", true],
    ["a/b", "/a", false],
    ["/a/b", "a", false],
    ["/a/b\0", "/a", false],
  ])("%p is inside %p: %p", (path, dir, expected) => {
    expect(isInside(path, dir)).toBe(expected);
  });
});

test("a project lives in projects/ of the base dir", () => {
  expect(projectDir("/b", "app_0123456789")).toBe("/b/projects/app_0123456789");
});

describe("places", () => {
  const home = "/home/me";

  test("are AO's defaults below the home", () => {
    expect(resolvePlaces({ env: { HOME: home } })).toEqual({
      home,
      baseDir: "/home/me/.agent-orchestrator",
      worktreeRoot: "/home/me/.worktrees",
      configFile: "/home/me/.agent-orchestrator/config.yaml",
      claudeDir: "/home/me/.claude",
      codexDir: "/home/me/.codex",
    });
  });

  test("what is asked for wins and becomes absolute", () => {
    const env = { HOME: home, AO_GLOBAL_CONFIG: "/e/c.yaml" };
    const asked = { baseDir: "state", config: "my.yaml", worktreeRoot: "wt", env };
    expect(resolvePlaces(asked)).toMatchObject({
      baseDir: resolve("state"),
      configFile: resolve("my.yaml"),
      worktreeRoot: resolve("wt"),
    });
  });

  test("the registry follows AO_GLOBAL_CONFIG, then XDG_CONFIG_HOME, then the base dir", () => {
    const env = { HOME: home, XDG_CONFIG_HOME: "/xdg", AO_GLOBAL_CONFIG: "/e/c.yaml" };
    expect(resolvePlaces({ env }).configFile).toBe("/e/c.yaml");
    const xdg = { ...env, AO_GLOBAL_CONFIG: "" };
    expect(resolvePlaces({ env: xdg }).configFile).toBe("/xdg/agent-orchestrator/config.yaml");
    const none = { HOME: home, XDG_CONFIG_HOME: "" };
    expect(resolvePlaces({ baseDir: "/b", env: none }).configFile).toBe("/b/config.yaml");
  });

  test("agent history follows its own variables", () => {
    const env = { HOME: home, CLAUDE_CONFIG_DIR: "/c", CODEX_HOME: "/x" };
    expect(resolvePlaces({ env })).toMatchObject({ claudeDir: "/c", codexDir: "/x" });
    expect(resolvePlaces({ home: "/home/me/", env })).toMatchObject({ claudeDir: "/c" });
  });

  test("of another home are not those of the environment", () => {
    const env = { HOME: home, CLAUDE_CONFIG_DIR: "/home/me/.c", AO_GLOBAL_CONFIG: "/mnt/u/c.yaml" };
    const places = resolvePlaces({ home: "/mnt/u", env });
    expect(places.claudeDir).toBe("/mnt/u/.claude");
    expect(places.configFile).toBe("/mnt/u/c.yaml");
    expect(resolvePlaces({ home: "/mnt/u", env: { CODEX_HOME: "/x" } }).codexDir).toBe("/x");
  });

  test("without a home are a usage error that names the flag", () => {
    const failing = () => resolvePlaces({ env: { HOME: "" } });
    expect(failing).toThrow(ToolkitError);
    expect(failing).toThrow('Cannot find "HOME": it is not set');
  });
});
