/** Which project a directory belongs to: one witness at a time, then against each other. */

import { describe, expect, test } from "bun:test";
import { configHash, storageKey } from "../../../lib/paths.ts";
import {
  base,
  entry,
  home,
  idAt,
  identityOf as identity,
  judge,
  registry,
  repo,
  stateDir,
  worktree,
} from "./found.ts";

const hash = "0123456789ab";

const [app, other] = ["/r/app", "/r/other"];
const repos = [repo(app), repo(other)];
const entries = [entry("k1", app), entry("k2", other)];
const v1 = (name: string, more: Parameters<typeof stateDir>[1] = {}) =>
  stateDir(name, { layout: "v1", hash, ...more });
const bareHash = (name: string) => stateDir(name, { layout: "v1-bare-hash", hash: name });
describe("a directory below projects/ belongs to the project", () => {
  test("whose registry key is its name, whatever else speaks", () => {
    const given = [entry("k1", "/r/k2"), entry("k2", other, { projectId: "k1" })];
    const { owners } = judge({ entries: given, repos, projects: [stateDir("k1")] });
    expect(owners).toEqual({ "projects/k1": "/r/k2" });
  });

  test("whose projectId it is, or whose id follows from its path and origin", () => {
    const origin = "https://github.com/o/other.git";
    const given = [entry("k1", app, { projectId: "named" }), entry("k2", other)];
    const withOrigin = [repo(app), repo(other, { originUrl: origin })];
    const dirs = [stateDir("named"), stateDir(idAt(other, origin)), stateDir(idAt(other))];
    const { owners, alone } = judge({ entries: given, repos: withOrigin, projects: dirs });
    expect(owners).toEqual({
      "projects/named": app,
      [`projects/${idAt(other, origin)}`]: other,
    });
    expect(alone).toEqual([`projects/${idAt(other)}`]);
  });

  test("that its identity names, or an older registry did under its name", () => {
    const dirs = [stateDir("one", { identity: identity(app) }), stateDir("two")];
    const preMigration = registry([entry("zero", app), entry("two", other)]);
    const { owners } = judge({ entries, repos, projects: dirs, preMigration });
    expect(owners).toEqual({ "projects/one": app, "projects/two": other });
  });

  test("that is reached by another path than the registered one", () => {
    const linked = [repo("/link/app", { realpath: app }), repo(app)];
    const dirs = [stateDir("one", { identity: identity(app) })];
    const given = [entry("k2", other), entry("k1", "/link/app")];
    const { owners } = judge({ entries: given, repos: [...linked, repo(other)], projects: dirs });
    expect(owners).toEqual({ "projects/one": "/link/app" });
  });

  test("that is called like it, when nothing better speaks", () => {
    const dirs = [stateDir("app")];
    expect(judge({ entries, repos, projects: dirs }).owners).toEqual({ "projects/app": app });
    const strong = [entry("k1", app), entry("k2", other, { projectId: "app" })];
    const { owners } = judge({ entries: strong, repos, projects: dirs });
    expect(owners).toEqual({ "projects/app": other });
  });

  test("of its worktrees, unless its own identity has settled that", () => {
    const at = `${base}/projects/odd/worktrees/s-1`;
    const found = { entries, repos, worktrees: [worktree(at, repo(other))] };
    expect(judge({ ...found, projects: [stateDir("odd")] }).owners).toEqual({
      "projects/odd": other,
    });
    const settled = stateDir("odd", { identity: identity(app, "odd") });
    expect(judge({ ...found, projects: [settled] }).owners).toEqual({ "projects/odd": app });
    const foreign = stateDir("odd", { identity: identity(app, "else") });
    expect(judge({ ...found, projects: [foreign] }).choices).toEqual([[idAt(app), idAt(other)]]);
    const silent = stateDir("odd", { identity: identity("/gone", "odd") });
    expect(judge({ ...found, projects: [silent] }).owners).toEqual({ "projects/odd": other });
  });

  test("of a repository with several projects only when something else tells which", () => {
    const shared = [repo("/r/mono/a", { commonDir: "/r/mono/.git" })];
    shared.push(repo("/r/mono/b", { commonDir: "/r/mono/.git" }));
    const given = [entry("k1", "/r/mono/a"), entry("k2", "/r/mono/b", { projectId: "odd" })];
    const of = repo("/r/mono");
    const inside = (name: string) => worktree(`${base}/projects/${name}/worktrees/s-1`, of);
    const strong = judge({
      ...{ entries: given, repos: shared, projects: [stateDir("odd")] },
      worktrees: [inside("odd")],
    });
    expect(strong.owners).toEqual({ "projects/odd": "/r/mono/b" });
    const weak = judge({
      ...{ entries: given, repos: shared, projects: [stateDir("a")], worktrees: [inside("a")] },
    });
    expect(weak.choices).toEqual([[idAt("/r/mono/a"), idAt("/r/mono/b")]]);
  });
});

