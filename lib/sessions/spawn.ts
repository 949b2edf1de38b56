/**
 * Making a session: number and metadata, then the worktree, then tmux. Metadata comes first, so
 * that whatever a crash leaves behind is listed by its name and `kill` cleans it; any failure takes
 * everything back that was done before it.
 */

import { describeError, ToolkitError } from "../errors.ts";
import { findRepository, type Repository, readWorktree } from "../git-files.ts";
import type { Env } from "../process.ts";
import { hasSession, listSessions, newSession } from "../tmux.ts";
import { type Applied, applyChange, type ChangeOptions } from "./change.ts";
import { endSession } from "./end.ts";
import { branchOf, checkBranch } from "./names.ts";
import { nextName } from "./number.ts";
import { type NewSession, sessionFor, spawnOperations } from "./plan.ts";
import { type Program, programFor } from "./program.ts";
import type { Project } from "./projects.ts";
import {
  addWorktree,
  type Base,
  baseOf,
  commitOf,
  holderOf,
  removeBranch,
  removeWorktree,
} from "./worktree.ts";

export interface SpawnRequest {
  project: Project;
  issue: string;
  /** What to run instead of the agent; a line for a shell. */
  command?: string | undefined;
  now: Date;
}

/** A session that was made. */
export interface Spawned {
  session: NewSession;
  /** Where its branch started; null when the branch was there already. */
  base: Base | null;
  program: Program;
}

/** A session whose program ends at once never worked. */
const settleMs = 150;
/** Names of tmux sessions may be taken by somebody else just before we use them. */
const attempts = 5;

/**
 * Makes a session.
 *
 * @throws ToolkitError of whatever failed; nothing is left then, or the message says what
 */
export async function spawn(
  request: SpawnRequest,
  env: Env,
  options: ChangeOptions,
): Promise<Spawned> {
  const { project, issue, command } = request;
  const branch = branchOf(issue);
  checkBranch(project.defaultBranch, project.config ?? project.dir.path);
  const repository = repositoryOf(project);
  const base = baseFor({ repository, branch, project, env });
  const program = programFor(project.agent, command, env);
  const facts = { repository, base, program, branch, request };
  for (let attempt = 1; ; attempt += 1) {
    const made = await reserve(facts, env, options);
    try {
      await start(made.value, facts, env, options.signal);
      made.complete();
      return { session: made.value, base, program };
    } catch (error) {
      await takeBack(made, { facts, env, error });
      if (!isNameTaken(error) || attempt === attempts) throw error;
    }
  }
}

interface Facts {
  repository: Repository;
  base: Base | null;
  program: Program;
  branch: string;
  request: SpawnRequest;
}

/** Reserves a number and writes the metadata under it. */
export async function reserve(
  facts: Pick<Facts, "branch" | "request">,
  env: Env,
  options: ChangeOptions,
): Promise<Applied<NewSession>> {
  const { project, issue, now } = facts.request;
  return applyChange(
    {
      kind: "spawn",
      make() {
        const live = new Set((listSessions(env) ?? []).map(({ name }) => name));
        const name = nextName(project, options.baseDir, live);
        const session = sessionFor(project, name, { issue, branch: facts.branch, now });
        const operations = spawnOperations(session, options.baseDir);
        return { title: `Metadata of new session ${name.id}`, operations, value: session };
      },
    },
    options,
  );
}

async function start(
  session: NewSession,
  { repository, base, program }: Facts,
  env: Env,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { worktree, branch, tmuxName, id, project } = session;
  signal?.throwIfAborted();
  const commit = base?.commit ?? null;
  await addWorktree(repository, { path: worktree, branch, commit, signal }, env);
  newSession(
    {
      name: tmuxName,
      cwd: worktree,
      command: program.words,
      // As AO names them for its agents.
      variables: {
        AO_SESSION: id,
        AO_SESSION_NAME: id,
        AO_TMUX_NAME: tmuxName,
        AO_DATA_DIR: `${project.dir.path}/sessions`,
        AO_ISSUE_ID: session.issue,
      },
    },
    env,
  );
  await Bun.sleep(settleMs);
  signal?.throwIfAborted();
  if (hasSession(tmuxName, env)) return;
  throw new ToolkitError("refused", `Cannot run "${program.shown}": it ended at once`, {
    hint: "a session needs a command that stays, such as an agent or a shell",
  });
}

/** Undoes what was done, last first; what has to stay is added to the error's hint. */
async function takeBack(
  made: Applied<NewSession>,
  { facts, env, error }: { facts: Facts; env: Env; error: unknown },
): Promise<void> {
  const { repository, base } = facts;
  const { tmuxName, worktree, branch } = made.value;
  const kept: string[] = [];
  // A session of that name that was there before is not ours.
  if (!isNameTaken(error)) await collect(kept, () => endSession(tmuxName, env));
  await collect(kept, async () => {
    // Without force: what the program wrote in its short life is not ours to throw away.
    const isThere = readWorktree(worktree) !== null;
    const reason = isThere
      ? await removeWorktree(repository.root, worktree, { force: false, env })
      : null;
    if (reason !== null) kept.push(`${worktree}: ${reason}`);
    // Git leaves the branch that it made when the checkout fails; one that it found is not ours.
    else if (base !== null && !/already exists/.test(describeError(error))) {
      removeBranch(repository.root, branch, base.commit, env);
    }
  });
  try {
    kept.push(...(await made.undo()));
  } catch (failure) {
    kept.push(describeError(failure));
  }
  if (kept.length === 0) return;
  const state = `${describeError(error)}; kept: ${kept.join("; ")}`;
  throw new ToolkitError("interrupted", state, { cause: error });
}

/** The first failure is the one to tell; the others are only listed. */
async function collect(kept: string[], step: () => void | Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    kept.push(describeError(error));
  }
}

function isNameTaken(error: unknown): boolean {
  return error instanceof ToolkitError && /duplicate session/.test(error.message);
}

function repositoryOf({ path, key }: Project): Repository {
  const repository = findRepository(path);
  if (repository !== null) return repository;
  throw new ToolkitError("invalid", `Cannot use project "${key}": ${path} is no git repository`, {
    hint: `clone it there, or correct its path in the config`,
  });
}

/** Where a new branch starts; null for a branch that exists, which the session goes on with. */
function baseFor(about: {
  repository: Repository;
  branch: string;
  project: Project;
  env: Env;
}): Base | null {
  const { repository, branch, project, env } = about;
  if (commitOf(repository.root, `refs/heads/${branch}`, env) === null) {
    return baseOf(repository, project.defaultBranch, env);
  }
  const holder = holderOf(repository, branch);
  if (holder === null) return null;
  throw new ToolkitError("refused", `Cannot spawn for "${branch}": it is checked out already`, {
    hint: `its worktree is ${holder}`,
  });
}
