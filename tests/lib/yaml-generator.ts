/**
 * Generated YAML for property tests: blocks, brackets, every quoting, comments, blank lines, list
 * and mapping indents, both line ends, byte order marks — with the value that was meant.
 */

import fc from "fast-check";
import type { Json } from "../../lib/edits.ts";

export interface WrittenYaml {
  value: Json;
  text: string;
}

/** What stands behind a `key:` or `-`, and the lines below it (with their indents). */
interface Node {
  value: Json;
  inline: string;
  below: string[];
  /** A mapping or list by indentation, whose lines may start behind a dash. */
  block: boolean;
}

const word = fc.stringMatching(/^[a-z]{1,4}$/);

/** Keys that every quoting can hold; no whole numbers, which objects in memory put first. */
export const yamlKey = fc.oneof(
  { weight: 4, arbitrary: word },
  fc.constantFrom(
    "app-1",
    "a.b",
    "A_b",
    "a/b",
    "~",
    "with space",
    "null",
    "1e3",
    "it's",
    "ü",
    "#x",
  ),
);

const plainText = fc.oneof(
  word,
  fc.constantFrom("~/repos/app", "https://h/o/r.git", "a b", "x#y", "a:b", "-x", "v1.2", "it's"),
);

const oddText = fc.oneof(
  plainText,
  fc.constantFrom("", "yes", "7e3", "null", "a: b", "a #b", "- x", "# x", "{", "&a", '"q"', "\\"),
  fc.string({ unit: "grapheme", maxLength: 5 }).map((text) => text.replace(/[^\x20-\x7e]/g, "é")),
);

/** Any value that an edit may write. */
export const yamlScalarValue: fc.Arbitrary<null | boolean | number | string> = fc.oneof(
  { weight: 4, arbitrary: oddText },
  fc.constantFrom<null | boolean | number | string>(null, true, 0, -1.5, 1e21, "a\nb\n", "\u2028"),
  fc.string({ unit: "binary", maxLength: 4 }),
);

const single = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const scalar: fc.Arbitrary<Node> = fc
  .oneof<fc.Arbitrary<Pick<Node, "value" | "inline">>[]>(
    plainText.map((value) => ({ value, inline: value })),
    oddText.map((value) => ({ value, inline: single(value) })),
    oddText.map((value) => ({ value, inline: JSON.stringify(value) })),
    fc.constantFrom(
      { value: null, inline: "" },
      { value: null, inline: "~" },
      { value: true, inline: "true" },
      { value: 12, inline: "0012" },
      { value: 7000, inline: "7e3" },
      { value: [], inline: "[]" },
      { value: {}, inline: "{ }" },
    ),
  )
  .map((made): Node => ({ ...made, below: [], block: false }));

const spelt = (key: string, quote: number): string => {
  if (quote === 1) return single(key);
  if (quote === 2 || !/^(?!null)[A-Za-z][\w./-]*$/.test(key)) return JSON.stringify(key);
  return key;
};

const comment = fc.option(
  word.map((text) => ` # ${text}`),
  { nil: "", freq: 4 },
);
const lead = fc.array(
  fc.oneof(
    fc.constant(""),
    word.map((text) => `# ${text}`),
    word.map((text) => `      # ${text}`),
  ),
  { maxLength: 2, size: "small" },
);
const leads = fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, lead);
const unit = fc.constantFrom("  ", "  ", "    ");

const { node } = fc.letrec<{ node: Node; map: Node; list: Node; flow: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: scalar },
    { weight: 3, arbitrary: tie("map") },
    { weight: 2, arbitrary: tie("list") },
    { weight: 1, arbitrary: tie("flow") },
    { weight: 1, arbitrary: fc.constantFrom(literal("|", "a\nb\n"), literal("|-", "a\n\nb")) },
  ),
  map: fc
    .uniqueArray(fc.tuple(yamlKey, fc.nat({ max: 2 }), tie("node"), leads, comment, unit), {
      selector: ([key]) => key,
      minLength: 1,
      maxLength: 4,
    })
    .map((members) => ({
      value: Object.fromEntries(members.map(([key, , item]) => [key, item.value])),
      inline: "",
      below: members.flatMap(([key, quote, item, before, after, indent]) => [
        ...before,
        ...entryLines(`${spelt(key, quote)}:`, item, after, indent),
      ]),
      block: true,
    })),
  list: fc
    .array(fc.tuple(tie("node"), leads, comment, unit), { minLength: 1, maxLength: 3 })
    .map((items) => ({
      value: items.map(([item]) => item.value),
      inline: "",
      below: items.flatMap(([item, before, after, indent]) => [
        ...before,
        ...itemLines(item, after, indent),
      ]),
      block: true,
    })),
  flow: fc
    .oneof(
      fc.array(fc.tuple(yamlKey, oddText), { maxLength: 3 }).map((pairs) => {
        const value = Object.fromEntries(pairs);
        const parts = Object.entries(value).map(([k, v]) => `${spelt(k, 2)}: ${single(v)}`);
        return { value, inline: `{ ${parts.join(", ")} }` };
      }),
      fc.array(oddText, { minLength: 1, maxLength: 3 }).map((value) => ({
        value,
        inline: `[${value.map((item) => JSON.stringify(item)).join(",")}]`,
      })),
      fc
        .array(word, { minLength: 1, maxLength: 2 })
        .map((value) => ({ value: { list: value }, inline: `{list: [${value.join(", ")}]}` })),
    )
    .map((made) => ({ ...made, below: [], block: false })),
}));

function literal(mark: string, value: string): Node {
  const below = value.replace(/\n$/, "").split("\n");
  return { value, inline: mark, below: below.map((line) => line && `  ${line}`), block: false };
}

const behind = (mark: string, inline: string): string => (inline ? `${mark} ${inline}` : mark);

function entryLines(mark: string, item: Node, after: string, indent: string): string[] {
  const deeper = item.block ? item.below.map((line) => line && indent + line) : item.below;
  return [behind(mark, item.inline) + after, ...deeper];
}

function itemLines(item: Node, after: string, indent: string): string[] {
  const [first = "", ...rest] = item.below;
  // A mapping starts behind its dash, where its first line is one of it.
  if (item.block && first !== "" && !first.startsWith("#") && !first.startsWith(" ")) {
    return [`- ${first}`, ...rest.map((line) => line && `  ${line}`)];
  }
  return entryLines("-", item, after, indent);
}

/** Documents whose root is a mapping or a list. */
export const yamlDocument: fc.Arbitrary<WrittenYaml> = fc
  .tuple(
    node.filter(({ block }) => block),
    fc.constantFrom("\n", "\n", "\r\n"),
    fc.constantFrom("", "", "\ufeff"),
    fc.constantFrom("\n", "\n", "", "\n\n# end\n"),
  )
  .map(([{ value, below }, newline, mark, end]) => {
    const text = mark + below.join("\n") + end;
    return { value, text: text.replaceAll("\n", newline) };
  })
  // Behind a literal a deep comment would be one more line of it.
  .filter(({ text }) => !/\|-?(?: #.*)?\r?$/m.test(text) || !/^ {6,}#/m.test(text))
  // A literal at the very end has no line break to keep.
  .filter(({ text }) => !/\|-?(?:\r?\n +\w|\r?\n)*$/.test(text) || text.endsWith("\n"));
