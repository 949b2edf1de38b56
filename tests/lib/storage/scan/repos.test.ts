import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, symlinkSync } from "node:fs";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { addWorktreeRepos, readRepos } from "../../../../lib/storage/scan/repos.ts";
import { scanWorktreeRoot } from "../../../../lib/storage/scan/worktrees.ts";
import { addWorktreeFast, makeRepo, mkdirs, writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";
import { entry, identityOf, registry, repo, stateDir, worktree } from "../found.ts";

let dir = "";
beforeAll(() => {
  dir = makeTemp("repos");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const env = { PATH: "" };
const none = { registry: null, preMigration: null, registryFault: null };

describe("the repositories of projects", () => {
  test("are those of registries, V1's configs and identities, each once, by path", () => {
    const configs = { registries: {}, dataDirs: [], worktreeDirs: [] };
    const projects = ["/x/d", "relative", "/x/nul\0", "/x/a"].map((path) =>
      stateDir("x", { identity: identityOf(path) }),
    );
    const found = readRepos(
      new Reader(),
      {
        ...none,
        registry: registry([entry("b", "/x/b"), entry("a", "/x/a")]),
        preMigration: registry([entry("c", "/x/c")]),
        configs: { ...configs, registries: { "/y.yaml": registry([entry("e", "/x/e")]) } },
        projects: [...projects, stateDir("y")],
      },
      dir,
      env,
    );
    const gone = (path: string) => [path, { path, exists: false, adminEntries: [] }];
    const expected = ["/x/a", "/x/b", "/x/c", "/x/d", "/x/e"].map(gone);
    expect(Object.entries(found)).toEqual(expected as never);
  });

  test("are no repositories where there is none, and have their own config all the same", () => {
    const path = mkdirs(`${dir}/plain`);
    writeFiles(path, { "agent-orchestrator.yaml": "agent: x\n" });
    const configs = { registries: {}, dataDirs: [], worktreeDirs: [] };
    const projects = [stateDir("x", { identity: identityOf(path) })];
    const found = readRepos(new Reader(), { ...none, configs, projects }, dir, env);
    const localConfig = { path: `${path}/agent-orchestrator.yaml`, wrapped: false };
    const facts = { path, exists: true, realpath: path, adminEntries: [], localConfig };
    expect(found).toStrictEqual({ [path]: facts });
  });
});

test("a repository that cannot be looked at is a fault, and not said to be gone", () => {
  const path = `${dir}/loop`;
  symlinkSync(path, path);
  const configs = { registries: {}, dataDirs: [], worktreeDirs: [] };
  const reader = new Reader();
  const witnesses = { ...none, registry: registry([entry("a", path)]), configs, projects: [] };
  const facts = { path, exists: false, adminEntries: [] };
  expect(readRepos(reader, witnesses, dir, env)).toEqual({ [path]: { ...facts, unseen: true } });
  expect(reader.faults).toMatchObject([{ kind: "unreadable", place: { file: path } }]);
});

describe("the repository of a worktree", () => {
  const added = (commonDirs: string[], repos: Parameters<typeof addWorktreeRepos>[0] = {}) => {
    const leaves = commonDirs.map((commonDir, n) => {
      return worktree(`/trees/x-${n}`, repo("/x", { commonDir }));
    });
    const { commonDir: _, ...unlinked } = worktree("/trees/y", repo("/y"));
    addWorktreeRepos(repos, [...leaves, unlinked], env);
    return repos;
  };

  test("is named by its directory, a bare one by itself", () => {
    expect(Object.keys(added(["/x/app/.git", "/x/bare.git", "/x/app/.git"]))).toEqual([
      ...["/x/app", "/x/bare.git"],
    ]);
  });

  test("that a project knows is not added, by whatever name it knows it", () => {
    const known = { "/link/app": repo("/link/app", { commonDir: "/x/app/.git" }) };
    expect(Object.keys(added(["/x/app/.git"], known))).toEqual(["/link/app"]);
    const other = repo("/x/app", { commonDir: "/elsewhere/.git" });
    expect(added(["/x/app/.git"], { "/x/app": other })["/x/app"]).toBe(other);
  });

  test("has no origin where git would have to be asked and is not there", () => {
    const path = makeRepo(`${dir}/included`);
    writeFiles(path, { ".git/config": "[include]\n\tpath = other\n" });
    const found = added([`${path}/.git`])[path];
    expect(found).toMatchObject({ exists: true, commonDir: `${path}/.git` });
    expect(found?.originUrl).toBeUndefined();
  });
});

describe("a worktree", () => {
  test("that git knows by a path through a link keeps the spelling it was found by", () => {
    const main = makeRepo(`${dir}/main`);
    addWorktreeFast(main, `${dir}/real/app/app-1`, "b");
    addWorktreeFast(main, `${dir}/moved/app-2`, "c");
    symlinkSync(`${dir}/real`, `${dir}/trees`);
    Bun.spawnSync(["mv", `${dir}/moved/app-2`, `${dir}/real/app/app-2`]);
    const found = scanWorktreeRoot(new Reader(), `${dir}/trees`, "legacy-root", false);
    expect(found.map(({ path, linkedPath }) => [path, linkedPath])).toEqual([
      [`${dir}/trees/app/app-1`, `${dir}/trees/app/app-1`],
      [`${dir}/trees/app/app-2`, `${dir}/moved/app-2`],
    ]);
    expect(found[0]).toMatchObject({ branch: "b", adminDir: `${main}/.git/worktrees/app-1` });
  });

  test("may lie in its root without a group, whatever kind its .git is", () => {
    const root = `${dir}/loose`;
    writeFiles(root, { "one/.git": "gitdir: /none\n", "two/.git/HEAD": "", "group/three/x": "" });
    const found = scanWorktreeRoot(new Reader(), root, "v0", true);
    expect(found.map(({ group, name, bytes }) => [group, name, bytes])).toEqual([
      ["group", "three", 0],
      ["", "one", 14],
      ["", "two", 0],
    ]);
    expect(found[0]).toStrictEqual({
      ...{ path: `${root}/group/three`, where: "v0", group: "group", name: "three" },
      ...{ locked: false, submodules: [], bytes: 0 },
    });
  });
});
