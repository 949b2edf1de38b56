import { describe, expect, test } from "bun:test";
import { newManifest } from "../../../lib/planning/manifest.ts";
import {
  phaseDocuments,
  readPhase,
  sectionOf,
  withDiscoveredPhases,
} from "../../../lib/planning/phases.ts";
import { makeSite, phaseText, testStamp, writePlan } from "./site.ts";

const document = { file: "phase-1-sort.md", number: 1, name: "sort" };

describe("discovering phases", () => {
  const discover = (files: Record<string, string>, currentPhase = "", phases = {}) => {
    using site = makeSite();
    const dir = writePlan(site, "shed", { files });
    const manifest = { ...newManifest("shed", testStamp), ...phases, currentPhase };
    return withDiscoveredPhases(site.disk, dir, manifest);
  };

  test("sorts 1, 2, 10 and takes top-level phase documents only", () => {
    const files = Object.fromEntries(
      ["phase-10-c.md", "phase-2-b.md", "phase-1-a.md", "phase-x-d.md", "sub/phase-3-e.md"].map(
        (name) => [name, phaseText("ok")],
      ),
    );
    const { phases, currentPhase } = discover(files);
    expect(phases.map(({ name }) => name)).toEqual(["a", "b", "c"]);
    expect(currentPhase).toBe("a");
  });

  test("keeps a current phase that is still listed, else takes the first, else none", () => {
    const files = { "phase-1-a.md": phaseText("ok"), "phase-2-b.md": phaseText("ok") };
    expect(discover(files, "b").currentPhase).toBe("b");
    expect(discover(files, "gone").currentPhase).toBe("a");
    expect(discover({}, "gone").currentPhase).toBe("");
  });

  test("duplicate names fail", () => {
    const files = { "phase-1-a.md": phaseText("ok"), "phase-2-a.md": phaseText("ok") };
    expect(() => discover(files)).toThrow("phase-1-a.md and phase-2-a.md have one name");
  });

  test("the same number twice is left to the consistency check", () => {
    using site = makeSite();
    const dir = writePlan(site, "shed", { files: { "phase-01-b.md": "", "phase-1-a.md": "" } });
    expect(phaseDocuments(site.disk, dir).map(({ file }) => file)).toEqual([
      "phase-01-b.md",
      "phase-1-a.md",
    ]);
  });
});

describe("a phase document", () => {
  test("without a precondition has a stock one that names the file", () => {
    expect(readPhase("# Sort\n", document).precondition).toContain("phase-1-sort.md");
    expect(
      readPhase("## Precondition\n\n\n## Definition of Done\n", document).precondition,
    ).toContain("phase-1-sort.md");
  });

  test("may say its effort in lines", () => {
    const text =
      "precondition: all is  there\nRequired_Effort: `high`.\neffort_reason: it is big\n";
    expect(readPhase(text, document)).toMatchObject({
      precondition: "all is there",
      requiredEffort: "high",
      effortReason: "it is big",
    });
  });

  test("sections beat lines, and a body is joined to one line", () => {
    const text =
      "precondition: line\nrequired_effort: low\n\n## PRECONDITION\n\nThe\nsection.\n\n" +
      "## Required Effort\nxhigh, since\n\n## Effort Reason\nmuch\n  to do\n";
    expect(readPhase(text, document)).toEqual({
      name: "sort",
      file: "phase-1-sort.md",
      done: false,
      precondition: "The section.",
      requiredEffort: "xhigh",
      effortReason: "much to do",
    });
  });

  test("a bad tier names the file", () => {
    const read = (tier: string) => () => readPhase(`## Required Effort\n${tier}\n`, document);
    expect(read("maximal")).toThrow('effort of "phase-1-sort.md": "maximal" is none of');
    expect(read("High")).toThrow("phase-1-sort.md");
  });

  test("headings stand alone on their line, of level 2", () => {
    expect(sectionOf("### Precondition\nx", "Precondition")).toBeNull();
    expect(sectionOf("## Precondition and more\nx", "Precondition")).toBeNull();
    expect(sectionOf("## precondition\nx\n### inner\ny\n## Next\nz", "Precondition")).toBe(
      "x\n### inner\ny",
    );
    expect(sectionOf("## Precondition\n\n## Next", "Precondition")).toBe("");
  });
});
