/** Which tmux names a plan changes, live and in metadata. */

import { describe, expect, test } from "bun:test";
import type { SessionFile } from "../../../lib/storage/inventory.ts";
import { base, entry, idAt, planned, repo, session, stateDir } from "./found.ts";

const [app, other] = ["/r/app", "/r/other"];
const [idA, idB] = [idAt(app), idAt(other)];
const hash = "0123456789ab";

const at =
  (id: string) =>
  (name: string, tmuxName?: string, more: Partial<SessionFile> = {}) =>
    session(`${base}/projects/${id}`, name, {
      ...{ fields: tmuxName === undefined ? {} : { tmuxName } },
      ...more,
    });
const [inA, inB] = [at(idA), at(idB)];

/** Renames of live sessions, names that metadata gets, and how many warnings there are. */
function named(a: SessionFile[], live: string[] | null, b: SessionFile[] = []) {
  const { plan, lines } = planned({
    entries: [entry(idA, app), entry(idB, other)],
    repos: [repo(app), repo(other)],
    projects: [
      stateDir(idA, { layout: "v2-hashed", sessions: a }),
      stateDir(idB, { layout: "v2-hashed", sessions: b }),
    ],
    tmux: live === null ? null : live.map((name) => ({ name }) as never),
  });
  const operations = plan.steps.flatMap((step) => step.operations);
  const renames = operations.flatMap((each) =>
    each.op === "renameTmux" ? [`${each.from} → ${each.to}`] : [],
  );
  const edits = operations.flatMap((each) => (each.op === "patchJson" ? each.edits : []));
  const metadata = edits.flatMap(({ pointer, after }) =>
    pointer.endsWith("tmuxName") ? [after] : [],
  );
  return {
    renames,
    metadata,
    warned: plan.warnings.filter((line) => line.includes("tmux")).length,
    lines,
  };
}

describe("a name of an earlier AO", () => {
  test("becomes the session's id, in metadata and, while it is live, in tmux", () => {
    const sessions = [
      inA("app-1", `${hash}-app-1`),
      inA("app-2", "app-app-2"),
      inA("app-3", "app-3"),
    ];
    expect(named(sessions, ["app-app-2", "app-3", "mail"])).toMatchObject({
      ...{ renames: ["app-app-2 → app-2"], metadata: ["app-1", "app-2"], warned: 0 },
    });
    expect(
      named([inA("app-1", "mine"), inA("app-2", "app-app-9"), inA("app-3")], ["mine"]),
    ).toMatchObject({
      ...{ renames: [], metadata: [], warned: 0 },
    });
  });

  test("stays when tmux could not be asked, and that is said once", () => {
    const sessions = [inA("app-1", "app-app-1"), inA("app-2", "app-app-2")];
    expect(named(sessions, null)).toMatchObject({ renames: [], metadata: [], warned: 1 });
    expect(named([inA("app-1", "app-1")], null).warned).toBe(0);
    expect(named(sessions, []).metadata).toEqual(["app-1", "app-2"]);
  });

  test("stays when its id is another session's too, here or in a directory left alone", () => {
    const sessions = [inA("app-1", "app-app-1")];
    const twice = named(sessions, ["app-app-1"], [inB("app-1")]);
    expect(twice).toMatchObject({ renames: [], metadata: [], warned: 1 });
    for (const format of ["bad", "empty"] as const) {
      const unused = named(sessions, ["app-app-1"], [inB("app-1", undefined, { format })]);
      expect(unused.renames).toEqual(["app-app-1 → app-1"]);
    }
  });

  test("stays while a session of the new name is live as well", () => {
    const both = named([inA("app-1", "app-app-1")], ["app-app-1", "app-1"]);
    expect(both).toMatchObject({ renames: [], metadata: [], warned: 1 });
    // Without the old one it is this session that is live.
    expect(named([inA("app-1", "app-app-1")], ["app-1"])).toMatchObject({
      ...{ renames: [], metadata: ["app-1"], warned: 0 },
    });
  });

  test("of files that cannot be read is nobody's", () => {
    const bad = inA("app-1", "app-app-1", { format: "bad" });
    expect(named([bad], ["app-app-1"])).toMatchObject({ renames: [], metadata: [] });
  });
});

describe("an orchestrator's name", () => {
  test("was its id, and follows it when it loses its number", () => {
    const name = "app-orchestrator-2";
    const one = named([inA(name, name)], [name]);
    expect(one.renames).toEqual([`${name} → app-orchestrator`]);
    expect(
      named([inA("app-orchestrator", "app-orchestrator")], ["app-orchestrator"]).renames,
    ).toEqual([]);
  });

  test("that is archived keeps its session's name", () => {
    const sessions = [
      inA("app-orchestrator", "app-orchestrator"),
      inA("app-orchestrator-2", `${hash}-app-orchestrator-2`),
    ];
    const { renames } = named(sessions, ["app-orchestrator"]);
    expect(renames).toEqual([]);
  });
});
