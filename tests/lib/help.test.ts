import { expect, test } from "bun:test";
import { helpPage, type Page } from "../../lib/help.ts";
import { createStyle } from "../../lib/terminal.ts";

const page: Page = {
  summary: "Take task sessions from files to directories",
  args: {
    execute: { type: "boolean", description: "Do it, after a question" },
    plan: {
      type: "string",
      valueName: "FILE",
      required: true,
      description: "The plan that was saved by --output; it is checked against the disk first",
    },
    aVeryLongFlagNameIndeed: { type: "string", valueName: "VALUE", description: "Something" },
    jobs: { type: "integer", valueName: "N", default: 4, description: "How many at once" },
    sandbox: { type: "boolean", description: "In a copy", group: "Rehearsal" },
  },
  positionals: { session: { description: "Which ones", required: true, repeat: true } },
  commands: {},
  examples: [{ command: "--execute --yes", text: "Do it without questions" }],
  exits: { findings: "a session could not be read" },
  files: [{ path: "~/.agent-orchestrator", text: "AO's state" }],
};

const call = { invocation: "bun run scripts/x.ts", style: createStyle(false) };

test("a page has every part in its order", () => {
  const [before = "", after = ""] = helpPage(page, call).split(/Common flags:\n(?: {2}.*\n)+\n/);
  expect(before).toBe(`Take task sessions from files to directories

Usage: bun run scripts/x.ts --plan FILE [flags] SESSION...

Arguments:
  SESSION...  Which ones

Flags:
  --execute                 Do it, after a question
  --plan FILE               The plan that was saved by --output; it is checked
                            against the disk first; required
  --a-very-long-flag-name-indeed VALUE
                            Something
  --jobs N                  How many at once; default 4

Rehearsal:
  --sandbox  In a copy

`);
  expect(after).toContain(`Examples:
  Do it without questions
    bun run scripts/x.ts --execute --yes
`);
  expect(after).toContain("Environment:\n  HOME ");
  expect(after).toContain("  1    a session could not be read\n  2    usage");
  expect(after).toEndWith("Files:\n  ~/.agent-orchestrator  AO's state\n");
});

test("codes that are not ours come last", () => {
  const exits = { other: "that of the command" };
  const text = helpPage({ ...page, exits }, call);
  expect(text).toContain("  130    cancelled\n  other  that of the command\n\nEnvironment:\n");
});

test("the same choices are listed once", () => {
  const options = ["one", "two"] as const;
  const flag = { type: "enum", valueName: "STEP", options } as const;
  const args = {
    only: { ...flag, description: "This one" },
    skip: { ...flag, description: "Not that one", default: "one" },
    other: { ...flag, options: ["one", "two"], description: "Something else" },
  } as const;
  const text = helpPage({ ...page, args }, call);
  expect(text).toContain("  --only STEP   This one; one of one, two\n");
  expect(text).toContain("  --skip STEP   Not that one; one of those of --only; default one\n");
  expect(text).toContain("  --other STEP  Something else; one of one, two\n");
});

test("a page with commands names them and says how to learn more", () => {
  const parent: Page = { ...page, args: {}, positionals: {}, commands: { take: page } };
  const text = helpPage(parent, call);
  expect(text).toContain("Usage: bun run scripts/x.ts COMMAND [flags]\n");
  const alone = helpPage({ ...parent, run: () => "done" }, call);
  expect(alone).toContain("Usage: bun run scripts/x.ts [COMMAND] [flags]\n");
  expect(text).toContain("  take SESSION...  Take task sessions from files to directories\n");
  expect(text).toContain("(bun run scripts/x.ts COMMAND --help shows its flags)");
});

test("no line is wider than asked, and colour changes no letter", () => {
  const text = helpPage(page, { ...call, width: 60 });
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
  const colored = helpPage(page, { ...call, width: 60, style: createStyle(true) });
  expect(colored).toContain("\x1b[1mFlags:\x1b[22m");
  expect(Bun.stripANSI(colored)).toBe(text);
});
