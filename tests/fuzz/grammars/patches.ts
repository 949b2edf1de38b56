/** Fields changed in the text: everything else must stay, byte for byte. */

import {
  type Edit,
  formatPointer,
  type Json,
  performEdit,
  sameJson,
  valueAt,
} from "../../../lib/edits.ts";
import { ToolkitError } from "../../../lib/errors.ts";
import { locateJson, parseJson, patchJsonText } from "../../../lib/json.ts";
import { decodeUtf8 } from "../../../lib/utf8.ts";
import { parseYaml, patchYamlText } from "../../../lib/yaml.ts";
import { readFullYaml } from "../../../lib/yaml-document.ts";
import { yamlValue } from "../../../lib/yaml-model.ts";
import { hostileText, hostileValue } from "../hostile.ts";
import type { Grammar } from "../hunt.ts";
import { inputOf } from "../mutate.ts";
import { Random, seedOf } from "../random.ts";
import { configValue, sessionJson } from "../samples.ts";
import { jsonText, yamlText } from "../write.ts";

/** A replaced value, and where it stood. */
interface Change {
  edit: Edit;
  path: string[];
}

/** Changes of a value, always the same for the same text. */
function changesOf(text: string, value: Json): Change[] {
  const random = new Random(seedOf(text.length, text.slice(0, 2000), 0));
  const paths = pathsIn(value);
  return random.times(3, () => {
    const path = random.pick(paths);
    const before = valueAt(value, path) ?? null;
    const pointer = formatPointer(path);
    const edit = random.oneOf<Edit>([
      [4, () => ({ pointer, before, after: hostileValue(random) })],
      [1, () => ({ pointer, before })],
      [1, () => ({ pointer: `${pointer}/new`, after: hostileValue(random) })],
      [1, () => ({ pointer, rename: hostileText(random) })],
      [1, () => ({ pointer, before: "another", after: "value" })],
    ]);
    return { edit, path };
  });
}

function pathsIn(value: Json, path: string[] = [], found: string[][] = [[]]): string[][] {
  if (typeof value !== "object" || value === null || path.length > 6) return found;
  for (const [key, item] of Object.entries(value)) {
    const here = [...path, key];
    found.push(here);
    pathsIn(item, here, found);
  }
  return found;
}

/** Whether walking through it by recursion, as this file does, would overflow the stack. */
function isDeep(root: Json): boolean {
  let level: Json[] = [root];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > 300) return true;
    level = level.flatMap((item) =>
      typeof item === "object" && item !== null ? Object.values(item) : [],
    );
  }
  return false;
}

/** What patching gave must read as the edit says, and leave all other bytes. */
function changeFault(
  text: string,
  value: Json,
  { edit, path }: Change,
  format: {
    patch: typeof patchJsonText;
    read: (text: string) => Json;
    place: (pointer: string) => { start: number; end: number } | null;
  },
): string | null {
  const result = format.patch(text, [edit]);
  const { applied, already, conflicts } = result;
  if (applied.length + already.length + conflicts.length !== 1) return "the edit is lost";
  const call = JSON.stringify(edit).slice(0, 200);
  if (applied.length === 0) return result.text === text ? null : `changed without ${call}`;
  // A YAML text without content takes a field as an empty mapping does.
  const root = value === null && edit.pointer !== "" ? {} : structuredClone(value);
  const expected = performEdit(root, edit);
  if (!sameJson(format.read(result.text), expected)) return `reads otherwise after ${call}`;
  if (edit.rename !== undefined || edit.before === undefined || edit.after === undefined) {
    return null;
  }
  const place = format.place(formatPointer(path));
  if (place === null) return null;
  const before = text.slice(0, place.start);
  const after = text.slice(place.end);
  const kept = result.text.startsWith(before) && result.text.endsWith(after);
  return kept ? null : `other bytes changed by ${call}`;
}

export const patchJson: Grammar = {
  name: "patch-json",
  make: (random) => inputOf(random, { value: sessionJson, write: jsonText }),
  check(input) {
    const decoded = decodeUtf8(input);
    if ("fault" in decoded) return null;
    const { text } = decoded;
    const value = readOr(() => parseJson(text));
    if (value === undefined) return refusalOf(() => patchJsonText(text, [{ pointer: "/a" }]));
    if (isDeep(value))
      return mayRefuse(() => patchJsonText(text, [{ pointer: "", before: value }]));
    for (const change of changesOf(text, value)) {
      const fault = changeFault(text, value, change, {
        patch: patchJsonText,
        read: parseJson,
        place: (pointer) => {
          const found = locateJson(text, pointer);
          return found && { start: found.offset, end: found.offset + found.length };
        },
      });
      if (fault !== null) return fault;
    }
    return null;
  },
};

export const patchYaml: Grammar = {
  name: "patch-yaml",
  make: (random) => inputOf(random, { value: configValue, write: yamlText }),
  check(input) {
    const decoded = decodeUtf8(input);
    if ("fault" in decoded) return null;
    const { text } = decoded;
    const parsed = readOr(() => parseYaml(text, "a.yaml"));
    if (parsed === undefined) {
      return refusalOf(() => patchYamlText(text, [{ pointer: "/a", after: 1 }]));
    }
    const { value } = parsed;
    if (isDeep(value))
      return mayRefuse(() => patchYamlText(text, [{ pointer: "", before: value }]));
    if (!sameJson(yamlValue(readFullYaml(text, "a.yaml")), value)) {
      return "the quick reader reads something else than the full one";
    }
    for (const change of changesOf(text, value)) {
      const fault = changeFault(text, value, change, {
        patch: patchYamlText,
        read: (changed) => parseYaml(changed, "a.yaml").value,
        place: (pointer) => placeInYaml(parsed, text, pointer),
      });
      if (fault !== null) return fault;
    }
    return null;
  },
};

/** From the key's mark to the end of the node, by the YAML library's own offsets. */
function placeInYaml(
  parsed: ReturnType<typeof parseYaml>,
  text: string,
  pointer: string,
): { start: number; end: number } | null {
  const keys = pointer.split("/").slice(1);
  const node = parsed.document.getIn(
    keys.map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~")),
    true,
  ) as { range?: [number, number, number] } | undefined;
  if (node?.range === undefined) return null;
  const shift = text.startsWith("\ufeff") ? 1 : 0;
  const head = text.slice(0, node.range[0] + shift);
  const tail = text.slice(node.range[2] + shift);
  // White space around a value may go with it, and tags and comments between its key and itself.
  const start = head.replace(/(?:\s|(?<=\s)#[^\n]*\n|(?<=\s)[&!]\S*\s)+$/, "").length;
  return { start, end: text.length - tail.trimStart().length };
}

function readOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ToolkitError || error instanceof SyntaxError) return undefined;
    // JSON.parse has a limit of its own.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function mayRefuse(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof ToolkitError && error.outcome === "invalid") return null;
    throw error;
  }
}

/** What cannot be read cannot be patched, and says so as an error for the user. */
function refusalOf(act: () => unknown): string | null {
  try {
    act();
    return "patched what cannot be read";
  } catch (error) {
    if (error instanceof ToolkitError && error.outcome === "invalid") return null;
    throw error;
  }
}
