import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { errorDocumentSchema } from "../../lib/documents.ts";
import { ToolkitError } from "../../lib/errors.ts";
import { errorDocument, formatError } from "../../lib/failure.ts";
import { createStyle } from "../../lib/terminal.ts";
import manifest from "../../package.json" with { type: "json" };

const plain = createStyle(false);
const failure = new ToolkitError("invalid", 'Cannot read "a\x1b[2J": bad\nhint: rm -rf', {
  hint: "mend it",
  place: { file: "a\nb.yaml", line: 3, column: 7 },
  cause: new Error("EIO: i/o error"),
});

describe("an error for the user", () => {
  test("is told with place, cause and hint, and foreign text cannot pose as any of them", () => {
    expect(formatError(failure, plain)).toBe(
      [
        'error: Cannot read "a\\x1b[2J": bad',
        "  hint: rm -rf",
        "  at a\\x0ab.yaml:3:7",
        "  cause: EIO: i/o error",
        "hint: mend it\n",
      ].join("\n"),
    );
  });

  test("has no stack trace, and a cause that the message tells already is not repeated", () => {
    const cause = new Error("disk full");
    const error = new ToolkitError("refused", "Cannot write: disk full", { cause });
    expect(formatError(error, plain)).toBe("error: Cannot write: disk full\n");
  });

  test("is a document too", () => {
    const document = errorDocument(failure);
    expect(v.parse(errorDocumentSchema, document)).toEqual(document);
    expect(document.error).toEqual({
      outcome: "invalid",
      message: failure.message,
      hint: "mend it",
      place: { file: "a\nb.yaml", line: 3, column: 7 },
    });
    const bare = errorDocument(new ToolkitError("cancelled", "Cancelled"));
    expect(bare).toEqual({ error: { outcome: "cancelled", message: "Cancelled", hint: null } });
  });
});

describe("a bug", () => {
  const error = new TypeError("x is undefined", { cause: new Error("the root") });

  test("is told with the stack traces of it and of its cause", () => {
    const text = formatError(error, plain);
    expect(text).toStartWith("error: x is undefined\nTypeError: x is undefined\n");
    expect(text).toContain(import.meta.file);
    expect(text).toContain("\ncaused by Error: the root\n");
    expect(text).toEndWith(`${manifest.version}: please report it with the lines above\n`);
  });

  test("can be anything that was thrown", () => {
    expect(formatError("a string", plain)).toStartWith("error: a string\nhint: this is a bug");
    expect(errorDocument(undefined).error).toMatchObject({ outcome: "bug", message: "undefined" });
  });

  test("ends its chain of causes, even a round one", () => {
    const round = new Error("round");
    round.cause = round;
    expect(formatError(round, plain).match(/caused by/g)).toHaveLength(3);
  });
});