describe("a V1 directory belongs to the project", () => {
  test("that has its storage key, with or without the directory's name", () => {
    const dirs = [v1("app"), stateDir("other", { layout: "v1", hash: "aaaaaaaaaaaa" })];
    const keys = [
      entry("k1", app, { storageKey: hash }),
      entry("k2", other, { storageKey: "aaaaaaaaaaaa-other" }),
    ];
    expect(judge({ entries: keys, repos, hashDirs: dirs }).owners).toEqual({
      [`${hash}-app`]: app,
      "aaaaaaaaaaaa-other": other,
    });
    const wrong = [entry("k1", app, { storageKey: `${hash}-x` }), entry("k2", other)];
    expect(judge({ entries: wrong, repos, hashDirs: dirs }).owners).toEqual({});
    const before = registry([entry("z", other, { storageKey: "x" }), ...keys]);
    const { owners } = judge({ entries, repos, hashDirs: dirs, preMigration: before });
    expect(Object.values(owners)).toEqual([app, other]);
  });

  test("that the config of its .origin has under its name", () => {
    const file = "/code/agent-orchestrator.yaml";
    const originConfigs = { [file]: registry([entry("a", app), entry("o", other)], file) };
    const found = { entries, repos, originConfigs };
    const known = [v1("other", { origin: file })];
    expect(judge({ ...found, hashDirs: known }).owners).toEqual({ [`${hash}-other`]: other });
    const twice = [entry("k1", app), entry("app", app)];
    const named = judge({ ...found, entries: twice, hashDirs: [v1("app", { origin: file })] });
    expect([...named.ownerOf.values()].map(({ key }) => key)).toEqual(["app"]);
    const unknown = [v1("third", { origin: file }), v1("app", { origin: "/code/none.yaml" })];
    expect(judge({ ...found, hashDirs: unknown }).alone).toHaveLength(2);
  });

  test("whose own config has its hash, under the same name alone", () => {
    const config = `${app}/agent-orchestrator.yaml`;
    const local = [repo(app, { localConfig: { path: config, wrapped: false } }), repo(other)];
    const own = (name: string) => v1(name, { hash: configHash(config) });
    const { owners, alone } = judge({
      ...{ entries, repos: local, hashDirs: [own("app"), own("x"), v1("app")] },
    });
    expect(owners).toEqual({ [`${configHash(config)}-app`]: app });
    expect(alone).toEqual([`${configHash(config)}-x`, `${hash}-app`]);
  });

  test("whose git root and origin give a bare hash", () => {
    const originUrl = "https://github.com/o/app.git";
    const real = "/disk/app";
    const there = [repo(app, { originUrl, realpath: real }), repo(other)];
    const keys = [
      storageKey({ gitRoot: real, subdir: "", originUrl }),
      storageKey({ gitRoot: other, subdir: "" }),
    ];
    const hashDirs = keys.map((key) => bareHash(key));
    const { owners } = judge({ entries, repos: there, hashDirs });
    expect(Object.values(owners)).toEqual([app, other]);
    const gone = there.map((each) => ({ ...each, exists: false }));
    expect(judge({ entries, repos: gone, hashDirs }).owners).toEqual({});
    const named = keys.map((key) => stateDir("x", { layout: "v1", hash: key }));
    expect(judge({ entries, repos: there, hashDirs: named }).owners).toEqual({});
  });
});

