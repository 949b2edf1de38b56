import { expect, test } from "bun:test";
import { Terminal } from "./terminal.ts";

/** The rows as text, styles in brackets before what they are for. */
function shown(...pieces: string[]): string[] {
  const terminal = new Terminal(10);
  for (const piece of pieces) terminal.write(piece);
  return terminal
    .rows()
    .map((row) =>
      row
        .map(({ column, text, style }) => `${column}:${style === "" ? "" : `[${style}]`}${text}`)
        .join(" "),
    );
}

test("rows hold runs of one style, without the blanks at their end", () => {
  expect(shown("a \x1b[1mb\x1b[22m c  \r\n\r\n\x1b[1;36md\x1b[0me")).toEqual([
    "0:a 2:[bold]b 3: c",
    "",
    "0:[bold cyan]d 1:e",
  ]);
});

test("a row that is full goes on in the next one, and not before there is more", () => {
  expect(shown("0123456789", "\r\n", "next")).toEqual(["0:0123456789", "0:next"]);
  expect(shown("0123456789ab")).toEqual(["0:0123456789", "0:ab"]);
});

test("a bar is drawn over and taken away", () => {
  expect(shown("[#.]\x1b[K\r[##]\x1b[K\r\x1b[Kdone")).toEqual(["0:done"]);
});

test("a question gives way to its answer", () => {
  const question = "? go\r\n  yes\r\n└\r\n";
  expect(shown(question, "\x1b[999D\x1b[3A\x1b[J! gone\r\n")).toEqual(["0:! gone"]);
});

test("what it does not know is refused", () => {
  expect(() => shown("\x1b[2J")).toThrow("unknown control sequence");
  expect(() => shown("\x1b[45m")).toThrow("unknown colour");
});
