/** Where the Go rewrite of AO keeps its state. */

import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { isInside, type Places } from "../paths.ts";
import type { Env } from "../process.ts";

export interface RewritePlaces {
  dataDir: string;
  runFile: string;
  /** `<dataDir>/ao.db`. */
  database: string;
  /** What decided: a variable, or which default. */
  source: string;
  /** Whether there is anything at all of the rewrite here. */
  present: boolean;
}

/**
 * `AO_DATA_DIR` and `AO_RUN_FILE`, else `~/.ao`, else the default of the first builds below the
 * user's config directory, whichever is there.
 *
 * Inside sessions of TypeScript AO `AO_DATA_DIR` means the sessions directory; such a value does not
 * count. Neither do variables of another user's home that point outside the home that is meant.
 */
export function rewritePlaces(places: Places, env: Env): RewritePlaces {
  const { home, baseDir } = places;
  const foreign = env.HOME !== undefined && resolve(env.HOME) !== home;
  const named = (name: string): string | undefined => {
    const value = env[name];
    if (!value || !isAbsolute(value) || isInside(value, baseDir)) return undefined;
    return foreign && !isInside(value, home) ? undefined : value;
  };
  const dataDir = named("AO_DATA_DIR");
  const runFile = named("AO_RUN_FILE");
  const byDefault = defaultPlaces(home, named("XDG_CONFIG_HOME"));
  const variables = [dataDir && "AO_DATA_DIR", runFile && "AO_RUN_FILE"].filter(Boolean);
  const chosen = {
    dataDir: dataDir ?? byDefault.dataDir,
    runFile: runFile ?? byDefault.runFile,
  };
  return {
    ...chosen,
    database: join(chosen.dataDir, "ao.db"),
    source: variables.length > 0 ? variables.join(" and ") : byDefault.source,
    present: existsSync(chosen.dataDir) || existsSync(chosen.runFile),
  };
}

function defaultPlaces(home: string, configHome: string | undefined) {
  const below = (dir: string, source: string) => ({
    dataDir: join(dir, "data"),
    runFile: join(dir, "running.json"),
    source,
  });
  const now = below(join(home, ".ao"), "the default, ~/.ao");
  const configDirs = [
    configHome ?? join(home, ".config"),
    join(home, "Library", "Application Support"),
  ];
  const older = configDirs.map((dir) =>
    below(join(dir, "agent-orchestrator"), "the default of the first builds"),
  );
  const isThere = ({ dataDir, runFile }: typeof now) => existsSync(dataDir) || existsSync(runFile);
  return [now, ...older].find(isThere) ?? now;
}
