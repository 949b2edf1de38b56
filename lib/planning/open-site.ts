/** The site that a command line means: its root, and where private copies and logs go. */

import { lstatSync, realpathSync, statSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import { realDisk } from "../change/disk.ts";
import { ToolkitError } from "../errors.ts";
import { shortHash } from "../hash.ts";
import type { Env } from "../process.ts";
import { liveName, type Site, workflowMigrations } from "./site.ts";

/**
 * @param options.root a directory, from `cwd`; default `cwd`
 * @param options.home default `env.HOME`; workspaces go below its `.local/state` (or
 * `XDG_STATE_HOME`, when the home was not given)
 * @param options.baseDir AO's own directory; its `migrations` belong to the change engine
 * @throws ToolkitError `usage` when the root is no directory, or AO's own; `invalid` when its
 * `migrations` is a link or a file
 */
export function openSite(options: {
  root: string | undefined;
  cwd: string;
  home: string | undefined;
  baseDir: string;
  env: Env;
}): Site {
  const { cwd, env } = options;
  const given = resolve(cwd, options.root ?? ".");
  const refuse = (detail: string): never => {
    throw new ToolkitError("usage", `Cannot use "${given}" as the root: ${detail}`);
  };
  if (statSync(given, { throwIfNoEntry: false })?.isDirectory() !== true) {
    refuse("there is no such directory");
  }
  const root = realpathSync(given);
  if (root === resolve(options.baseDir)) refuse("its migrations folder is the change engine's own");
  const live = join(root, liveName);
  const stat = lstatSync(live, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory()) {
    throw new ToolkitError("invalid", `Cannot look into "${live}": it is no plain directory`, {
      place: { file: live },
    });
  }
  const xdg = options.home === undefined ? env.XDG_STATE_HOME : undefined;
  const home = resolve(cwd, options.home ?? env.HOME ?? "/");
  const state = xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, ".local/state");
  const name = `${basename(root) || "root"}-${shortHash(root, 12)}`;
  const stateDir = join(state, "ao-toolkit", "planning", name);
  const engineDirs = [join(resolve(options.baseDir), "migrations"), workflowMigrations({ root })];
  return { root, stateDir, engineDirs, disk: realDisk, env, now: () => new Date() };
}
