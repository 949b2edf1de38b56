import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import fc from "fast-check";
import { shortHash } from "../../lib/hash.ts";
import {
  isProjectId,
  isSafeProjectId,
  isSafeSessionId,
  normaliseOrigin,
  parseOrchestratorId,
  parseSessionId,
  parseTmuxNameV1,
  projectIdOf,
  sessionIdOf,
  sessionPrefixOf,
  storageKey,
} from "../../lib/paths.ts";

const runs = { numRuns: 1000 };

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
    const orchestrator = expected?.orchestrator === true ? expected : null;
    expect(parseOrchestratorId(sessionId)).toEqual(orchestrator);
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
