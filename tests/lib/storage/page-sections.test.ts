/** The page of a dry run, section by section: what it says first, counts, draws and lists. */

import { describe, expect, test } from "bun:test";
import type { Operation } from "../../../lib/change/operation.ts";
import type { PlannedStep } from "../../../lib/storage/builder.ts";
import type { Decision } from "../../../lib/storage/decisions.ts";
import { planPage } from "../../../lib/storage/page.ts";
import { recordOf } from "../../../lib/storage/record.ts";
import {
  base,
  entry,
  type Found,
  home,
  idAt,
  identityOf,
  planned,
  repo,
  session,
  stateDir,
  worktree,
} from "./found.ts";
import { markupOf, pictureOf, sectionOf, tableOf, textOf } from "./page-parts.ts";

const app = "/r/app";
const id = idAt(app);

interface Given {
  steps?: PlannedStep[];
  decisions?: Decision[];
  warnings?: string[];
  blockers?: string[];
}

/** The page of a scan; what is given stands in for what was planned. */
function pageOf(found: Found, given: Given = {}): string {
  const plan = { ...planned(found).plan, ...given };
  const generatedAt = new Date("2026-11-21T10:00:00Z");
  const record = recordOf(plan, { generatedAt, aoVersion: "0", inventoryDigest: () => "" });
  return planPage(plan, record, "toolkit 1.2");
}

function step(operations: Operation[], more: Partial<PlannedStep> = {}): PlannedStep {
  return {
    ...{ order: 3, id: "gc-stranded-dirs", title: "Clear", description: "What it does." },
    ...{ count: 1, details: ["one thing"], operations },
    ...more,
  };
}

const decision = (decidedBy: Decision["decidedBy"]): Decision => ({
  ...{ key: "worktree:/<a b>", question: "Where does <it> belong?", default: "stay", decidedBy },
  choices: [
    { value: "stay", label: "leave it" },
    { value: "go", label: "move it" },
  ],
  chosen: decidedBy === "user" ? "go" : "stay",
});

describe("what the page says first", () => {
  const verdict = (given: Given, found: Found = {}) => {
    const [, tone = "", rest = ""] =
      /<div class="verdict (\w+)">([\s\S]*?)<\/div><\/div>/.exec(pageOf(found, given)) ?? [];
    return [tone, ...markupOf(rest, "p").map(textOf)];
  };
  const steps = (count: number) => Array.from({ length: count }, () => step([]));

  test("is whether there is anything, and whether anything is to be done", () => {
    expect(verdict({}, { nothingThere: true })).toEqual(["none", "There is no AO state here"]);
    expect(verdict({})).toEqual(["good", "Nothing to do: this disk is V3"]);
  });

  test("is what is in the way, with a link to it", () => {
    const [tone, headline, detail] = verdict({ blockers: ["a"], steps: steps(1) });
    expect([tone, headline]).toEqual(["fail", "Blocked: 1 thing must be mended first"]);
    expect(detail).toContain("named at the end of this page");
    expect(pageOf({}, { blockers: ["a"] })).toContain('<a href="#decisions">what blocks');
    expect(verdict({ blockers: ["a", "b"] })[1]).toContain("2 things");
  });

  test("is how many steps there are, and what is open", () => {
    const line = (given: Given) => verdict({ steps: steps(1), ...given })[2] ?? "";
    expect(verdict({ steps: steps(1) }).slice(0, 2)).toEqual(["warn", "1 step leads to V3"]);
    expect(verdict({ steps: steps(2) })[1]).toBe("2 steps lead to V3");
    expect(line({})).toStartWith("There are no warnings and no open decisions.");
    const decisions = [decision("default"), decision("user"), decision("default")];
    expect(line({ decisions, warnings: ["a"] })).toStartWith(
      "There is 1 warning and 2 open decisions.",
    );
  });
});

test("the page names the disk, the moment, the tool and the plan", () => {
  const { plan } = planned({});
  const header = markupOf(pageOf({}), "header")[0] ?? "";
  expect(markupOf(header, "p").map(textOf)).toEqual([
    `Base directory ${base}`,
    "Scanned 2026-11-21T10:00:00.000Z by toolkit 1.2",
    `Plan ${plan.id} . A dry run: nothing was changed.`,
  ]);
  expect(header).toContain('<time datetime="2026-11-21T10:00:00.000Z">');
});

