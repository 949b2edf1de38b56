/**
 * Digests. Everything AO and this toolkit hash is hashed with SHA-256.
 */

/** SHA-256 as 64 lower-case hex digits; strings are hashed as UTF-8. */
export function sha256(data: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(data).digest("hex");
}

/** The first `digits` hex digits of {@link sha256}; AO cuts to 12 (V1) and 10 (V2). */
export function shortHash(data: string | Uint8Array, digits: number): string {
  return sha256(data).slice(0, digits);
}
