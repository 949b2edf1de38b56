/** Where records of what AO did go: to the one project that they name, or to nobody's. */

import { describe, expect, test } from "bun:test";
import type { ObservabilityDir, StateDir } from "../../../../lib/storage/inventory.ts";
import { base, entry, type Found, idAt, planned, repo, stateDir } from "../found.ts";

const [app, other] = ["/r/app", "/r/other"];
const [idA, idB] = [idAt(app), idAt(other)];

function dir(hash: string, ...ids: string[][]): ObservabilityDir {
  const files = ids.map((projectIds, n) => ({
    name: `processes/p-${n}.json`,
    bytes: 1,
    projectIds,
  }));
  return { path: `${base}/${hash}-observability`, hash, files, bytes: 1, oldestMs: 0 };
}

function collapsed(
  observability: ObservabilityDir[],
  home: Partial<StateDir> = {},
  more: Found = {},
) {
  const { lines, plan } = planned(
    {
      entries: [entry(idA, app), entry(idB, other)],
      repos: [repo(app), repo(other)],
      projects: [
        stateDir(idA, { layout: "v2-hashed", ...home }),
        stateDir(idB, { layout: "v2-hashed" }),
      ],
      observability,
      ...more,
    },
    { steps: ["collapse-observability"] },
  );
  const shown = lines.map((line) =>
    line
      .replace(`projects/${idA}`, "A")
      .replace(`projects/${idB}`, "B")
      .replace("-observability", ""),
  );
  const step = plan.steps.find((each) => each.id === "collapse-observability");
  return { lines: shown, warnings: plan.warnings, details: step?.details };
}

describe("a directory of records", () => {
  test("goes to the one project that its files name, as a whole", () => {
    expect(collapsed([dir("aaa", [idA], [], ["app", idA])]).lines).toEqual([
      "makeDir A/observability",
      "move aaa → A/observability/aaa",
    ]);
  });

  test("that names no project, or only unknown ones, goes to nobody's", () => {
    const there = collapsed([dir("aaa"), dir("bbb", []), dir("ccc", ["unknown"])]);
    expect(there.lines).toEqual([
      "makeDir observability",
      "makeDir observability/orphan",
      "move aaa → observability/orphan/aaa",
      "move bbb → observability/orphan/bbb",
      "makeDir observability/orphan/ccc",
      "makeDir observability/orphan/ccc/processes",
      "move ccc/processes/p-0.json → observability/orphan/ccc/processes/p-0.json",
      "trash ccc",
    ]);
  });

  test("of several projects is taken apart, what names two of them being nobody's", () => {
    const { lines } = collapsed([dir("aaa", [idA], [idB], [idA, idB], [idA], [])]);
    expect(lines.filter((line) => !line.startsWith("makeDir"))).toEqual([
      "move aaa/processes/p-0.json → A/observability/aaa/processes/p-0.json",
      "move aaa/processes/p-1.json → B/observability/aaa/processes/p-1.json",
      "move aaa/processes/p-2.json → observability/orphan/aaa/processes/p-2.json",
      "move aaa/processes/p-3.json → A/observability/aaa/processes/p-3.json",
      "move aaa/processes/p-4.json → observability/orphan/aaa/processes/p-4.json",
      "trash aaa",
    ]);
  });

  test("of two projects is taken apart also when every file names one, and says where it went", () => {
    const { lines, details } = collapsed([dir("aaa", [idA], [idB]), dir("bbb", [idA])]);
    expect(lines.filter((line) => line.startsWith("move"))).toEqual([
      "move aaa/processes/p-0.json → A/observability/aaa/processes/p-0.json",
      "move aaa/processes/p-1.json → B/observability/aaa/processes/p-1.json",
      "move bbb → A/observability/bbb",
    ]);
    const [a, b] = [`projects/${idA}/observability`, `projects/${idB}/observability`];
    expect(details).toEqual([
      `aaa-observability → ${a}/aaa, ${b}/aaa`,
      `bbb-observability → ${a}/bbb`,
    ]);
  });

  test("goes around what is there, whatever its case, and around each other", () => {
    const child = (name: string) => ({ name, kind: "dir" as const, bytes: 0 });
    const others = [
      { ...child("reports"), children: [child("ddd")] },
      { ...child("observability"), children: [child("AAA"), child("aaa-2")] },
    ];
    const found = { orphanObservability: ["bbb"] };
    const twice = [dir("aaa", [idA]), dir("bbb"), dir("ccc", [idA]), dir("ddd", [idA])];
    const { lines } = collapsed([...twice, dir("ccc", [idA])], { others }, found);
    expect(lines).toEqual([
      "move aaa → A/observability/aaa-3",
      "makeDir observability",
      "makeDir observability/orphan",
      "move bbb → observability/orphan/bbb-2",
      "move ccc → A/observability/ccc",
      "move ddd → A/observability/ddd",
      "move ccc → A/observability/ccc-2",
    ]);
  });

  test("with files that could not be read stays", () => {
    const place = { file: `${base}/aaa-observability/processes/x.json` };
    const faults = [{ kind: "unreadable" as const, place, detail: "EACCES" }];
    const { lines, warnings } = collapsed([dir("aaa", [idA]), dir("bbb", [idA])], {}, { faults });
    expect(lines).toEqual(["makeDir A/observability", "move bbb → A/observability/bbb"]);
    expect(warnings.filter((line) => line.includes("aaa-observability"))).toHaveLength(1);
  });

  test("that names what two projects answer to is nobody's", () => {
    const entries = [entry(idA, app, { name: "both" }), entry(idB, other, { name: "both" })];
    const { lines } = collapsed([dir("aaa", ["both"], [idA])], {}, { entries });
    expect(
      lines.filter((line) => line.startsWith("move")).map((line) => line.split(" → ")[1]),
    ).toEqual([
      "observability/orphan/aaa/processes/p-0.json",
      "A/observability/aaa/processes/p-1.json",
    ]);
  });
});
