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
import { type Browser, chromium, openBrowser } from "../../browser.ts";
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
    ...{ places: resolvePlaces({ home, env }), env, tmux: false, sizes: false },
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
    ...{ layer: "Registry storageKey", form: "{hash}", count: 1, example: "66c66786e971" },
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
    let browser: Browser;
    beforeAll(async () => {
      browser = await openBrowser();
      await browser.call("Emulation.setScriptExecutionDisabled", { value: true });
      await browser.open(`file://${file}`);
      await browser.call("Emulation.setScriptExecutionDisabled", { value: false });
    }, 40_000);
    afterAll(() => browser[Symbol.asyncDispose]());

    test("nothing is fetched, nothing runs, nothing is complained about", async () => {
      const methods = browser.events.map(({ method }) => method);
      const requests = browser.events.filter(
        ({ method }) => method === "Network.requestWillBeSent",
      );
      const urls = requests.map(({ params }) => (params.request as { url: string }).url);
      expect(urls).toEqual([`file://${file}`]);
      expect(methods).not.toContain("Page.javascriptDialogOpening");
      expect(methods).not.toContain("Runtime.exceptionThrown");
      expect(await browser.evaluate("document.title")).toStartWith("AO storage:");
      expect(await browser.evaluate("document.querySelectorAll('script,img,link').length")).toBe(0);
    });

    test("a person reads what the plan says", async () => {
      const text = String(await browser.evaluate("document.body.innerText"));
      for (const line of [
        "10 steps lead to V3",
        "Bytes by kind",
        "numbered-orchestrator",
        hostile,
      ]) {
        expect(text).toContain(line);
      }
      expect(text).toMatch(/\.migration-in-progress {2}to the trash/);
    });

    test("assistive technology finds headings, landmarks, and a name for every picture", async () => {
      const { nodes } = await browser.call("Accessibility.getFullAXTree");
      const named = (role: string) =>
        (nodes as { role?: { value: string }; name?: { value: string } }[])
          .filter((node) => node.role?.value === role)
          .map((node) => node.name?.value);
      expect(named("heading").slice(0, 3)).toEqual([
        "AO storage: what is there, what drifted, and the plan",
        ...["Summary", "Bytes by kind"],
      ]);
      expect([...named("banner"), ...named("main"), ...named("navigation")]).toHaveLength(3);
      const pictures = [...named("image"), ...named("SvgRoot"), ...named("graphics-document")];
      expect(pictures).toContain("Issues by kind");
      for (const name of pictures) expect(name).toMatch(/^(Bytes by kind of state|Issues by kind)/);
    });

    test("contents and details are used with the keyboard alone", async () => {
      const focused = async () => String(await browser.evaluate(focusedText));
      await browser.press("Tab");
      expect(await focused()).toBe("Skip to the content");
      await browser.press("Tab");
      expect(await focused()).toBe("Summary");
      const link = "[...document.links].every((a) => document.querySelector(a.hash))";
      expect(await browser.evaluate(link)).toBe(true);
      await browser.evaluate("document.querySelector('summary').focus()");
      await browser.press("Enter");
      expect(await browser.evaluate("document.querySelector('details').open")).toBe(true);
    });

    for (const scheme of ["light", "dark"]) {
      test(`every text stands out from its background, ${scheme}`, async () => {
        const features = [{ name: "prefers-color-scheme", value: scheme }];
        await browser.call("Emulation.setEmulatedMedia", { features });
        expect(await browser.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")).toBe(
          scheme === "dark",
        );
        expect(await browser.evaluate(faintTexts)).toEqual([]);
        const { data } = await browser.call("Page.captureScreenshot", { format: "png" });
        const png = Buffer.from(String(data), "base64");
        expect(png.subarray(1, 4).toString()).toBe("PNG");
        // A page of one colour would take a few hundred bytes.
        expect(png.length).toBeGreaterThan(10_000);
      });
    }

    test("nothing is wider than a small screen, except what scrolls by itself", async () => {
      const metrics = { width: 360, height: 700, deviceScaleFactor: 1, mobile: false };
      await browser.call("Emulation.setDeviceMetricsOverride", metrics);
      const width = await browser.evaluate("document.documentElement.scrollWidth");
      expect(width).toBeLessThanOrEqual(360);
    });
  });
}

const focusedText = "document.activeElement.textContent";

/** Texts whose contrast is under the 4.5 that WCAG asks for. */
const faintTexts = `(() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const c = part / 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$|transparent/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest("title,desc")) continue;
    const style = getComputedStyle(element);
    const ink = element.closest("svg") ? style.fill : style.color;
    const [a, b] = [light(ink), light(paper(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(element.textContent.slice(0, 40) + " " + ratio.toFixed(2));
  }
  return faint;
})()`;
