/** The places where AO may find its registry, in AO's own order, and which one it takes. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isInside } from "../paths.ts";
import type { Facts } from "./facts.ts";

export interface ConfigPlace {
  path: string;
  /** What points there. */
  source: string;
  exists: boolean;
  /** The one in force, whether or not it exists. */
  wins: boolean;
}

/** Every candidate once, the first in AO's order first. */
export function configPlaces({ places, env }: Facts): ConfigPlace[] {
  const candidates: [string, string | undefined][] = [
    ["AO_GLOBAL_CONFIG", env.AO_GLOBAL_CONFIG],
    [
      "XDG_CONFIG_HOME",
      env.XDG_CONFIG_HOME && join(env.XDG_CONFIG_HOME, "agent-orchestrator", "config.yaml"),
    ],
    ["the default", join(places.baseDir, "config.yaml")],
  ];
  const foreign = env.HOME !== undefined && resolve(env.HOME) !== places.home;
  const found = new Map<string, ConfigPlace>();
  for (const [source, named] of candidates) {
    if (!named) continue;
    const path = resolve(named);
    // Variables of somebody else's home say nothing about this one.
    if (foreign && !isInside(path, places.home)) continue;
    const wins = path === places.configFile;
    if (!found.has(path)) found.set(path, { path, source, exists: existsSync(path), wins });
  }
  if (![...found.values()].some(({ wins }) => wins)) {
    const path = places.configFile;
    const asked = { path, source: "--config or --home", exists: existsSync(path), wins: true };
    return [asked, ...found.values()];
  }
  return [...found.values()];
}
