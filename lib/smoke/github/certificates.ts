/**
 * A certificate authority for one run, and a server certificate signed by it.
 *
 * Written as DER here because no program that is sure to be installed makes certificates, and a
 * fixed key in the repository would be a secret that is none.
 */
import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";

export interface Certificates {
  /** PEM of the authority, for `SSL_CERT_FILE`. */
  authority: string;
  /** PEM of the server certificate for the host. */
  certificate: string;
  /** PEM of the server's private key. */
  key: string;
}

const ecdsaWithSha256 = sequence(oid("1.2.840.10045.4.3.2"));
const validity = sequence(utcTime(-1), utcTime(2));

/** Makes an authority and a certificate for a host, valid from yesterday for three days. */
export function createCertificates(host: string): Certificates {
  const authorityKeys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const serverKeys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = name("AO toolkit smoke runbook");
  const authority = sign(authorityKeys.privateKey, issuer, issuer, authorityKeys.publicKey, [
    extension("2.5.29.19", true, sequence(boolean(true))),
    // Bits 5 and 6: the key signs certificates and revocation lists.
    extension("2.5.29.15", true, tagged(0x03, Buffer.from([1, 0b0000_0110]))),
  ]);
  const certificate = sign(authorityKeys.privateKey, issuer, name(host), serverKeys.publicKey, [
    extension("2.5.29.17", false, sequence(tagged(0x82, Buffer.from(host)))),
    extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1"))),
  ]);
  const key = serverKeys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { authority, certificate, key };
}

function sign(
  signer: KeyObject,
  issuer: Buffer,
  subject: Buffer,
  publicKey: KeyObject,
  extensions: Buffer[],
): string {
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    issuer,
    validity,
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = createSign("SHA256").update(body).sign(signer);
  const bits = tagged(0x03, Buffer.concat([Buffer.from([0]), signature]));
  const text = sequence(body, ecdsaWithSha256, bits).toString("base64");
  const lines = text.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function tagged(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const size =
    body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}
function sequence(...content: Buffer[]): Buffer {
  return tagged(0x30, ...content);
}
function integer(value: Buffer): Buffer {
  return tagged(0x02, value);
}
function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}
function name(common: string): Buffer {
  return sequence(tagged(0x31, sequence(oid("2.5.4.3"), tagged(0x0c, Buffer.from(common)))));
}
function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), tagged(0x04, value));
}
function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second, ...rest.flatMap(base128)];
  return tagged(0x06, Buffer.from(bytes));
}
function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}
function utcTime(days: number): Buffer {
  const at = new Date(Date.now() + days * 86_400_000).toISOString();
  return tagged(0x17, Buffer.from(`${at.slice(2, 19).replaceAll(/[-T:]/g, "")}Z`));
}
