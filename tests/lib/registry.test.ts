import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Registry, readLocalConfig, readRegistry } from "../../lib/registry.ts";
import { makeTemp } from "../temp.ts";

const root = makeTemp("registry");
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
const write = (content: string | Uint8Array): string => {
  const file = join(root, `${count++}.yaml`);
  writeFileSync(file, content);
  return file;
};

function read(content: string): Registry {
  const result = readRegistry(write(content), "/home/me");
  if ("registry" in result) return result.registry;
  throw new Error(`no registry: ${JSON.stringify(result)}`);
}

const faultOf = (content: string | Uint8Array) => {
  const file = write(content);
  const result = readRegistry(file, "/home/me");
  if (!("fault" in result)) throw new Error("no fault");
  expect(result.fault.place.file).toBe(file);
  const { line, column } = result.fault.place;
  return [result.fault.kind, result.fault.detail, line, column];
};

const problems = (registry: Registry) =>
  registry.faults.map(({ key, detail, place }) => [key, detail, place.line, place.column]);

describe("the registry", () => {
  const text = [
    "# mine",
    "schemaVersion: 2",
    "port: 3000",
    "defaults: { agent: claude-code }",
    "projects:",
    "  app_0123456789:",
    "    projectId: app_0123456789",
    "    path: ~/repos/app/ # here",
    "    repo:",
    "      owner: Acme",
    "      name: app",
    "      platform: github",
    "      originUrl: git@github.com:Acme/app.git",
    "    defaultBranch: main",
    "    source: ao-project-add",
    "    registeredAt: 1776679200",
    "    displayName: The App",
    "    sessionPrefix: app",
    '    storageKey: "0123456789ab"',
    "  web:",
    "    path: /srv/web",
    "projectOrder:",
    "  - web",
    "  - app_0123456789",
    "dataDir: ~/.ao-sessions",
    "",
  ].join("\n");

  test("is read with everything that identity needs, and where it stands", () => {
    const registry = read(text);
    expect(registry).toMatchObject({
      text,
      schemaVersion: 2,
      projectOrder: ["web", "app_0123456789"],
      faults: [],
      raw: { port: 3000, defaults: { agent: "claude-code" }, dataDir: "~/.ao-sessions" },
    });
    expect(registry.projects).toEqual([
      {
        key: "app_0123456789",
        path: "~/repos/app/",
        resolvedPath: "/home/me/repos/app",
        projectId: "app_0123456789",
        displayName: "The App",
        repo: {
          owner: "Acme",
          name: "app",
          platform: "github",
          originUrl: "git@github.com:Acme/app.git",
        },
        originUrl: "git@github.com:Acme/app.git",
        defaultBranch: "main",
        sessionPrefix: "app",
        storageKey: "0123456789ab",
        place: { file: registry.file, line: 6, column: 3 },
      },
      {
        key: "web",
        path: "/srv/web",
        resolvedPath: "/srv/web",
        place: { file: registry.file, line: 20, column: 3 },
      },
    ]);
  });

  test("is the same with Windows line ends and a byte order mark", () => {
    const plain = read(text);
    const other = read(`\ufeff${text.replaceAll("\n", "\r\n")}`);
    const anywhere = ({ projects }: Registry) =>
      projects.map(({ place, ...project }) => [project, place.line, place.column]);
    expect(anywhere(other)).toEqual(anywhere(plain));
    expect(other.raw).toEqual(plain.raw);
  });

  test.each(["123456789012", "7e3456789012", "012345678901", "0x1234567890", "1e5"])(
    "keeps the storage key %s as it is written",
    (key) => {
      const registry = read(`projects:\n  a:\n    path: /a\n    storageKey: ${key} # k\n`);
      expect(registry.projects[0]?.storageKey).toBe(key);
      const full = read(`x: &x 1\nprojects:\n  a:\n    path: /a\n    storageKey: ${key}\n`);
      expect(full.projects[0]?.storageKey).toBe(key);
    },
  );

  test("names that look like numbers are text, and null is none", () => {
    const entry = "path: /a, name: 007, sessionPrefix: 1e2, displayName: ~, defaultBranch: 'null'";
    const registry = read(`projects: {123: {${entry}}}\nprojectOrder: [123, 0x7, ~]\n`);
    expect(registry.projects).toMatchObject([
      { key: "123", name: "007", sessionPrefix: "1e2", defaultBranch: "null" },
    ]);
    expect(registry.projects[0]).not.toHaveProperty("displayName");
    expect(registry.projectOrder).toEqual(["123", "0x7", ""]);
  });

  test.each(["", "# nothing yet\n", "projects: {}\n", "projects:\nport: 1\n", "port: 1\n"])(
    "%p has no projects and no faults",
    (content) => {
      expect(read(content)).toMatchObject({ projects: [], faults: [] });
    },
  );

  test("entries that cannot be used are faults, and the others are read", () => {
    const registry = read(
      [
        "projects:",
        "  good:",
        "    path: /good",
        '  "../evil":',
        "    path: /evil",
        "  lost:",
        "    name: lost",
        "  number:",
        "    path: 7",
        "  climbing:",
        "    path: ~/repos/../../etc",
        "  relative:",
        "    path: repos/x",
        "  home:",
        "    path: ~",
        "  empty:",
        '    path: ""',
        "  nul:",
        '    path: "/a\\0b"',
        "  text: just text",
        "  ids:",
        "    path: /ids",
        "    projectId: ../x",
        "",
      ].join("\n"),
    );
    expect(registry.projects.map(({ key }) => key)).toEqual(["good", "ids"]);
    expect(registry.projects[1]).not.toHaveProperty("projectId");
    expect(problems(registry)).toEqual([
      ["../evil", 'the project id "../evil" is not safe as a directory name', 4, 3],
      ["lost", "the project has no path", 6, 3],
      ["number", "the path is not text", 9, 5],
      ["climbing", 'the path "~/repos/../../etc" climbs (..)', 11, 5],
      ["relative", 'the path "repos/x" is not absolute', 13, 5],
      ["home", "the path is not text", 15, 5],
      ["empty", "the path is empty", 17, 5],
      ["nul", 'the path "/a\\u0000b" holds a NUL', 19, 5],
      ["text", "the project is not a mapping", 20, 3],
      ["ids", 'the projectId "../x" is not safe as a directory name', 23, 5],
    ]);
  });

  test("projects that are no mapping are one fault", () => {
    const registry = read("port: 1\nprojects: all of them\n");
    expect(registry.projects).toEqual([]);
    expect(problems(registry)).toEqual([
      [undefined, "projects is neither a mapping nor a list", 2, 1],
    ]);
  });

  test("what an object inherits is no project and no field", () => {
    const registry = read("projects:\n  constructor:\n    path: /c\n");
    expect(registry.projects.map(({ key }) => key)).toEqual(["constructor"]);
    expect(read("projects:\n  __proto__:\n    path: /p\n").faults).toHaveLength(1);
  });
});