test("the list of contents leads to every section", () => {
  const page = pageOf({});
  const links = [...page.matchAll(/<a href="#([\w-]+)">([^<]*)<\/a><\/li>/g)];
  expect(links.map(([, at, title]) => `${at}: ${title}`)).toEqual([
    "summary: Summary",
    "bytes: Bytes by kind",
    "identifiers: Identifiers in use",
    "drift: Drift",
    "trees: Before and after",
    "plan: The plan",
    "decisions: Decisions, warnings, blockers",
  ]);
  for (const [, at = ""] of links) expect(sectionOf(page, at)).toContain(`id="${at}-title"`);
});

test("where there is nothing, each section says so in a sentence", () => {
  const page = pageOf({ nothingThere: true });
  const said = ["bytes", "identifiers", "drift", "trees", "plan", "decisions"].map((name) =>
    textOf(markupOf(sectionOf(page, name), "p").join(" ")),
  );
  expect(said).toEqual([
    "There is no state here.",
    "No identifier is in use.",
    "Nothing drifted.",
    "There is nothing to draw.",
    "There is nothing to do.",
    "None.",
  ]);
});

const kv = (name: string) =>
  session(`${base}/projects/${id}`, name, { format: "kv", text: "a=1", bytes: 1000 });
const full: Found = {
  entries: [entry(id, app), entry("web", "/r/web")],
  repos: [repo(app), repo("/r/web")],
  projects: [stateDir(id, { layout: "v2-hashed", sessions: [kv("app-1"), kv("app-2")] })],
  hashDirs: ["a", "b", "c"].map((name) =>
    stateDir(name, { layout: "v1", hash: "0123456789ab", bytes: 2048 }),
  ),
  observability: [
    { path: `${base}/x-observability`, hash: "x", files: [], bytes: 6000, oldestMs: 0 },
  ],
  worktrees: [worktree(`${home}/.worktrees/app/app-1`, repo(app), { where: "legacy-root" })],
};

test("the summary counts what is there, what is wrong and what is to be done", () => {
  const steps = [step([{ op: "makeDir", path: "/a" }]), step([{ op: "trash", path: "/b" }])];
  const cards = sectionOf(pageOf(full, { steps }), "summary");
  const [names, values] = [markupOf(cards, "dt"), markupOf(cards, "dd")];
  const { issues: elsewhere, ...found } = recordOf(planned(full).plan, {
    ...{ generatedAt: new Date(0), aoVersion: "0", inventoryDigest: () => "" },
  }).inventory;
  const count =
    elsewhere.length +
    found.globalConfigIssues.length +
    [...found.projects.map(({ issues }) => issues), ...Object.values(found.hashDirIssues)].flat()
      .length;
  expect(names.map((name, at) => `${name}: ${values[at]}`)).toEqual([
    "Projects: 1",
    "Directories by hash: 3",
    "Sessions: 2",
    "Worktrees: 1",
    "Observability directories: 1",
    "State read: 11.9 KB",
    `Issues: ${count}`,
    "Steps: 2",
    "Operations: 2",
    "Goes to the trash, about: 2.0 KB",
  ]);
});

test("bytes have their share, and it is told when worktrees were not measured", () => {
  const bytes = (found: Found) => sectionOf(pageOf(found), "bytes");
  const worktrees = full.worktrees ?? [];
  expect(pictureOf(bytes(full), "bytes-chart")).toBe(
    "Bytes by kind of state: Observability: 5.9 KB, 75 %, Live sessions: 2.0 KB, 25 %",
  );
  expect(textOf(bytes(full))).toContain("Worktrees were not measured; --sizes does.");
  const measured = [...worktrees, ...worktrees.map((leaf) => ({ ...leaf, bytes: 0 }))];
  for (const these of [[], measured]) {
    expect(bytes({ ...full, worktrees: these })).not.toContain("--sizes");
  }
});

