import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import fc from "fast-check";
import { ToolkitError } from "../../lib/errors.ts";
import { shortHash } from "../../lib/hash.ts";
import {
  archiveDir,
  claudeSlug,
  configHash,
  expandHome,
  feedbackDir,
  instanceName,
  isInside,
  isProjectId,
  isSafeProjectId,
  isSafeSessionId,
  normaliseOrigin,
  originFile,
  parseArchiveName,
  parseHashDir,
  parseSessionId,
  parseTmuxNameV1,
  projectDir,
  projectIdOf,
  resolvePlaces,
  sessionIdOf,
  sessionPrefixOf,
  sessionsDir,
  storageKey,
  tmuxNameV1,
  worktreesDir,
} from "../../lib/paths.ts";
import * as ao from "../../node_modules/@composio/ao-core/dist/paths.js";

const runs = { numRuns: 1000 };
const root = realpathSync(mkdtempSync(join(tmpdir(), "ao-paths-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Names that a directory can have, odd ones included. */
const fileName = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.stringMatching(/^[A-Za-z0-9._ -]{1,24}$/),
  )
  .filter((name) => !/[/\0]/.test(name) && name !== "." && name !== "..");

/** Project ids as users make them, weighted towards the marks that the prefix rules look at. */
const projectName = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^[A-Za-z_-]{0,12}$/),
  fc
    .array(fc.constantFrom("a", "B", "-", "_", "--", "9", ".", "İ", "ß", "😀", "web"))
    .map((parts) => parts.join("")),
);

describe("compared with AO's own core", () => {
  test("config hash and instance name are AO's, through links as well", () => {
    let count = 0;
    fc.assert(
      fc.property(fileName, fileName, fc.constantFrom("file", "dir", "none"), (dir, name, link) => {
        count++;
        const real = join(root, String(count), dir);
        mkdirSync(real, { recursive: true });
        let config = join(real, "agent-orchestrator.yaml");
        writeFileSync(config, "");
        if (link === "file") {
          symlinkSync(config, join(root, `link-${count}.yaml`));
          config = join(root, `link-${count}.yaml`);
        } else if (link === "dir") {
          symlinkSync(real, join(root, `link-${count}`));
          config = join(root, `link-${count}`, "agent-orchestrator.yaml");
        }
        expect(configHash(config)).toBe(ao.generateConfigHash(config));
        const project = join("/repos", name);
        expect(instanceName(config, project)).toBe(ao.generateInstanceId(config, project));
      }),
      runs,
    );
  });

  test("the paths of a V1 state directory are AO's", () => {
    const config = join(root, "agent-orchestrator.yaml");
    writeFileSync(config, "");
    fc.assert(
      fc.property(fileName, (name) => {
        const project = join("/repos", name);
        const state = join(homedir(), ".agent-orchestrator", instanceName(config, project));
        expect(state).toBe(ao.getProjectBaseDir(config, project));
        expect(sessionsDir(state)).toBe(ao.getSessionsDir(config, project));
        expect(archiveDir(state)).toBe(ao.getArchiveDir(config, project));
        expect(worktreesDir(state)).toBe(ao.getWorktreesDir(config, project));
        expect(feedbackDir(state)).toBe(ao.getFeedbackReportsDir(config, project));
        expect(originFile(state)).toBe(ao.getOriginFilePath(config, project));
        const parts = parseHashDir(basename(ao.getObservabilityBaseDir(config)));
        expect(parts).toMatchObject({ hash: configHash(config), observability: true });
      }),
      runs,
    );
  });

  test("session prefixes are AO's", () => {
    fc.assert(
      fc.property(projectName, (name) => {
        expect(sessionPrefixOf(name)).toBe(ao.generateSessionPrefix(name));
      }),
      { numRuns: 3000 },
    );
  });

  test("session and tmux names are AO's", () => {
    const config = join(root, "names.yaml");
    writeFileSync(config, "");
    const hash = configHash(config);
    fc.assert(
      fc.property(projectName, fc.nat(), (prefix, number) => {
        expect(sessionIdOf(prefix, number)).toBe(ao.generateSessionName(prefix, number));
        expect(tmuxNameV1(hash, prefix, number)).toBe(ao.generateTmuxName(config, prefix, number));
      }),
      runs,
    );
  });

  test("tmux names are taken apart as AO does", () => {
    const hash = fc.stringMatching(/^[0-9a-f]{11,13}$/);
    const name = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .tuple(hash, projectName, fc.oneof(fc.nat().map(String), fc.stringMatching(/^\d{0,30}$/)))
        .map((parts) => parts.join("-")),
    );
    fc.assert(
      fc.property(name, (text) => {
        const theirs = ao.parseTmuxName(text);
        const ours = parseTmuxNameV1(text);
        expect(ours && { hash: ours.hash, prefix: ours.prefix, num: ours.number }).toEqual(theirs);
      }),
      { numRuns: 3000 },
    );
  });

  test("a path with ~ is expanded as AO does", () => {
    const path = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `~/${rest}`),
      fc.constantFrom("~", "~user/x", "~//a", "~/../x", "/~/x", "a/~/b"),
    );
    fc.assert(
      fc.property(path, (text) => {
        expect(expandHome(text, homedir())).toBe(ao.expandHome(text));
      }),
      runs,
    );
  });
});

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

