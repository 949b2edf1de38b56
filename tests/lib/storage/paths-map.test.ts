/** Where paths that metadata names will be after a plan. */

import { describe, expect, test } from "bun:test";
import {
  base,
  entry,
  type Found,
  home,
  idAt,
  planned,
  repo,
  session,
  stateDir,
  worktree,
} from "./found.ts";

const app = "/r/app";
const id = idAt(app);
const place = `${base}/projects/${id}`;
const hash = "0123456789ab";

/** What becomes of a path that a session of `projects/k1`, which is re-keyed, names. */
function after(path: string, more: Found = {}): string {
  const k1 = `${base}/projects/k1`;
  const { plan } = planned({
    entries: [entry("k1", app, { storageKey: hash })],
    repos: [repo(app)],
    projects: [
      stateDir("k1", { sessions: [session(k1, "app-1", { fields: { worktree: path } })] }),
    ],
    hashDirs: [stateDir("app", { layout: "v1", hash })],
    ...more,
  });
  const edits = plan.steps
    .flatMap(({ operations }) => operations)
    .flatMap((operation) => (operation.op === "patchJson" ? operation.edits : []))
    .filter(({ pointer }) => pointer === "/worktree");
  return String(edits[0]?.after ?? path);
}

describe("a path in metadata", () => {
  const legacy = `${home}/.worktrees/app/app-1`;
  const stray = worktree(legacy, repo(app), { where: "legacy-root" });

  test("that has links resolved follows too, and keeps to that; one that stays is not touched", () => {
    const realPlaces = { [`${home}/.worktrees`]: "/big/wt", [base]: "/big/ao" };
    const found = { realPlaces, worktrees: [stray] };
    const real = `/big/ao/projects/${id}/worktrees/app-1`;
    expect(after("/big/wt/app/app-1", found)).toBe(real);
    expect(after("/big/ao/projects/k1/worktrees/app-9", found)).toBe(real);
    expect(after(legacy, found)).toBe(`${place}/worktrees/app-1`);
    expect(after("/big/wt/else/else-1", { realPlaces })).toBe("/big/wt/else/else-1");
  });

  test("follows the worktree that is moved", () => {
    expect(after(legacy, { worktrees: [stray] })).toBe(`${place}/worktrees/app-1`);
  });

  test("follows the directory that it is in, when that is renamed or merged", () => {
    expect(after(`${base}/projects/k1/worktrees/app-9`)).toBe(`${place}/worktrees/app-9`);
    expect(after(`${base}/${hash}-app/worktrees/app-9`)).toBe(`${place}/worktrees/app-9`);
    expect(after(`${base}/projects/k1/notes/deep`)).toBe(`${place}/notes/deep`);
    for (const path of [
      `${base}/projects/k2/worktrees/x`,
      `${base}/other/x`,
      `${base}/projects/k1`,
    ]) {
      expect(after(path)).toBe(path);
    }
  });

  test("of a worktree that is gone is the project's one of the session's name", () => {
    const moved = worktree(`${base}/projects/k1/worktrees/app-1`, repo(app));
    for (const gone of [`${home}/.worktrees/old/app-1`, `${base}/projects/gone/worktrees/app-1`]) {
      expect(after(gone, { worktrees: [moved] })).toBe(`${place}/worktrees/app-1`);
      expect(after(gone)).toBe(gone);
    }
  });

  test("that is there, or lies where nothing was looked for, stays", () => {
    const kept = worktree(`${home}/.worktrees/x/y z`, repo("/r/unknown"), { where: "legacy-root" });
    const moved = worktree(`${base}/projects/k1/worktrees/app-1`, repo(app));
    expect(after(kept.path, { worktrees: [kept, moved] })).toBe(kept.path);
    expect(after("/elsewhere/app-1", { worktrees: [moved] })).toBe("/elsewhere/app-1");
  });
});