test("of each layer stands how much is named as in V3, form by form", () => {
  const section = sectionOf(pageOf(full), "identifiers");
  expect(pictureOf(section, "identifiers-chart")).toStartWith(
    "Identifiers by layer, as in V3 or not: Registry key: 1 of 2 as in V3, State directory: 0 of 4 as in V3, ",
  );
  const rows = tableOf(section, "The forms in use, layer by layer");
  expect(rows.slice(0, 4)).toEqual([
    ["Form", "Of", "Count", "For example"],
    ["Registry key"],
    ["{name}_{hash}", "V3", "1", id],
    ["{name}", "older", "1", "web"],
  ]);
  for (const colour of ['good">V3<', 'warn">older<']) expect(section).toContain(`badge ${colour}`);
  const bar = /Registry key<\/text>[\s\S]*?(<rect class="good"[^>]*>)(<rect class="warn"[^>]*>)/;
  const [, good = "", warn = ""] = bar.exec(section) ?? [];
  expect([good, warn].map((rect) => / width="([^"]*)"/.exec(rect)?.[1])).toEqual(["50%", "50%"]);
});

describe("the trees", () => {
  const operations: Operation[] = [
    { op: "move", from: `${home}/.worktrees/app/app-1`, to: `${base}/projects/${id}/worktrees/w` },
    { op: "trash", path: `${base}/x-observability` },
    { op: "patchYaml", path: `${base}/config.yaml`, edits: [] },
    { op: "create", path: `${base}/made`, content: "" },
  ];
  const drawn = sectionOf(pageOf(full, { steps: [step(operations)] }), "trees");
  const marks = [...drawn.matchAll(/(\S+) {2}<span class="badge (\w+)">([^<]*)</g)];

  test("stand side by side, with what becomes of each path in a colour of its own", () => {
    const said = marks.map(([, name, tone, mark]) => `${name} ${mark} (${tone})`);
    expect(said).toEqual([
      "config.yaml changes (warn)",
      "x-observability to the trash (fail)",
      "app-1 moves (plain)",
      "config.yaml changes (warn)",
      "made new (good)",
      "w moved here (good)",
    ]);
    expect(drawn.split('"badge ')).toHaveLength(said.length + 1);
    expect(markupOf(drawn, "h3")).toEqual(["Before", "After"]);
  });

  test("are one of the base directory, and one of the worktrees while there are any", () => {
    const titles = [...drawn.matchAll(/aria-label="([^"]*)"/g)].map(([, title]) => title);
    expect(titles).toEqual([
      `Before: ${base}`,
      `Before: ${home}/.worktrees`,
      `After: ${base}`,
      `After: ${home}/.worktrees`,
    ]);
    const [first = ""] = markupOf(drawn, "pre");
    expect(first.split("\n")[0]).toBe(`${base}/`);
    const alone = sectionOf(pageOf({ ...full, worktrees: [] }), "trees");
    expect(alone).not.toContain(".worktrees");
    expect(alone).not.toMatch(/<\/pre>\s*[^<\s]/);
  });
});