describe("a V1 config", () => {
  test("lists its projects, which are called after their directories", () => {
    const registry = read(
      [
        "projects:",
        "  - path: ~/repos/integrator # Required",
        "    repo: Acme/integrator",
        "    defaultBranch: next",
        "    name: The Integrator",
        "    sessionPrefix: int",
        "  - path: /srv/backend/",
        "    repo: Acme/backend",
        "  - repo: Acme/lost",
        "  - path: '/srv/My App'",
        "",
      ].join("\n"),
    );
    expect(registry.projects).toEqual([
      {
        key: "integrator",
        path: "~/repos/integrator",
        resolvedPath: "/home/me/repos/integrator",
        name: "The Integrator",
        repo: "Acme/integrator",
        defaultBranch: "next",
        sessionPrefix: "int",
        place: { file: registry.file, line: 2, column: 3 },
      },
      {
        key: "backend",
        path: "/srv/backend/",
        resolvedPath: "/srv/backend",
        repo: "Acme/backend",
        place: { file: registry.file, line: 7, column: 3 },
      },
    ]);
    expect(problems(registry)).toEqual([
      [undefined, "the project has no path", 9, 3],
      [undefined, 'the project id "My App" is not safe as a directory name', 10, 5],
    ]);
  });

  test("may have them as a mapping as well", () => {
    const registry = read("projects:\n  int:\n    path: ~/i\n    repo: Acme/i\n");
    expect(registry.projects).toMatchObject([
      { key: "int", resolvedPath: "/home/me/i", repo: "Acme/i" },
    ]);
  });
});

