/**
 * The README and the pages beside it: every command that they show is run as it stands there, every
 * link leads somewhere, and what they count is counted again.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { makeDemoDisk } from "../lib/demo/disk.ts";
import { allChecks } from "../lib/doctor/checks.ts";
import { exitCodes } from "../lib/errors.ts";
import manifest from "../package.json" with { type: "json" };
import { type Clone, makeClone, typeIn } from "./clone.ts";
import { anchorsIn, commandsIn, linksIn } from "./markdown.ts";
import { root } from "./process.ts";

const pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].concat(
  readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
);
const read = (page: string) => readFileSync(join(root, page), "utf8");

/** Commands of the README that no test can run, and why. */
const unrunnable: Readonly<Record<string, string>> = {
  "npm install": "asks the registry; CI begins with it",
  "npm test": "is what runs this",
};

/** Commands that end otherwise than with 0 on the demo's disk, as they should. */
const endings: Readonly<Record<string, number>> = {
  "npx aokit doctor": 1,
  "npx aokit doctor --output doctor.html": 1,
  "npx aokit migrate --json --exit-code > record.json": 1,
};

/** What has to be there for the commands under a heading. */
const preparations: Readonly<Record<string, string>> = {
  Undo: "npx aokit migrate --execute --yes",
};

describe("the README's commands, one after the other on the demo's disk", () => {
  let clone: Clone;
  const prepared = new Set<string>();
  beforeAll(() => {
    clone = makeClone();
    makeDemoDisk(clone.sandbox.home, clone.sandbox.env);
  });
  afterAll(() => clone[Symbol.dispose]());

  const home = () => ({ HOME: join(clone.sandbox.home, "home") });
  const commands = commandsIn(read("README.md"));

  test.each(commands.filter(({ line }) => !Object.hasOwn(unrunnable, line)))(
    "$line",
    async ({ heading, line }) => {
      const before = preparations[heading];
      if (before !== undefined && !prepared.has(heading)) {
        expect(await typeIn(clone, before, home())).toMatchObject({ code: 0 });
        prepared.add(heading);
      }
      const { code, text } = await typeIn(clone, line, home());
      expect({ code, text }).toMatchObject({ code: endings[line] ?? 0 });
      const [, file] = /(?:>|--output) (\S+)$/.exec(line) ?? [];
      if (file !== undefined) {
        expect(existsSync(resolve(clone.root, file.replace("~", home().HOME)))).toBe(true);
      }
    },
    60_000,
  );

  test("the exceptions are in it", () => {
    const lines = commands.map(({ line }) => line);
    for (const line of Object.keys({ ...unrunnable, ...endings })) expect(lines).toContain(line);
    const headings = commands.map(({ heading }) => heading);
    for (const heading of Object.keys(preparations)) expect(headings).toContain(heading);
  });
});

test("every other page with commands has a test that runs them", () => {
  const tests = [...new Bun.Glob("tests/**/*.test.ts").scanSync(root)].map(read);
  const bare = pages.filter(
    (page) =>
      page.startsWith("docs/") &&
      commandsIn(read(page)).length > 0 &&
      !tests.some((text) => text.includes(`"${page}"`)),
  );
  expect(bare).toEqual([]);
});

test("every npm script that a page names is there", () => {
  const named = pages.flatMap((page) => [...read(page).matchAll(/npm run (?:-s )?([\w:]+)/g)]);
  const unknown = named.map(([, name = ""]) => name).filter((name) => !(name in manifest.scripts));
  expect(unknown).toEqual([]);
});

describe.each(pages)("%s", (page) => {
  test("its links lead to files and headings that are there", () => {
    const broken = linksIn(read(page)).filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : relative(root, join(root, dirname(page), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsIn(read(target)).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

test("the README has every exit code, every script and every part of lib", () => {
  const page = read("README.md");
  for (const code of Object.values(exitCodes)) expect(page).toContain(`\n| ${code} | `);
  for (const file of readdirSync(join(root, "scripts"))) {
    const name = file.replace(/\.ts$/, "");
    if (name !== "build") expect(page).toContain(`\n| \`${name}\` | `);
  }
  const named = [...page.matchAll(/`(?:lib\/)?([\w-]+\*?)(?:\.ts|\/)`/g)].map(
    ([, name = ""]) => name,
  );
  const missing = readdirSync(join(root, "lib"))
    .map((name) => name.replace(/\.ts$/, ""))
    .filter((name) => !named.some((known) => new Bun.Glob(known).match(name)));
  expect(missing).toEqual([]);
});

test("what is counted in words is counted right", () => {
  const fixes = allChecks.filter(({ fix }) => fix !== undefined).length;
  expect(read("README.md")).toContain(` ${allChecks.length} checks`);
  expect(read("CHANGELOG.md").replace(/\s+/g, " ")).toContain(
    `${allChecks.length} checks of tools, config, storage, sessions, worktrees, runtime, migrations and the Go rewrite; an explanation for each and a fix for ${fixes}.`,
  );
});
