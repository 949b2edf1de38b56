/** Reads one task session, whichever structure it has. */

import { join } from "node:path";
import type { Json } from "../edits.ts";
import { ToolkitError } from "../errors.ts";
import { parseYaml } from "../yaml.ts";
import { taskPlaces } from "./places.ts";
import { mappingOf } from "./session.ts";
import { readText, unreadable } from "./text-file.ts";

export interface LoadedTaskSession {
  structure: "directory" | "flat";
  /** The file that it was read from. */
  path: string;
  data: { [key: string]: Json };
}

/**
 * Loads a task session: `task_sessions/{task}/session.yml`, else `{task}.yml`, else `{task}.yaml`.
 *
 * @param root the project, absolute
 * @returns null when there is none
 * @throws ToolkitError `invalid`, with its place, when the file is no YAML mapping; `usage` when
 * the version or the task is no plain name
 */
export function loadTaskSession(
  root: string,
  version: string,
  taskId: string,
): LoadedTaskSession | null {
  const { versionsDir } = taskPlaces(root);
  const dir = join(versionsDir, plainName(version), "task_sessions");
  const task = plainName(taskId);
  const places = [
    { structure: "directory", path: join(dir, task, "session.yml") },
    { structure: "flat", path: join(dir, `${task}.yml`) },
    { structure: "flat", path: join(dir, `${task}.yaml`) },
  ] as const;
  for (const place of places) {
    const content = readText(place.path);
    if ("text" in content) {
      const data = mappingOf(parseYaml(content.text, place.path), place.path);
      return { ...place, data };
    }
    if (content.missing) continue;
    throw unreadable(place.path, content.fault);
  }
  return null;
}

/** A name that cannot lead out of its directory. */
function plainName(name: string): string {
  if (name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name)) return name;
  throw new ToolkitError("usage", `Cannot load "${name}": it is not the name of a version or task`);
}
