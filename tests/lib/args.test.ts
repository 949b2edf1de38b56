import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { commonFlags, type Flags, findFirstWord, kebab, parseArgs, spell } from "../../lib/args.ts";
import { ToolkitError } from "../../lib/errors.ts";

const flags = {
  dryRun: { type: "boolean", description: "", excludes: ["execute"] },
  execute: { type: "boolean", description: "" },
  tmux: { type: "boolean", default: true, description: "" },
  plan: { type: "string", valueName: "FILE", description: "" },
  only: {
    type: "enum",
    options: ["rekey", "merge"],
    repeat: true,
    valueName: "STEP",
    description: "",
  },
  decide: { type: "string", repeat: true, valueName: "KEY", description: "" },
  format: {
    type: "enum",
    options: ["text", "html"],
    default: "text",
    valueName: "F",
    description: "",
  },
  count: { type: "integer", min: 0, max: 10, valueName: "N", description: "" },
} as const satisfies Flags;

const positionals = {
  session: { description: "" },
  others: { description: "", repeat: true },
} as const;

const parse = (...argv: string[]) => parseArgs(argv, { flags, positionals });

/** The message and the hint of a refused command line. */
function refusal(argv: string[], grammar = { flags: flags as Flags, positionals: {} }): string {
  try {
    parseArgs(argv, grammar, ["list", "info"]);
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    expect(error.outcome).toBe("usage");
    return error.hint === undefined ? error.message : `${error.message} / ${error.hint}`;
  }
  throw new Error(`${argv.join(" ")} was accepted`);
}

describe("a command line that is right", () => {
  test("may be empty: then every flag has its default, or is absent", () => {
    expect(parse()).toEqual({
      ...{ dryRun: false, execute: false, tmux: true, only: [], decide: [], format: "text" },
      others: [],
    });
  });

  test("gives values with = and as the next word", () => {
    expect(parse("--plan=a=b", "--count", "7")).toMatchObject({ plan: "a=b", count: 7 });
    expect(parse("--plan", "a", "--count=0")).toMatchObject({ plan: "a", count: 0 });
  });

  test("may repeat flags that are declared so", () => {
    const values = parse("--only", "merge", "--only=rekey", "--decide", "a=b");
    expect(values).toMatchObject({ only: ["merge", "rekey"], decide: ["a=b"] });
  });

  test("turns off with --no- what is declared so", () => {
    expect(parse("--no-tmux")).toMatchObject({ tmux: false });
  });

  test("ends its flags with --", () => {
    expect(parse("--execute", "--", "--json", "--")).toMatchObject({
      ...{ execute: true, session: "--json", others: ["--"] },
    });
  });

  test("takes a lone dash, and a value that begins with one dash, as they are", () => {
    expect(parse("-", "--plan", "-")).toMatchObject({ session: "-", plan: "-" });
    expect(parse("--plan=--json")).toMatchObject({ plan: "--json" });
  });

  test("may say a flag without a value twice", () => {
    expect(parse("--execute", "--execute")).toMatchObject({ execute: true });
  });
});