describe("a file that cannot be used", () => {
  test("is missing when it is not there", () => {
    expect(readRegistry(join(root, "none.yaml"), "/h")).toEqual({ missing: true });
    expect(readRegistry(join(write("x"), "below.yaml"), "/h")).toEqual({ missing: true });
    symlinkSync(join(root, "none.yaml"), join(root, "dangling.yaml"));
    expect(readRegistry(join(root, "dangling.yaml"), "/h")).toEqual({ missing: true });
  });

  test("is a fault with its place when it does not parse", () => {
    expect(faultOf("port: 1\nprojects:\n  a:\n    path: x\n  a:\n    path: y\n")).toEqual([
      "corrupt",
      "a key occurs twice",
      5,
      3,
    ]);
    expect(faultOf("- a\n- b\n")).toEqual(["corrupt", "not a mapping", 1, 1]);
    expect(faultOf("just text")).toEqual(["corrupt", "not a mapping", 1, 1]);
    expect(faultOf(new Uint8Array([0x61, 0x3a, 0x20, 0xff]))).toEqual([
      "corrupt",
      "not UTF-8 at byte 4",
      1,
      4,
    ]);
  });

  test("is a fault when it is no file, or too large", () => {
    const dir = join(root, "dir.yaml");
    mkdirSync(dir);
    expect(readRegistry(dir, "/h")).toMatchObject({ fault: { kind: "not-a-file" } });
    const huge = write(new Uint8Array(5 * 1024 * 1024 + 1).fill(0x23));
    expect(readRegistry(huge, "/h")).toMatchObject({ fault: { kind: "too-large" } });
  });

  test("is a fault when it may not be read", () => {
    const loop = join(root, "loop.yaml");
    symlinkSync(loop, loop);
    expect(readRegistry(loop, "/h")).toMatchObject({
      fault: { kind: "unreadable", detail: "ELOOP" },
    });
  });

  test("is read through a link, as AO does", () => {
    const link = join(root, "link.yaml");
    symlinkSync(write("projects:\n  a:\n    path: /a\n"), link);
    const result = readRegistry(link, "/h");
    expect(result).toMatchObject({ registry: { file: link, projects: [{ key: "a" }] } });
  });
});

describe("a project's own config", () => {
  test("is wrapped when its fields are inside projects", () => {
    const file = write("projects:\n  app:\n    agent: codex\n");
    expect(readLocalConfig(file)).toEqual({
      config: { file, wrapped: true, raw: { projects: { app: { agent: "codex" } } } },
    });
    expect(readLocalConfig(write("projects:\n"))).toMatchObject({ config: { wrapped: true } });
  });

  test("is flat otherwise, missing or a fault", () => {
    expect(readLocalConfig(write("agent: codex\n"))).toMatchObject({ config: { wrapped: false } });
    expect(readLocalConfig(write(""))).toMatchObject({ config: { wrapped: false, raw: null } });
    expect(readLocalConfig(join(root, "none.yaml"))).toEqual({ missing: true });
    expect(readLocalConfig(write("a: [1"))).toMatchObject({ fault: { kind: "corrupt" } });
  });
});
