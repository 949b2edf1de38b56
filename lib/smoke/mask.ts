/**
 * Takes secrets and names of the machine out of what is recorded, once, before it is written.
 */
import type { Value } from "./values.ts";

/** Names of environment variables whose values are secrets. */
export const secretVariable = /(TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|CREDENTIAL|PRIVATE)/i;

/** Shapes that are secret wherever they come from: tokens of GitHub and of agents' services. */
const secretShapes = [
  /\bgh[pousr]_[A-Za-z0-9]{20,}\b/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}\b/g,
  /\bsk-[A-Za-z0-9_-]{20,}\b/g,
  /\bxox[abp]-[A-Za-z0-9-]{10,}\b/g,
];

export interface MaskOptions {
  /** Values to hide as `<secret>`; those shorter than 6 characters would hide ordinary text. */
  secrets: readonly string[];
  /** Words to write another way, longest first: a home directory, a host name. */
  names: readonly { text: string; as: string }[];
}
export type Mask = (text: string) => string;

/** A function that hides secrets (raw, URL-, JSON- and base64-encoded) and names in a text. */
export function createMask({ secrets, names }: MaskOptions): Mask {
  const hidden = new Set(secrets.filter((secret) => secret.length >= 6).flatMap(encodings));
  const needles = [...hidden].sort((a, b) => b.length - a.length);
  const words = names
    .filter(({ text }) => text.length > 1)
    .sort((a, b) => b.text.length - a.text.length)
    .map(({ text, as }) => ({
      as,
      pattern: new RegExp(`(?<![\\w.-])${RegExp.escape(text)}(?![\\w-])`, "g"),
    }));
  return (text) => {
    let masked = text;
    for (const needle of needles) masked = masked.replaceAll(needle, "<secret>");
    for (const shape of secretShapes) masked = masked.replace(shape, "<secret>");
    for (const { pattern, as } of words) masked = masked.replace(pattern, as);
    return masked;
  };
}

/** A copy of a value with every text and key masked. */
export function maskValue(value: Value, mask: Mask): Value {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((item) => maskValue(item, mask));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [mask(key), maskValue(item, mask)]),
  );
}

function encodings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    encodeURIComponent(secret),
    json,
    JSON.stringify(json).slice(1, -1),
    ...base64(secret),
  ];
}

/**
 * Base64 of a secret inside a longer text depends on where it starts (modulo 3); the first and last
 * characters mix with the neighbours, so only what the secret alone decides is looked for.
 */
function base64(secret: string): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]);
    const from = Math.ceil((shift * 8) / 6);
    const to = Math.floor((bytes.length * 8) / 6);
    const encoded = bytes.toString("base64").slice(from, to);
    return [encoded, encoded.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
