/**
 * Reads a page as people do: with eyes on a wide and a small screen, by light and dark, with the
 * keyboard alone, and with what assistive technology is told.
 */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Browser, openBrowser } from "./browser.ts";

export interface PageReader {
  readonly browser: Browser;
  /** What is seen, as text. */
  text(): Promise<string>;
  /** Names of everything with a role, in the order of the page. */
  named(role: string): Promise<(string | undefined)[]>;
  /** Names of pictures. */
  pictures(): Promise<(string | undefined)[]>;
}

/**
 * Opens the page once for the tests around the call, and declares those that every page has to
 * pass. With `AO_SCREENSHOTS=DIR` the screenshots are kept there.
 */
export function readPage(file: () => string, name: string): PageReader {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
    await browser.open(`file://${file()}`);
  }, 40_000);
  afterAll(() => browser[Symbol.asyncDispose]());

  const nodes = async () => {
    const { nodes } = await browser.call("Accessibility.getFullAXTree");
    return nodes as { role?: { value: string }; name?: { value: string } }[];
  };
  const named = async (...roles: string[]) =>
    (await nodes())
      .filter(({ role }) => roles.includes(role?.value ?? ""))
      .map(({ name }) => name?.value);
  const reader: PageReader = {
    get browser() {
      return browser;
    },
    text: async () => String(await browser.evaluate("document.body.innerText")),
    named: (role) => named(role),
    pictures: () => named("image", "SvgRoot", "graphics-document"),
  };
  commonTests(reader, file, name);
  return reader;
}

function commonTests(reader: PageReader, file: () => string, name: string): void {
  test("nothing is fetched, nothing runs, nothing is complained about", async () => {
    const { events, evaluate } = reader.browser;
    const methods = events.map(({ method }) => method);
    const requests = events.filter(({ method }) => method === "Network.requestWillBeSent");
    const urls = requests.map(({ params }) => (params.request as { url: string }).url);
    expect(urls).toEqual([`file://${file()}`]);
    expect(methods).not.toContain("Page.javascriptDialogOpening");
    expect(methods).not.toContain("Runtime.exceptionThrown");
    expect(await evaluate("document.title")).toStartWith("AO ");
    expect(await evaluate("document.querySelectorAll('script,img,link').length")).toBe(0);
  });

  test("there is one of each landmark, a name for every region, and no heading is skipped", async () => {
    for (const role of ["banner", "main", "navigation"]) {
      expect(await reader.named(role)).toHaveLength(1);
    }
    for (const label of await reader.named("region")) expect(label).toMatch(/\S/);
    for (const picture of await reader.pictures()) expect(picture).toMatch(/\S/);
    const levels = "[...document.querySelectorAll('h1,h2,h3')].map((h) => Number(h.localName[1]))";
    const found = (await reader.browser.evaluate(levels)) as number[];
    expect(found[0]).toBe(1);
    const skipped = found.filter((level, at) => level > (found[at - 1] ?? 0) + 1);
    expect(skipped).toEqual([]);
    const ids = "[...document.querySelectorAll('[id]')].map(({ id }) => id)";
    const all = (await reader.browser.evaluate(ids)) as string[];
    expect(all).toEqual([...new Set(all)]);
  });

  test("the contents are used with the keyboard alone", async () => {
    const { browser } = reader;
    const focused = () => browser.evaluate("document.activeElement.textContent");
    await browser.press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await browser.press("Tab");
    expect(await focused()).toBe(
      await browser.evaluate("document.querySelector('nav a').textContent"),
    );
    await browser.press("Enter");
    expect(await browser.evaluate("location.hash.length")).toBeGreaterThan(1);
    const links = "[...document.links].every((a) => document.querySelector(a.hash))";
    expect(await browser.evaluate(links)).toBe(true);
  });

  for (const scheme of ["light", "dark"] as const) {
    for (const width of [1280, 390]) {
      test(`every text is legible, ${scheme}, ${width} pixels wide`, async () => {
        const { browser } = reader;
        await browser.show(scheme, width);
        const dark = "matchMedia('(prefers-color-scheme: dark)').matches";
        expect(await browser.evaluate(dark)).toBe(scheme === "dark");
        expect(await browser.evaluate(faintTexts)).toEqual([]);
        expect(await browser.evaluate(overlaps)).toEqual([]);
        // What is wider than the screen scrolls by itself.
        const { wide, seen } = (await browser.evaluate(widths)) as Record<string, number>;
        expect(wide).toBe(seen);
        const png = await browser.screenshot();
        // A page of one colour would take a few hundred bytes.
        expect(png.length).toBeGreaterThan(10_000);
        const { AO_SCREENSHOTS: dir } = process.env;
        if (dir !== undefined) await Bun.write(join(dir, `${name}-${scheme}-${width}.png`), png);
      });
    }
  }
}

const widths = `({
  wide: document.documentElement.scrollWidth,
  seen: document.documentElement.clientWidth,
})`;

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

/** Texts of charts that lie on one another. */
const overlaps = `[...document.querySelectorAll("svg")].flatMap((svg) => {
  const boxes = [...svg.querySelectorAll("text")].map((text) => [text, text.getBoundingClientRect()]);
  return boxes.flatMap(([text, a], at) => boxes.slice(at + 1)
    .filter(([, b]) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom)
    .map(([other]) => text.textContent + " / " + other.textContent));
})`;
