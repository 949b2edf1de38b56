/** Which names for one thing are in use on a disk, and what its bytes are. */

import { describe, expect, test } from "bun:test";
import type { SessionFields } from "../../../lib/metadata.ts";
import type { SessionFile, StateDir } from "../../../lib/storage/inventory.ts";
import { bytesByKind, identifierForms } from "../../../lib/storage/page-layers.ts";
import {
  base,
  entry,
  type Found,
  idAt,
  inventoryOf,
  repo,
  session,
  stateDir,
  worktree,
} from "./found.ts";

const app = "/r/app";
const id = idAt(app);
const hash = "0123456789ab";

/** The forms of one layer: `form ×count example`, with a `*` where V3 names it so. */
function forms(layer: string, found: Found): string[] {
  return identifierForms(inventoryOf(found))
    .filter((form) => form.layer === layer)
    .map(({ form, v3, count, example }) => `${v3 ? "* " : ""}${form} ×${count} ${example}`);
}

/** The forms of a layer that these sessions give, each `[id, fields]`. */
function ofSessions(layer: string, ...sessions: [string, SessionFields?][]): string[] {
  const files = sessions.map(([name, fields = {}]) => session("/x", name, { fields }));
  return forms(layer, { projects: [stateDir("app", { sessions: files })] });
}

describe("identifiers", () => {
  test("of the registry: keys and storage keys", () => {
    const keys = [hash, `${hash}-app`, `x${hash}`, `${hash}0`, `x${hash}-app`, hash.slice(1)];
    const entries = [
      entry("app", app),
      entry(id, app),
      ...keys.map((storageKey, n) => entry(`k${n}`, app, { storageKey })),
    ];
    expect(forms("Registry key", { entries })).toEqual([
      "{name} ×7 app",
      `* {name}_{hash} ×1 ${id}`,
    ]);
    expect(forms("Registry storageKey", { entries })).toEqual([
      `{hash} ×1 ${hash}`,
      `{hash}-{name} ×1 ${hash}-app`,
      `other ×4 x${hash}`,
    ]);
  });

  test("of directories: every layout has one, V1's records too", () => {
    const found: Found = {
      projects: [
        stateDir("app"),
        stateDir("b"),
        stateDir(id, { layout: "v2-hashed" }),
        stateDir(`${id}3`, { layout: "v3" }),
      ],
      hashDirs: [
        stateDir("app", { layout: "v1", hash }),
        stateDir(hash, { layout: "v1-bare-hash" }),
        stateDir("old", { layout: "v0" }),
      ],
      observability: [{ path: `${base}/a-observability`, hash, files: [], bytes: 0, oldestMs: 0 }],
    };
    expect(forms("State directory", found)).toEqual([
      "{name} ×2 app",
      `{name}_{hash}, no identity.json ×1 ${id}`,
      `* {name}_{hash}, identity.json ×1 ${id}3`,
      `{hash}-{name} ×1 ${hash}-app`,
      `{hash} ×1 ${hash}`,
      "the first AO's data directory ×1 old",
    ]);
    expect(forms("Observability", found)).toEqual(["{hash}-observability ×1 a-observability"]);
  });

  test("of sessions: by number, orchestrators with and without one, all else", () => {
    const ids = ["app-1", "app-2", "app-orchestrator", "app-orchestrator-3", "../x"];
    expect(ofSessions("Session id", ...ids.map((name): [string] => [name]))).toEqual([
      "* {prefix}-{n} ×2 app-1",
      "* {prefix}-orchestrator ×1 app-orchestrator",
      "{prefix}-orchestrator-{n} ×1 app-orchestrator-3",
      "other ×1 ../x",
    ]);
  });

  test("of the project that a session names, by either field", () => {
    const projects = ["app", app, id].map((project): [string, SessionFields] => [
      "app-1",
      { project, projectId: "unread" },
    ]);
    const byId: [string, SessionFields] = ["app-1", { projectId: id }];
    expect(ofSessions("Project in metadata", ...projects, byId, ["app-1"])).toEqual([
      "{name} ×1 app",
      `path ×1 ${app}`,
      `* {name}_{hash} ×2 ${id}`,
    ]);
  });

  test("of tmux: the session's own, those of earlier AO, all else", () => {
    const fields: SessionFields[] = [
      { tmuxName: "app-1" },
      { handleId: "app-app-1" },
      { tmuxName: `${hash}-app-1`, handleId: "unread" },
      { tmuxName: `${hash}-shop-1`, project: "shop" },
      { tmuxName: "mine" },
      {},
    ];
    const sessions = fields.map((each): [string, SessionFields] => ["app-1", each]);
    expect(ofSessions("tmux name in metadata", ...sessions)).toEqual([
      "* session id ×1 app-1",
      "{prefix}-{session id} ×1 app-app-1",
      `{hash}-… ×2 ${hash}-app-1`,
      "other ×1 mine",
    ]);
  });

  test("of worktrees: by where they stand", () => {
    const places = ["project", "legacy-root", "v1", "v0", "project"] as const;
    const worktrees = places.map((where, n) => worktree(`/w/${n}`, repo(app), { where }));
    expect(forms("Worktree", { worktrees })).toEqual([
      "* projects/{project}/worktrees/{session} ×2 /w/0",
      "~/.worktrees/{project}/{session} ×1 /w/1",
      "{hash}-{name}/worktrees/{session} ×1 /w/2",
      "beside the first AO's data ×1 /w/3",
    ]);
  });

  test("stand together by layer, whatever the order in which they are met", () => {
    const projects = ["a-1", "../x", "b-2"].map((name) =>
      stateDir(name, { sessions: [session("/x", name, { fields: { project: name } })] }),
    );
    const layers = identifierForms(inventoryOf({ projects })).map(({ layer }) => layer);
    expect(layers).toEqual([
      ...["State directory", "Session id", "Session id"],
      ...["Project in metadata", "Project in metadata"],
    ]);
  });
});

test("bytes are summed by kind, the most first, what has none left out", () => {
  const other = (name: string, bytes: number) => ({ name, kind: "dir" as const, bytes });
  const file = (bytes: number): SessionFile => session("/x", "app-1", { bytes });
  const dir: Partial<StateDir> = {
    ...{ sessions: [file(1), file(2)], archives: [file(10)], orchestrator: file(20) },
    others: [
      ...[other("observability", 100), other("feedback-reports", 200), other("code-reviews", 300)],
      ...[other("notes", 400), other("mine", 500)],
    ],
  };
  const leaf = (bytes?: number) =>
    worktree("/w", repo(app), { ...(bytes !== undefined && { bytes }) });
  const found: Found = {
    projects: [stateDir("app", dir)],
    hashDirs: [stateDir("app", { layout: "v1", hash, sessions: [file(4)] })],
    observability: [{ path: "/o", hash, files: [], bytes: 50, oldestMs: 0 }],
    worktrees: [leaf(5000), leaf(), leaf(1)],
  };
  const lines = (of: Found) =>
    bytesByKind(inventoryOf(of)).map(({ kind, bytes }) => `${kind} ${bytes}`);
  expect(lines(found)).toEqual([
    "Worktrees 5001",
    "Other files 900",
    "Code reviews 300",
    "Feedback reports 200",
    "Observability 150",
    "Orchestrators 20",
    "Archived sessions 10",
    "Live sessions 7",
  ]);
  expect(lines({ worktrees: [leaf()], projects: [stateDir("app")] })).toEqual([]);
});