describe("a project that is not registered", () => {
  const file = "/code/agent-orchestrator.yaml";
  const found = {
    repos: [repo("/r/new")],
    originConfigs: {
      [file]: registry([
        entry("n", "/r/new", { sessionPrefix: "nn", name: "New" }),
        entry("z", "/x/new", { sessionPrefix: "xx" }),
      ]),
    },
  };

  test("is proved by a V1 directory whose config names its repository", () => {
    const { owners, projects, decisions } = judge({
      ...found,
      hashDirs: [v1("new", { origin: file }), v1("new", { origin: file, migrated: true })],
    });
    expect(owners).toEqual({ [`${hash}-new`]: "/r/new", [`${hash}-new.migrated`]: "/r/new" });
    expect(projects).toHaveLength(1);
    expect(projects[0]).toMatchObject({ key: null, id: idAt("/r/new"), prefix: "nn" });
    expect([...(projects[0]?.names ?? [])].sort()).toEqual(["New", "n", "new"]);
    expect(decisions.list).toEqual([]);
  });

  test("is not when that repository is gone, or a V2 name does not follow from its path", () => {
    const origins = { ...found, repos: [repo("/r/new", { exists: false })] };
    expect(judge({ ...origins, hashDirs: [v1("new", { origin: file })] }).alone).toHaveLength(1);
    expect(
      judge({ ...origins, repos: [], hashDirs: [v1("new", { origin: file })] }).projects,
    ).toEqual([]);
    const guessed = stateDir("new_0123456789", { identity: identity("/r/new") });
    expect(judge({ ...found, projects: [guessed] }).projects).toEqual([]);
    const proved = stateDir(idAt("/r/new"), { identity: identity("/r/new") });
    const { projects } = judge({ ...found, projects: [proved] });
    expect(projects).toMatchObject([{ key: null, prefix: "zz", home: proved }]);
  });

  test("may be proved by one directory and own another one", () => {
    const { owners, projects } = judge({
      ...found,
      projects: [stateDir(idAt("/r/new"))],
      hashDirs: [v1("new", { origin: file })],
    });
    expect(Object.values(owners)).toEqual(["/r/new", "/r/new"]);
    expect(projects).toHaveLength(1);
  });

  test("is proved by worktrees in a V1 directory, wherever its git directory is", () => {
    const inside = (of: string) => ({
      hashDirs: [v1("new")],
      worktrees: [
        worktree(`${base}/${hash}-new/worktrees/s-1`, repo("/r/new", { commonDir: of })),
        worktree(`${base}/${hash}-new2/worktrees/s-1`, repo(other)),
      ],
    });
    const bare = repo("/r/new", { commonDir: "/git/new.git" });
    const owners = (repos: ReturnType<typeof repo>[], of: string) =>
      judge({ repos: [repo("/r/first"), ...repos], ...inside(of) }).owners;
    expect(owners([bare], "/git/new.git")).toEqual({ [`${hash}-new`]: "/r/new" });
    const unknown = repo("/r/new", { commonDir: "/git/else.git" });
    expect(owners([unknown], "/r/new/.git")).toEqual({ [`${hash}-new`]: "/r/new" });
    expect(owners([bare], "/git/none.git")).toEqual({});
    expect(owners([repo("/git/new.git")], "/git/new.git")).toEqual({
      [`${hash}-new`]: "/git/new.git",
    });
  });
});

