/** What spawn and kill write, as operations; pure but for the looks at what is there already. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Operation } from "../change/operation.ts";
import type { Json } from "../edits.ts";
import { ToolkitError } from "../errors.ts";
import { formatKeyValue } from "../metadata.ts";
import { originFile } from "../paths.ts";
import { readOrigin } from "./configs.ts";
import { counterFile, readCounter } from "./identity.ts";
import { archiveName, timeText } from "./names.ts";
import type { SessionName } from "./number.ts";
import type { Project } from "./projects.ts";
import type { Session } from "./read.ts";
import { isKeyValueLayout } from "./state-dirs.ts";

/** A session that is to be made. */
export interface NewSession extends SessionName {
  project: Project;
  issue: string;
  branch: string;
  worktree: string;
  file: string;
  now: Date;
}

/** Places and names of a new session. */
export function sessionFor(
  project: Project,
  name: SessionName,
  about: Pick<NewSession, "issue" | "branch" | "now">,
): NewSession {
  const { path, layout } = project.dir;
  const extension = isKeyValueLayout(layout) ? "" : ".json";
  return {
    ...about,
    ...name,
    project,
    worktree: join(path, "worktrees", name.id),
    file: join(path, "sessions", `${name.id}${extension}`),
  };
}

/**
 * The operations that reserve a session's number by writing its metadata: the file must not be
 * there yet, so that of two that want a number, AO included, one gets it.
 */
export function spawnOperations(session: NewSession, baseDir: string): Operation[] {
  const { project, file } = session;
  const { dir } = project;
  const operations: Operation[] = [];
  const makeDir = (path: string) => {
    if (!existsSync(path)) operations.push({ op: "makeDir", path });
  };
  if (dirname(dir.path) !== baseDir) makeDir(dirname(dir.path));
  makeDir(dir.path);
  for (const name of ["sessions", "worktrees"]) makeDir(join(dir.path, name));
  if (dir.layout === "v1") operations.push(...originOperations(project));
  if (dir.layout === "v3") operations.push(...v3Operations(session));
  operations.push({ op: "create", path: file, content: metadataOf(session) });
  return operations;
}

/**
 * `.origin` names the config that a V1 directory belongs to; the rule is AO's.
 *
 * @throws ToolkitError `refused` when it names another
 */
function originOperations({ dir, config = "" }: Project): Operation[] {
  const path = originFile(dir.path);
  const stored = readOrigin(dir);
  if (stored === null) {
    return existsSync(path) ? [] : [{ op: "create", path, content: config }];
  }
  if (stored === config) return [];
  throw new ToolkitError("refused", `Cannot use "${dir.path}": it belongs to another config`, {
    hint: `its .origin names ${stored}, not ${config}`,
    place: { file: path },
  });
}

function v3Operations({ project, number }: NewSession): Operation[] {
  const { dir } = project;
  const operations: Operation[] = [];
  const identity = join(dir.path, "identity.json");
  if (!existsSync(identity)) {
    operations.push({ op: "create", path: identity, content: jsonText(identityOf(project)) });
  }
  const path = counterFile(dir);
  const before = readCounter(dir);
  const after = number + 1;
  if (before === null) operations.push({ op: "create", path, content: jsonText({ next: after }) });
  else operations.push({ op: "patchJson", path, edits: [{ pointer: "/next", before, after }] });
  return operations;
}

function identityOf(project: Project): Json {
  const { dir, displayName, originUrl = null, path, prefix, repo, defaultBranch } = project;
  return {
    schemaVersion: 3,
    projectId: dir.dirName,
    displayName,
    originUrl,
    path,
    realpath: path,
    sessionPrefix: prefix,
    ...(repo !== undefined && { repo: repo as { [key: string]: Json } }),
    defaultBranch,
  };
}

/** Metadata in the format of the layout. */
function metadataOf(session: NewSession): string {
  const { project, issue, branch, tmuxName, worktree, now } = session;
  const fields = {
    project: project.key,
    issue,
    branch,
    status: "working",
    tmuxName,
    worktree,
    createdAt: timeText(now),
  };
  if (isKeyValueLayout(project.dir.layout)) return formatKeyValue(fields);
  const data = { createdAt: now.getTime(), workspacePath: worktree };
  return jsonText({ ...fields, runtimeHandle: { id: tmuxName, runtimeName: "tmux", data } });
}

function jsonText(value: Json): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The operations that archive a session's metadata, byte for byte. */
export function archiveOperations(session: Session, now: Date): Operation[] {
  const { dir, file, id } = session;
  const archive = join(dir.path, "sessions", "archive");
  const name = archiveName(id, now, file.endsWith(".json") ? ".json" : "");
  return [
    ...[dirname(archive), archive]
      .filter((path) => !existsSync(path))
      .map((path): Operation => ({ op: "makeDir", path })),
    { op: "move", from: file, to: join(archive, name) },
  ];
}
