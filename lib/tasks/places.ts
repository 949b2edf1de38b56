/** Where task sessions stand below a project, and where their migrations are recorded. */

import { realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { errorCode, ToolkitError } from "../errors.ts";

/** All paths are absolute. Inside the workflow directory they are free of symbolic links. */
export interface TaskPlaces {
  /** The project, as given. */
  root: string;
  /**
   * The real path of `.workflow`. It is the only place that a migration of task sessions writes
   * to, and so the engine's root.
   */
  workflowDir: string;
  versionsDir: string;
  /** Holds one directory for each migration. */
  migrationsDir: string;
}

/** The path of a version as the reports of the workflow tools have it. */
export const shownVersions = ".workflow/versions";

/**
 * The places of a project. That `.workflow` is missing is no error: then it holds no sessions.
 *
 * @param root absolute
 * @throws ToolkitError `invalid` when the root is no directory, or `.workflow` cannot be followed
 */
export function taskPlaces(root: string): TaskPlaces {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new ToolkitError("invalid", `Cannot look into "${root}": there is no such directory`, {
      hint: "name the project's directory: --root DIR",
    });
  }
  const workflowDir = realWorkflowDir(join(root, ".workflow"));
  return {
    root,
    workflowDir,
    versionsDir: join(workflowDir, "versions"),
    migrationsDir: join(workflowDir, "migrations"),
  };
}

function realWorkflowDir(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return path;
    const state = errorCode(cause) ?? "it cannot be followed";
    throw new ToolkitError("invalid", `Cannot look into "${path}": ${state}`, { cause });
  }
}