describe("a directory is left alone", () => {
  test("when its witnesses disagree, until somebody chooses one of their projects", () => {
    const dirs = { projects: [stateDir("odd", { identity: identity(app) })] };
    const third = entry("k3", "/r/third");
    const disputed = [entry("k1", app), entry("k2", other, { projectId: "odd" }), third];
    const found = { entries: disputed, repos: [...repos, repo("/r/third")], ...dirs };
    const { alone, choices, decisions } = judge(found);
    expect([alone, choices]).toEqual([["projects/odd"], [[idAt(other), idAt(app)]]]);
    const [decision] = decisions.list;
    expect(decision).toMatchObject({ key: "identity:projects/odd", chosen: "leave" });
    // Each choice tells which witness speaks for it.
    expect(decision?.choices.map(({ label }) => /says (.*)\)/.exec(label)?.[1])).toEqual([
      undefined,
      "projectId",
      "identity.json",
    ]);
    const chosen = judge(found, [["identity:projects/odd", idAt(app)]]);
    expect([chosen.owners, chosen.alone]).toEqual([{ "projects/odd": app }, []]);
  });

  test("when nothing speaks; then any project with an id may be chosen, each once", () => {
    const keyed = idAt(other);
    const twice = [entry("k2", other), entry(keyed, other), entry("k1", app), entry("g", "/gone")];
    const found = { entries: twice, repos, hashDirs: [v1("odd")] };
    const { alone, choices } = judge(found);
    expect([alone, choices]).toEqual([[`${hash}-odd`], [[keyed, idAt(app)]]]);
    const chosen = judge(found, [[`identity:${hash}-odd`, keyed]]);
    expect([...chosen.ownerOf.values()].map(({ key }) => key)).toEqual([keyed]);
    expect(judge({ hashDirs: [v1("odd")] }).decisions.list).toEqual([]);
  });

  test("when it is V0's and outside the home directory, whoever claims it", () => {
    const v0 = (path: string) => stateDir("old", { layout: "v0", path });
    const found = { entries: [entry("k1", app)], repos };
    const outside = judge({ ...found, hashDirs: [v0("/srv/old")] });
    expect([outside.alone, outside.choices]).toEqual([["/srv/old"], []]);
    const inside = judge({ ...found, hashDirs: [v0(`${home}/old`)] });
    expect(inside.choices).toEqual([[idAt(app)]]);
    // Only V0's: others stand below the base dir, wherever that is.
    const far = judge({ ...found, hashDirs: [v1("odd", { path: `/srv/${hash}-odd` })] });
    expect(far.choices).toEqual([[idAt(app)]]);
  });
});

describe("an empty directory", () => {
  const empty = (name: string) => stateDir(name, { empty: true });

  test("proves nothing, and is taken by the project that it is called like", () => {
    const dirs = [empty("k1"), empty("app"), empty(idAt(other)), empty("third")];
    const { owners, alone, projects } = judge({ entries, repos, projects: dirs });
    expect(owners).toEqual({ "projects/k1": app, [`projects/${idAt(other)}`]: other });
    expect(alone).toEqual([]);
    expect(projects.map((project) => project.home?.name)).toEqual(["k1", idAt(other)]);
  });

  test("is not taken by a project that nothing but another empty one proves", () => {
    const file = "/code/agent-orchestrator.yaml";
    const originConfigs = { [file]: registry([entry("n", "/r/new")]) };
    const found = { repos: [repo("/r/new")], originConfigs, projects: [empty(idAt("/r/new"))] };
    expect(
      judge({ ...found, hashDirs: [v1("new", { origin: file, empty: true })] }).projects,
    ).toEqual([]);
    const { owners } = judge({ ...found, hashDirs: [v1("new", { origin: file })] });
    expect(Object.keys(owners)).toEqual([`${hash}-new`, `projects/${idAt("/r/new")}`]);
  });
});
