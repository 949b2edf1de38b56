/** Drawing mutants, and what a sample says about all of them. */

/** Draws up to `size` items, the same ones for the same seed, in the order they were given. */
export function draw<T>(items: readonly T[], size: number, seed: number): T[] {
  const next = randomFrom(seed);
  const keyed = items.map((item, index) => ({ item, index, key: next() }));
  const chosen = keyed.sort((a, b) => a.key - b.key).slice(0, size);
  return chosen.sort((a, b) => a.index - b.index).map(({ item }) => item);
}

/** Mulberry32: numbers in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Wilson's interval for a share, at 95 %; holds for small samples and shares near 0 and 1. */
export function interval(hits: number, size: number): [number, number] {
  if (size === 0) return [0, 1];
  const z = 1.96;
  const share = hits / size;
  const middle = share + z ** 2 / (2 * size);
  const half = z * Math.sqrt((share * (1 - share)) / size + z ** 2 / (4 * size ** 2));
  const whole = 1 + z ** 2 / size;
  return [Math.max(0, (middle - half) / whole), Math.min(1, (middle + half) / whole)];
}
