import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatBytes,
  formatCount,
  hanging,
  nearest,
  plural,
  printable,
  printableJson,
  printableLines,
  shellWord,
  table,
  truncateMiddle,
  wrap,
} from "../../lib/text.ts";

describe("printable", () => {
  test("shows what could move the cursor, reorder a line or hide", () => {
    expect(printable("a\x1b[2Jb\r\n\tc\x7f\x9b")).toBe("a\\x1b[2Jb\\x0d\\x0a\\x09c\\x7f\\x9b");
    expect(printable("user\u202etxt.exe")).toBe("user\\u{202e}txt.exe");
    expect(printable("a\u200bb\ufeff\u2028\u2066\u{e0041}")).toBe(
      "a\\u{200b}b\\u{feff}\\u{2028}\\u{2066}\\u{e0041}",
    );
    expect(printable("half \ud800 pair")).toBe("half \\u{d800} pair");
  });

  test("leaves writing of every script and emoji alone", () => {
    for (const text of ["Grüße, 日本語, العربية", "👩‍👩‍👧", "می‌خواهم", "C:\\x1b"]) {
      expect(printable(text)).toBe(text);
    }
  });

  test("gives text that needs no more escaping and is one line, whatever comes in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = printable(text);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(printable(shown)).toBe(shown);
      }),
    );
  });

  test("keeps line breaks for printableLines, and later lines cannot pose as a first one", () => {
    expect(printableLines("bad\nhint: \x1b[1mrun this")).toBe("bad\n  hint: \\x1b[1mrun this");
  });
});

test("a shell takes what shellWord gives for one word, which is the text", () => {
  const texts = ["plain/path-1.yml", "two words", "it's", '$HOME `id` "x"', "~", "", "*\n;"];
  for (const text of texts) {
    const { stdout } = Bun.spawnSync(["sh", "-c", `printf %s ${shellWord(text)}`]);
    expect(stdout.toString()).toBe(text);
  }
  expect(shellWord("plain/path-1.yml")).toBe("plain/path-1.yml");
});

describe("wrap", () => {
  test("breaks between words, indents, and keeps paragraphs", () => {
    expect(wrap("one two three\n\nfour", 9, "  ")).toBe("  one two\n  three\n\n  four");
  });

  test("counts neither colour codes nor a wide character as one", () => {
    expect(wrap("\x1b[1mone\x1b[22m two", 7)).toBe("\x1b[1mone\x1b[22m two");
    expect(wrap("日本 日本", 8)).toBe("日本\n日本");
  });

  test("gives a word that is too long its own line", () => {
    expect(wrap("a /very/long/path b", 6)).toBe("a\n/very/long/path\nb");
  });
});

test("hanging begins later lines below the first word, and stays readable on any screen", () => {
  const text = "one word after the other ".repeat(6).trim();
  expect(hanging("  • ", text, 80).split("\n")).toEqual([
    "  • one word after the other one word after the other one word after the other",
    "    one word after the other one word after the other one word after the other",
  ]);
  const widest = (columns: number) =>
    Math.max(
      ...hanging("→ ", text, columns)
        .split("\n")
        .map((line) => line.length),
    );
  expect([widest(200) > 80, widest(200) <= 100]).toEqual([true, true]);
  expect([widest(10) > 30, widest(10) <= 40]).toEqual([true, true]);
});

describe("table", () => {
  test("aligns by what is seen", () => {
    const rows = [
      ["id", "bytes", "note"],
      ["\x1b[31mint-1\x1b[39m", "1,234", ""],
      ["日本", "7", "wide"],
    ];
    expect(table(rows, { align: ["left", "right"] })).toBe(
      ["id     bytes  note", "\x1b[31mint-1\x1b[39m  1,234", "日本       7  wide"].join("\n"),
    );
  });

  test("takes rows of different lengths, and none", () => {
    expect(table([["a"], ["bb", "c"]], { gap: 1 })).toBe("a\nbb c");
    expect(table([])).toBe("");
  });
});

describe("truncateMiddle", () => {
  test("keeps the end of a path", () => {
    expect(truncateMiddle("/home/u/.agent-orchestrator/x.json", 20)).toBe("/home/u…rator/x.json");
  });

  test("is never wider than asked, and whole when it fits", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "日", "é", "👍", "/") });
    fc.assert(
      fc.property(text, fc.nat(20), (value, width) => {
        const short = truncateMiddle(value, width);
        expect(Bun.stringWidth(short)).toBeLessThanOrEqual(width);
        if (Bun.stringWidth(value) <= width) expect(short).toBe(value);
      }),
    );
  });
});

describe("numbers", () => {
  test("show bytes in units of 1024", () => {
    const shown = [0, 1, 1023, 1024, 1536, 36_280_320, 1024 ** 2 - 1, 1024 ** 3, 5 * 1024 ** 5];
    expect(shown.map(formatBytes)).toEqual([
      "0 B",
      "1 B",
      "1023 B",
      "1.0 KB",
      "1.5 KB",
      "34.6 MB",
      "1.0 MB",
      "1.0 GB",
      "5.0 PB",
    ]);
  });

  test("have thousands separators and a noun", () => {
    expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(["0", "999", "1,000", "1,234,567"]);
    expect(plural(1, "session")).toBe("1 session");
    expect(plural(2000, "session")).toBe("2,000 sessions");
    expect(plural(0, "entry", "entries")).toBe("0 entries");
  });
});

describe("printable JSON", () => {
  test("reads as before and has nothing in it that a terminal obeys", () => {
    const value = {
      a: "x\x9b2J\x7f\u202e\u2028\ufeff\u{e0041}",
      "k\x85": ["日本語 👩‍👩‍👧", "\n\x1b"],
    };
    const text = printableJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(text)).toEqual(value);
    expect(text.replaceAll("\n", "")).not.toMatch(/(?!\u200d)[\p{Cc}\p{Cf}\p{Zl}]/u);
    expect(text).toContain("日本語 👩‍👩‍👧");
    expect(text).toContain("x\\u009b2J\\u007f\\u202e\\u2028\\ufeff\\udb40\\udc41");
  });
});

describe("nearest", () => {
  const names = ["json", "dry-run", "execute", "exit-code", "only"];

  test.each([
    ["dry-rum", "dry-run"],
    ["jsno", "json"],
    ["exec", "execute"],
    ["onyl", "only"],
    ["exitcode", "exit-code"],
    ["j", "json"],
  ])("takes %s for %s", (word, meant) => {
    expect(nearest(word, names)).toBe(meant);
  });

  test("has no answer when nothing is close", () => {
    expect(nearest("frobnicate", names)).toBeUndefined();
    expect(nearest("", names)).toBeUndefined();
    expect(nearest("x", [])).toBeUndefined();
  });
});
