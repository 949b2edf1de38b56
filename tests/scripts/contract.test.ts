/** What holds for every script, found by running each as a process. */

import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { type Flags, spell } from "../../lib/args.ts";
import { type Command, execute, type Script } from "../../lib/cli.ts";
import { errorDocumentSchema } from "../../lib/documents.ts";
import { exitCodes } from "../../lib/errors.ts";
import manifest from "../../package.json" with { type: "json" };
import { makeHost } from "../host.ts";
import { root, runScript } from "../process.ts";

const files = [...new Bun.Glob("scripts/*.ts").scanSync(root)].sort();
// The probe keeps this test honest while a script is young, since it has everything.
const paths = ["tests/probe.ts", ...files];

interface Called {
  /** The words that lead to the command. */
  words: string[];
  command: Command;
}

const scripts = new Map<string, Script>();
for (const path of paths) scripts.set(path, (await import(`${root}/${path}`)).default);

/** The script's own command and all inside it, except for those that are scripts themselves. */
function commandsOf(command: Command, words: string[] = []): Called[] {
  const elsewhere = new Set<Command>(scripts.values());
  const inner = Object.entries(command.commands).filter(([, child]) => !elsewhere.has(child));
  return [
    { words, command },
    ...inner.flatMap(([name, child]) => commandsOf(child, [...words, name])),
  ];
}

/** Words that are one too many for the command, or undefined when it takes any number. */
function tooManyWords({ positionals, commands }: Command): string[] | undefined {
  const known = Object.values(positionals);
  if (known.some(({ repeat }) => repeat === true)) return undefined;
  const extra = Object.keys(commands).length > 0 ? "no-such-command" : "extra-word";
  return [...known.map((_, index) => `word-${index}`), extra];
}

function spellings(flags: Flags): string[] {
  return Object.entries(flags).map(([key, flag]) => spell(key, flag));
}

/** The script with commands that do nothing, to see whether a command line is accepted. */
function pretending<C extends Command>(command: C): C {
  const inner = Object.entries(command.commands);
  return {
    ...command,
    commands: Object.fromEntries(inner.map(([name, child]) => [name, pretending(child)])),
    ...(command.run === undefined ? {} : { run: async () => "done" as const }),
  };
}

/** The words of a command up to a pipe or a redirection, as a shell splits them. */
function shellWords(text: string): string[] {
  const words = [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? "",
  );
  const end = words.findIndex((word) => /^(\||&&|2?>)/.test(word));
  return end === -1 ? words : words.slice(0, end);
}

for (const [path, script] of scripts) {
  const commands = commandsOf(script);

  describe(path, () => {
    test("is named as its file", () => {
      expect(path).toEndWith(`/${script.name}.ts`);
    });

    test("--help says all there is to know, on stdout, in 80 columns", async () => {
      const pages = commands.map(async ({ words, command }) => {
        const { code, stdout, stderr } = await runScript(path, [...words, "--help"]);
        expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: "" });
        const [summary = ""] = stdout.split("\n");
        expect(command.summary).toStartWith(summary);
        for (const spelling of [...spellings(command.args), "--json", "--base-dir"]) {
          expect(stdout).toMatch(new RegExp(`^  ${spelling}( |$)`, "m"));
        }
        for (const code of Object.values(exitCodes)) {
          expect(stdout).toMatch(new RegExp(`^  ${code} `, "m"));
        }
        const wide = stdout.split("\n").filter((line) => Bun.stringWidth(line) > 80);
        expect(wide).toEqual([]);
        expect(stdout).not.toContain("\x1b");
      });
      await Promise.all(pages);
    });

    test("every command that takes something has examples, and they can be run", async () => {
      for (const { words, command } of commands) {
        const takes = Object.keys({ ...command.args, ...command.positionals }).length > 0;
        if (takes)
          expect({ words, examples: command.examples }).not.toMatchObject({ examples: [] });
        for (const example of command.examples) {
          const { host, written } = makeHost([...words, ...shellWords(example.command)]);
          const code = await execute(pretending(script), host);
          expect({ example, code, stderr: written.stderr }).toEqual({
            ...{ example, code: 0, stderr: "" },
          });
        }
      }
    });

    test("--version is that of the package", async () => {
      const { code, stdout, stderr } = await runScript(path, ["--version"]);
      expect({ code, stdout, stderr }).toEqual({
        ...{ code: 0, stdout: `${manifest.version}\n`, stderr: "" },
      });
    });

    test("an unknown flag is refused with the nearest name", async () => {
      const { code, stdout, stderr } = await runScript(path, ["--jsonn"]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toBe(
        'error: Cannot use "--jsonn": no such flag\nhint: did you mean --json?\n',
      );
    });

    test("an extra word is refused", async () => {
      const calls = commands.map(async ({ words, command }) => {
        const extra = tooManyWords(command);
        if (extra === undefined) return;
        const { code, stdout, stderr } = await runScript(path, [...words, ...extra]);
        expect({ words, code, stdout }).toEqual({ words, code: 2, stdout: "" });
        expect(stderr).toContain(`Cannot use "${extra.at(-1)}": unexpected word`);
      });
      await Promise.all(calls);
    });

    test("an error with --json is one document on stdout and nothing else", async () => {
      const { code, stdout, stderr } = await runScript(path, ["--json", "--no-such-flag"]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
      const document = v.parse(errorDocumentSchema, JSON.parse(stdout));
      expect(document.error.outcome).toBe("usage");
      expect(stdout).toEndWith("}\n");
    });

    test("colours follow FORCE_COLOR, NO_COLOR and --no-color", async () => {
      const colored = async (args: string[], env: Record<string, string>) => {
        const { stdout, stderr } = await runScript(path, args, { env });
        return (stdout + stderr).includes("\x1b[");
      };
      const forced = { FORCE_COLOR: "1" };
      for (const args of [["--help"], ["--no-such-flag"]]) {
        expect(await colored(args, forced)).toBe(true);
        expect(await colored(args, { ...forced, NO_COLOR: "1" })).toBe(false);
        expect(await colored([...args, "--no-color"], forced)).toBe(false);
      }
    });
  });
}