describe("a command line that is wrong", () => {
  test.each<[string[], string]>([
    [["--dry-rum"], 'Cannot use "--dry-rum": no such flag / did you mean --dry-run?'],
    [["--dryRun"], 'Cannot use "--dryRun": no such flag / did you mean --dry-run?'],
    [["--DRY-RUN"], 'Cannot use "--DRY-RUN": no such flag / did you mean --dry-run?'],
    [["--tmux"], 'Cannot use "--tmux": no such flag'],
    [["--notmux"], 'Cannot use "--notmux": no such flag / did you mean --no-tmux?'],
    [["--no-execute"], 'Cannot use "--no-execute": no such flag'],
    [["--exec=1"], 'Cannot use "--exec": no such flag / did you mean --execute?'],
    [["--__proto__"], 'Cannot use "--__proto__": no such flag'],
    [["-p"], 'Cannot use "-p": flags are long, --name / did you mean --plan?'],
    [["--execute=0"], 'Cannot use "--execute=0": --execute takes no value'],
    [["--execute="], 'Cannot use "--execute=": --execute takes no value'],
    [["--plan"], 'Cannot use "--plan": its value is missing / --plan FILE'],
    [
      ["--plan", "--", "x"],
      'Cannot use "--plan": its value is missing, "--" is a flag / --plan FILE',
    ],
    [
      ["--plan", "--execute"],
      'Cannot use "--plan": its value is missing, "--execute" is a flag / --plan FILE',
    ],
    [["--plan="], 'Cannot use "--plan": its value is empty / --plan FILE'],
    [["--plan", ""], 'Cannot use "--plan": its value is empty / --plan FILE'],
    [["--plan=a", "--plan=b"], 'Cannot use "--plan": it is given more than once'],
    [["--only=merg"], 'Cannot use "--only=merg": expected rekey, merge / did you mean merge?'],
    [["--count=x"], 'Cannot use "--count=x": expected a whole number from 0 to 10'],
    [["--count", "1e1"], 'Cannot use "--count=1e1": expected a whole number from 0 to 10'],
    [["--count=11"], 'Cannot use "--count=11": expected a whole number from 0 to 10'],
    [["--dry-run", "--execute"], 'Cannot use "--dry-run": it cannot go together with --execute'],
    [["lst"], 'Cannot use "lst": unexpected word / did you mean list?'],
    [["execute"], 'Cannot use "execute": unexpected word / did you mean --execute?'],
    [["\x1b[2J"], 'Cannot use "\\x1b[2J": unexpected word'],
  ])("%p", (argv, message) => {
    expect(refusal(argv)).toBe(message);
  });

  test("lacks what is required", () => {
    const issue = { type: "string", valueName: "ID", required: true, description: "" } as const;
    const project = { description: "", required: true } as const;
    expect(refusal([], { flags: { issue }, positionals: {} })).toBe(
      'Cannot run without "--issue ID": it is required',
    );
    const grammar = { flags: {}, positionals: { projectId: project } };
    expect(refusal([], grammar)).toBe('Cannot run without "PROJECT-ID": it is required');
    expect(refusal([""], grammar)).toBe('Cannot use "": PROJECT-ID cannot be empty');
  });

  test("says the range of a number that has one end", () => {
    const number = { type: "integer", valueName: "N", description: "" } as const;
    const of = (range: object) => ({ flags: { n: { ...number, ...range } }, positionals: {} });
    expect(refusal(["--n=-1"], of({ min: 0 }))).toContain("whole number, at least 0");
    expect(refusal(["--n=8"], of({ max: 7 }))).toContain("whole number, at most 7");
    expect(refusal(["--n=9007199254740993"], of({}))).toContain("expected a whole number");
  });
});

test("whatever values are written down are read back", () => {
  const word = fc.string({ minLength: 1 }).filter((text) => !text.startsWith("-"));
  const value = fc.string({ minLength: 1 });
  fc.assert(
    fc.property(
      fc.option(value),
      fc.array(value),
      fc.array(word),
      fc.boolean(),
      fc.nat(10),
      (plan, decide, words, tmux, count) => {
        const argv = [...words, ...decide.map((key) => `--decide=${key}`), `--count=${count}`];
        if (plan !== null) argv.push(`--plan=${plan}`);
        if (!tmux) argv.unshift("--no-tmux");
        const read = parse(...argv);
        expect(read).toMatchObject({ decide, tmux, count, others: words.slice(1) });
        expect(read.session).toBe(words[0] as string);
        expect(read.plan).toBe(plan ?? (undefined as unknown as string));
      },
    ),
  );
});

test("the first word is found behind flags and their values, but not behind an unknown flag", () => {
  const find = (...argv: string[]) => findFirstWord(argv, flags);
  expect(find("list")).toBe(0);
  expect(find("--plan", "a", "--execute", "list", "more")).toBe(3);
  expect(find("--plan=a", "list")).toBe(1);
  expect(find("--unknown", "list")).toBe(-1);
  expect(find("--execute", "--", "list")).toBe(-1);
});

test("keys are spelled in kebab-case", () => {
  expect(kebab("storageKeyField")).toBe("storage-key-field");
  expect(spell("dryRun", flags.dryRun)).toBe("--dry-run");
  expect(spell("color", commonFlags.color)).toBe("--no-color");
});
