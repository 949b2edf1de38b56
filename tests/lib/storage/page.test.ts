/** The page of a dry run: its parts, and how a person meets it in a browser. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeDemoDisk } from "../../../lib/demo/disk.ts";
import { resolvePlaces } from "../../../lib/paths.ts";
import { assess } from "../../../lib/storage/assess.ts";
import { selectSteps } from "../../../lib/storage/options.ts";
import { bytesByKind, identifierForms } from "../../../lib/storage/page-layers.ts";
import { drawTree, type TreeNode, treesOf } from "../../../lib/storage/page-tree.ts";
import { operationsOf } from "../../../lib/storage/plan.ts";
import { chromium } from "../../browser.ts";
import { readPage } from "../../page-reader.ts";
import { makeSandbox, runScript, type Sandbox } from "../../process.ts";

const hostile = "<script>document.title='pwned'</script>";

let sandbox: Sandbox;
let file: string;
let page: string;

beforeAll(async () => {
  sandbox = makeSandbox();
  const { baseDir } = makeDemoDisk(sandbox.home, sandbox.env);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(baseDir, path)), { recursive: true });
    writeFileSync(join(baseDir, path), text);
  };
  const fields = { project: "web-shop", tmuxName: hostile, branch: '"><img src=x>' };
  write("projects/web-shop/sessions/ws-9.json", JSON.stringify(fields));
  write("projects/web-shop/sessions/<script>.json", "{}");
  write("projects/<img src=x onerror=alert(1)>/sessions/a-1.json", "{}");
  file = join(sandbox.home, "report.html");
  const { code, stderr } = await runScript("scripts/migrate.ts", ["--output", file], {
    ...{ sandbox, env: { HOME: join(sandbox.home, "home") } },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  page = readFileSync(file, "utf8");
}, 20_000);
afterAll(() => sandbox[Symbol.dispose]());

test("names from the disk are text, wherever they stand", () => {
  expect(page).toContain("&lt;script&gt;document.title=&#39;pwned&#39;&lt;/script&gt;");
  expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  expect(page).not.toMatch(/<script|<img/);
});

test("a path that cannot be written is an error, and no page is left", async () => {
  const { code, stderr } = await runScript("scripts/migrate.ts", ["--output", `${file}/x.html`]);
  expect({ code, stderr }).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("Cannot write"),
  });
});

function planOfDemo(home: string, env: Record<string, string>) {
  return assess({
    ...{ places: resolvePlaces({ home, env }), env, tmux: true, sizes: false },
    ...{ now: new Date(), steps: selectSteps([], []), answers: new Map<string, string>() },
  });
}

/** Every path of a tree, directories without their slash. */
function pathsOf(node: TreeNode, path = ""): string[] {
  const below = [...node.children].flatMap(([name, child]) => pathsOf(child, `${path}/${name}`));
  return path === "" ? below : [path, ...below];
}

test("the trees are the disk before and the disk after", async () => {
  using own = makeSandbox();
  const { home } = makeDemoDisk(own.home, own.env);
  const found = planOfDemo(home, own.env);
  const { inventory } = found.plan;
  const { before, after } = treesOf(inventory, operationsOf(found.plan));
  expect(pathsOf(before).filter((path) => !existsSync(path))).toEqual([]);
  // The very same plan: names in the archive carry its second.
  const saved = join(own.home, "plan.json");
  writeFileSync(saved, JSON.stringify(found.record()));
  const options = { sandbox: own, env: { HOME: home } };
  const words = ["--execute", "--plan", saved, "--yes"];
  const { code } = await runScript("scripts/migrate.ts", words, options);
  expect(code).toBe(0);
  expect(pathsOf(after).filter((path) => !existsSync(path))).toEqual([]);
  const lines = drawTree(before, inventory.places.baseDir);
  expect(lines).toContainEqual({ text: "├─ .migration-in-progress", mark: "to the trash" });
  expect(lines).toContainEqual({ text: "├─ config.yaml", mark: "changes" });
  const { bytes } = bytesByKind(inventory)[0] ?? { bytes: 0 };
  expect(bytes).toBeGreaterThan(0);
  expect(identifierForms(inventory)).toContainEqual({
    ...{
      layer: "Registry storageKey",
      form: "{hash}",
      v3: false,
      count: 1,
      example: "66c66786e971",
    },
  });
});

test("a directory with many entries shows the first and counts the rest", () => {
  const children = Array.from({ length: 20 }, (_, n): [string, TreeNode] => [
    String(n).padStart(2, "0"),
    { children: new Map() },
  ]);
  const root: TreeNode = { children: new Map([["a", { children: new Map(children) }]]) };
  const lines = drawTree(root, "/a").map(({ text }) => text);
  expect(lines).toHaveLength(13);
  expect(lines.at(-1)).toBe("└─ … and 8 more");
});

if (chromium !== null) {
  describe("in a browser", () => {
    const reader = readPage(() => file, "dry-run");

    test("a person reads what the plan says", async () => {
      const text = await reader.text();
      for (const line of [
        "10 steps lead to V3",
        "There are no warnings and 1 open decision.",
        "Bytes by kind",
        "1 of 4 as in V3",
        "numbered-orchestrator",
        hostile,
      ]) {
        expect(text).toContain(line);
      }
      expect(text).toMatch(/\.migration-in-progress {2}to the trash/);
    });

    test("headings and pictures have names that say what they are", async () => {
      expect((await reader.named("heading")).slice(0, 3)).toEqual([
        "AO storage: what is there, what drifted, and the plan",
        ...["Summary", "Bytes by kind"],
      ]);
      expect(await reader.pictures()).toEqual([
        "Bytes by kind of state",
        "Identifiers by layer, as in V3 or not",
        "Issues by kind",
        "Issues by project",
      ]);
    });

    test("a step opens with the keyboard, and shows its operations", async () => {
      const { browser } = reader;
      const step = "document.querySelector('#plan details')";
      await browser.evaluate(`${step}.querySelector('summary').focus()`);
      await browser.press("Enter");
      expect(await browser.evaluate(`${step}.open`)).toBe(true);
      expect(await browser.evaluate(`${step}.innerText`)).toMatch(/operations?: /);
    });
  });
}