describe("a step of the plan", () => {
  const operations: Operation[] = [
    { op: "makeDir", path: "/b/dir" },
    { op: "create", path: "/b/file", content: "é" },
    { op: "create", path: "/b/one", content: "x" },
    { op: "move", from: "/b/<from>", to: "/b/<to>" },
    {
      op: "patchJson",
      path: "/b/s.json",
      edits: [
        { pointer: "/a", before: "x", after: "y" },
        { pointer: "/new", after: 3 },
        { pointer: "/gone", before: [1] },
      ],
    },
    { op: "patchYaml", path: "/b/c.yaml", edits: [{ pointer: "/projects/app", rename: id }] },
    { op: "trash", path: "/b/old" },
    { op: "relinkWorktree", repo: "/r/.git", worktree: "/b/w", files: [] },
    { op: "renameTmux", from: "old name", to: "new name" },
  ];
  const planOf = (steps: PlannedStep[]) => sectionOf(pageOf({}, { steps }), "plan");
  const section = planOf([step(operations, { count: 1200, details: ["<first>", "second"] })]);

  test("has its number, how much it changes, what it is for, and each change in words", () => {
    const [summary, inner] = markupOf(section, "summary").map(textOf);
    expect(summary).toBe("3. Clear 1,200");
    expect(inner).toBe(
      "9 operations: 1 × make directory, 2 × create, 1 × move, 2 × change fields, 1 × to the trash, 1 × mend git&#39;s link, 1 × rename in tmux",
    );
    expect(markupOf(section, "p")).toEqual(["What it does."]);
    expect(markupOf(section, "li")).toEqual(["&lt;first&gt;", "second"]);
    expect(textOf(planOf([step([{ op: "trash", path: "/b" }])]))).toContain("1 operation: 1 ×");
  });

  test("lists its operations in order, each with what becomes of its path", () => {
    const [head, ...rows] = tableOf(section, "Operations of “Clear”, in order");
    expect(head).toEqual(["Operation", "Path", "What becomes of it"]);
    expect(rows).toEqual([
      ["make directory", "/b/dir", ""],
      ["create", "/b/file", "2 bytes"],
      ["create", "/b/one", "1 byte"],
      ["move", "/b/&lt;from&gt;", "/b/&lt;to&gt;"],
      [
        ...["change fields", "/b/s.json"],
        "/a &quot;x&quot; → &quot;y&quot; /new nothing → 3 /gone [1] → nothing",
      ],
      ["change fields", "/b/c.yaml", `/projects/app is called ${id}`],
      ["to the trash", "/b/old", ""],
      ["mend git&#39;s link", "/b/w", "linked with /r/.git"],
      ["rename in tmux", "old name", "new name"],
    ]);
  });

  test("with very many shows two hundred of them, and says where the rest is", () => {
    const many = (count: number) => {
      const all = Array.from({ length: count }, (_, n) => ({
        op: "trash" as const,
        path: `/${n}`,
      }));
      const details = all.map(({ path }) => path);
      const page = planOf([step(all, { details })]);
      const rows = tableOf(page, "Operations of “Clear”, in order");
      return [rows.length - 1, markupOf(page, "li").at(-1), textOf(page).split("/199 ").at(-1)];
    };
    expect(many(200).slice(0, 2)).toEqual([200, "/199"]);
    expect(many(200)[2]).not.toContain("more");
    expect(many(1300)).toEqual([
      ...[200, "… and 1,100 more", "… and 1,100 more; the JSON record has all."],
    ]);
  });
});

describe("at the end", () => {
  const remarks = (given: Given) => sectionOf(pageOf({}, given), "decisions");

  test("each question stands with its choices, the one taken, and how to answer", () => {
    for (const [by, taken] of [
      ["default", ["stay leave it chosen", "go move it"]],
      ["user", ["stay leave it", "go move it chosen"]],
    ] as const) {
      const page = remarks({ decisions: [decision(by)] });
      expect(markupOf(page, "summary")).toEqual(["Where does &lt;it&gt; belong?"]);
      expect(markupOf(page, "li").map(textOf)).toEqual([...taken]);
      expect(textOf(page)).toContain("Answer with --decide 'worktree:/&lt;a b&gt;=VALUE'");
      expect(markupOf(page, "h3")).toEqual([]);
    }
  });

  test("what blocks comes first and warnings last, each under its name", () => {
    const page = remarks({ warnings: ["<w>"], blockers: ["b"], decisions: [decision("user")] });
    const order = ["Blockers", "b", "Where does", "Warnings", "&lt;w&gt;"];
    expect(textOf(page)).toMatch(new RegExp(order.join(".*")));
    expect(page).toContain('<h3 class="fail">Blockers');
    expect(page).toContain('<h3 class="warn">Warnings');
    expect(textOf(remarks({ warnings: ["w"] }))).not.toContain("Blockers");
    const some: Given[] = [
      ...[{ warnings: ["w"] }, { blockers: ["b"] }, { warnings: ["w"], blockers: ["b"] }],
      { warnings: ["w"], decisions: [decision("user")] },
    ];
    for (const given of some) expect(textOf(remarks(given))).not.toContain("None.");
  });
});

test("a disk that is V3 still has its numbers and its tree", () => {
  const dir = stateDir(id, { layout: "v3", identity: identityOf(app, id), nextSessionId: 1 });
  const page = pageOf({ entries: [], repos: [repo(app)], projects: [dir] });
  expect(textOf(sectionOf(page, "trees"))).toContain("identity.json");
  expect(textOf(sectionOf(page, "plan"))).toEndWith("There is nothing to do.");
});
