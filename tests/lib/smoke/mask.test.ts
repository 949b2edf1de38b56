import { expect, test } from "bun:test";
import { createMask, maskValue } from "../../../lib/smoke/mask.ts";

const secret = 'pa ss/"wörd+&';
const mask = createMask({
  secrets: [secret, "abc"],
  names: [
    { text: "/home/someone", as: "~" },
    { text: "myhost", as: "<host>" },
  ],
});

test("a secret is hidden raw, URL-encoded and JSON-encoded", () => {
  expect(mask(`x ${secret} y`)).toBe("x <secret> y");
  expect(mask(`?t=${encodeURIComponent(secret)}&u`)).toBe("?t=<secret>&u");
  expect(mask(JSON.stringify({ t: secret }))).toBe('{"t":"<secret>"}');
  expect(mask(JSON.stringify(JSON.stringify({ t: secret })))).not.toContain("wörd");
});

test("a secret is hidden in base64, wherever in the encoded text it begins", () => {
  for (const before of ["", "u", "us", "user:"]) {
    const encoded = Buffer.from(`${before}${secret}tail`).toString("base64");
    const masked = mask(`Authorization: Basic ${encoded}`);
    expect(masked).toContain("<secret>");
    const rest = masked.replace("Authorization: Basic ", "").split("<secret>");
    expect(rest.join("").length).toBeLessThan(encoded.length - 12);
  }
});

test("tokens of known shapes are hidden though nobody named them", () => {
  expect(mask(`token ghp_${"a".repeat(36)}.`)).toBe("token <secret>.");
  expect(mask(`github_pat_${"A1_".repeat(10)}`)).toBe("<secret>");
});

test("home and host are written another way, but not inside other words", () => {
  expect(mask("/home/someone/x on myhost/ab12")).toBe("~/x on <host>/ab12");
  expect(mask("/home/someone-else myhostess")).toBe("/home/someone-else myhostess");
});

test("short secrets are left alone, since they would hide ordinary text", () => {
  expect(mask("abcdef")).toBe("abcdef");
});

test("keys and values of a whole entry are masked", () => {
  expect(maskValue({ [secret]: [secret, { a: secret }] }, mask)).toEqual({
    "<secret>": ["<secret>", { a: "<secret>" }],
  });
});