describe("git origin", () => {
  const same = "https://github.com/Acme/widgets";
  test.each([
    "git@github.com:Acme/widgets.git",
    "git@GitHub.com:Acme/widgets",
    "git@github.com:/Acme/widgets.git",
    "https://github.com/Acme/widgets",
    "https://github.com/Acme/widgets/",
    "https://github.com/Acme/widgets.git/",
    "http://GITHUB.COM/Acme/widgets.git",
    "https://token@github.com/Acme/widgets",
    "https://user:p@ss@github.com:443/Acme/widgets",
    "ssh://git@github.com:22/Acme/widgets.git",
    "git://github.com/Acme/widgets.git",
    "  git+ssh://git@github.com/Acme/widgets.git\n",
  ])("%s is one with its https form", (url) => {
    expect(normaliseOrigin(url)).toBe(same);
  });

  test("the path keeps its case and the host loses it", () => {
    expect(normaliseOrigin("SSH://git@Host.Example:2222/Path/To")).toBe(
      "https://host.example/Path/To",
    );
    expect(normaliseOrigin("ssh://git@[::1]:22/x.git")).toBe("https://[::1]/x");
    expect(normaliseOrigin("git@[FE80::1]:x.git")).toBe("https://[fe80::1]/x");
  });

  test("only one .git is dropped, and only at the end", () => {
    expect(normaliseOrigin("git@h:a.git/b.git.git")).toBe("https://h/a.git/b.git");
    expect(normaliseOrigin("git@h:a.github")).toBe("https://h/a.github");
  });

  test("a local path keeps its start", () => {
    expect(normaliseOrigin("/srv/git/x.git")).toBe("/srv/git/x");
    expect(normaliseOrigin("file:///srv/git/x.git/")).toBe("file:///srv/git/x");
    expect(normaliseOrigin("../x")).toBe("../x");
    expect(normaliseOrigin("alias:x")).toBe("alias:x");
  });

  test("a spelling that was normalised stays", () => {
    const part = fc.stringMatching(/^[a-zA-Z0-9_-]{1,8}$/);
    fc.assert(
      fc.property(
        fc.constantFrom("git@H:", "https://H/", "ssh://u@H:22/", "git://u:p@H/"),
        fc.array(part, { minLength: 1, maxLength: 3 }),
        fc.constantFrom("", "/", ".git", ".git/"),
        (start, path, end) => {
          const once = normaliseOrigin(start + path.join("/") + end);
          expect(once).toBe(`https://h/${path.join("/")}`);
          expect(normaliseOrigin(once)).toBe(once);
        },
      ),
      runs,
    );
  });
});

describe("storage key", () => {
  test("hashes the normalised origin and the place below the git root", () => {
    const key = storageKey({ gitRoot: "/r", subdir: "apps/web", originUrl: "git@H:o/r.git" });
    expect(key).toBe(shortHash("https://h/o/r#apps/web", 12));
  });

  test("hashes the git root where there is no origin", () => {
    expect(storageKey({ gitRoot: "/r", subdir: "" })).toBe(shortHash("local:///r#", 12));
    expect(storageKey({ gitRoot: "/r", subdir: "", originUrl: "" })).toBe(
      shortHash("local:///r#", 12),
    );
  });
});

describe("project id", () => {
  const digest = (path: string, origin = "") => shortHash(`${path}:${origin}`, 10);

  test("is the name and ten digits of path and raw origin", () => {
    const originUrl = "git@github.com:Acme/widgets.git";
    expect(projectIdOf({ path: "/r/Widgets", originUrl })).toBe(
      `widgets_${digest("/r/Widgets", originUrl)}`,
    );
    expect(projectIdOf({ path: "/r/widgets/" })).toBe(`widgets_${digest("/r/widgets")}`);
    expect(projectIdOf({ path: "/r/x/../widgets" })).toBe(`widgets_${digest("/r/widgets")}`);
  });

  test.each([
    ["My App (new)", "my-app-new-"],
    ["_private", "xprivate"],
    ["-.-dots", "x-dots"],
    ["a--b", "a-b"],
    ["a__b", "a__b"],
    ["ünï", "xn-"],
    ["a".repeat(40), "a".repeat(30)],
    [`a${".-".repeat(30)}b`, "a-b"],
  ])("the name of %p becomes %p", (name, expected) => {
    expect(projectIdOf({ path: `/r/${name}` })).toBe(`${expected}_${digest(`/r/${name}`)}`);
  });

  test("is always a project id, whatever the path", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.option(fc.string()), (path, origin) => {
        const id = projectIdOf(origin === null ? { path } : { path, originUrl: origin });
        expect(isProjectId(id)).toBe(true);
        expect(isSafeProjectId(id)).toBe(true);
        expect(id.endsWith(`_${digest(resolve(path), origin ?? "")}`)).toBe(true);
      }),
      runs,
    );
    expect(projectIdOf({ path: "/" })).toBe(`x_${digest("/")}`);
  });

  test.each([
    ["app_0123456789", true],
    ["a_b-c_0123456789", true],
    [`${"a".repeat(30)}_0123456789`, true],
    [`${"a".repeat(31)}_0123456789`, false],
    ["app_012345678", false],
    ["app_01234567890", false],
    ["app_012345678G", false],
    ["app_012345678F", false],
    ["App_0123456789", false],
    ["_app_0123456789", false],
    ["_0123456789", false],
    ["app.x_0123456789", false],
    ["app_0123456789\n", false],
    ["app", false],
  ])("%p has the pattern of V2: %p", (text, expected) => {
    expect(isProjectId(text)).toBe(expected);
  });
});

describe("safe names", () => {
  test.each([
    ["agent-orchestrator", true],
    ["My.App_2", true],
    ["a", true],
    ["a..b", true],
    ["a".repeat(128), true],
    ["a".repeat(129), false],
    ["", false],
    [".", false],
    ["..", false],
    [".hidden", false],
    ["-x", false],
    ["_x", false],
    ["../x", false],
    ["a/b", false],
    ["a\\b", false],
    ["a b", false],
    ["a\0", false],
    ["a\n", false],
    ["é", false],
  ])("project id %p is safe: %p", (text, expected) => {
    expect(isSafeProjectId(text)).toBe(expected);
  });

  test.each([
    ["int-1", true],
    ["_x-Y9", true],
    ["", false],
    ["int.1", false],
    ["../x", false],
    ["int-1\n", false],
    ["int 1", false],
  ])("session id %p is safe: %p", (text, expected) => {
    expect(isSafeSessionId(text)).toBe(expected);
  });
});

describe("session prefix", () => {
  test.each([
    ["AO", "ao"],
    ["a--b", "a--b"],
    ["abcd", "abcd"],
    ["abcde", "abc"],
    ["PyTorch", "pt"],
    ["Pytorch", "pyt"],
    ["agent-orchestrator", "ao"],
    ["agent_orchestrator", "ao"],
    ["one-two_three", "ot"],
    ["My-Big-App", "mba"],
    ["safe-Split", "ss"],
    ["aa--bb", "ab"],
    ["-----", ""],
    ["integrator", "int"],
  ])("of %p is %p", (id, prefix) => {
    expect(sessionPrefixOf(id)).toBe(prefix);
  });
});

describe("session id", () => {
  test.each([
    ["int-12", { prefix: "int", number: 12, orchestrator: false }],
    ["ao2-1", { prefix: "ao2", number: 1, orchestrator: false }],
    ["my-app-3", { prefix: "my-app", number: 3, orchestrator: false }],
    ["int-orchestrator", { prefix: "int", orchestrator: true }],
    ["int-orchestrator-3", { prefix: "int", number: 3, orchestrator: true }],
    ["ao-ao-orchestrator", { prefix: "ao-ao", orchestrator: true }],
    ["orchestrator-1", { prefix: "orchestrator", number: 1, orchestrator: false }],
    ["int-orchestrators-1", { prefix: "int-orchestrators", number: 1, orchestrator: false }],
    ["int-007", { prefix: "int", number: 7, orchestrator: false }],
    ["int-0", { prefix: "int", number: 0, orchestrator: false }],
    ["int-9007199254740991", { prefix: "int", number: 9007199254740991, orchestrator: false }],
    ["int-9007199254740992", null],
    ["int-orchestrator-99999999999999999999", null],
    ["ao2", null],
    ["orchestrator", null],
    ["-orchestrator", null],
    ["-1", null],
    ["int-", null],
    ["int-1.json", null],
    ["int-1\n", null],
    ["int-١", null],
    ["", null],
  ])("%p says %p", (sessionId, expected) => {
    expect(parseSessionId(sessionId)).toEqual(expected);
  });

  test("comes back from its parts", () => {
    const prefix = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
    fc.assert(
      fc.property(prefix, fc.maxSafeNat(), fc.boolean(), (name, number, orchestrator) => {
        const stem = orchestrator ? `${name}-orchestrator` : name;
        expect(parseSessionId(sessionIdOf(stem, number))).toEqual({
          prefix: name,
          number,
          orchestrator,
        });
      }),
      runs,
    );
  });
});

describe("tmux name of V1", () => {
  test.each([
    ["a3b4c5d6e7f8-int-1", { hash: "a3b4c5d6e7f8", prefix: "int", number: 1 }],
    ["a3b4c5d6e7f8-app-int-1", { hash: "a3b4c5d6e7f8", prefix: "app-int", number: 1 }],
    [
      "a3b4c5d6e7f8-ao-orchestrator-8",
      {
        hash: "a3b4c5d6e7f8",
        prefix: "ao-orchestrator",
        number: 8,
      },
    ],
    ["a3b4c5d6e7f8-int", null],
    ["A3B4C5D6E7F8-int-1", null],
    ["int-1", null],
  ])("%p says %p", (name, expected) => {
    expect(parseTmuxNameV1(name)).toEqual(expected);
  });
});

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
