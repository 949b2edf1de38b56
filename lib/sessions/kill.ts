/** Ending a session: tmux, then its worktree if nothing is lost with it, then its metadata. */

import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { readWorktree } from "../git-files.ts";
import type { Env } from "../process.ts";
import { hasSession } from "../tmux.ts";
import { refuseWindows } from "./attach.ts";
import { applyChange, type ChangeOptions } from "./change.ts";
import { endSession } from "./end.ts";
import { sessionsCalled } from "./find.ts";
import { archiveOperations } from "./plan.ts";
import type { Session } from "./read.ts";
import { findStateDirs } from "./state-dirs.ts";
import { removeWorktree, workIn } from "./worktree.ts";

/** What would become of a worktree. */
export type Fate =
  /** There is none, or it is gone already. */
  | { fate: "none" }
  | { fate: "remove"; path: string }
  /** Only `discard` would remove it, with the work in it. */
  | { fate: "work"; path: string; reason: string }
  /** It stays whatever is asked: it is not surely this session's own. */
  | { fate: "foreign"; path: string; reason: string };

export interface KillPlan {
  session: Session;
  /** Live tmux sessions that its metadata names. */
  running: string[];
  worktree: Fate;
}

export interface Killed {
  /** tmux sessions that were ended. */
  ended: string[];
  /** The archived metadata. */
  archived: string;
  worktree: { path: string; removed: boolean; reason?: string } | null;
}

/** Where a disk's worktrees may be. */
export interface KillSite {
  baseDir: string;
  worktreeRoot: string;
  env: Env;
}

/**
 * What killing a session would do.
 *
 * @throws ToolkitError `refused` for a session of Windows
 */
export function planKill(session: Session, site: KillSite): KillPlan {
  refuseWindows(session, "kill");
  const running = session.tmuxNames.filter((name) => hasSession(name, site.env));
  return { session, running, worktree: fateOf(session, site) };
}

/**
 * Kills a session as planned, while no migration is at work. The worktree is looked at again once
 * nothing works in it any more.
 *
 * @param plan.discard remove the worktree with the work that `plan` found in it
 * @throws ToolkitError when tmux or the archiving fails; the session is there still then
 */
export async function kill(
  plan: KillPlan & { discard: boolean; now: Date },
  site: KillSite,
  options: ChangeOptions,
): Promise<Killed> {
  const { session, running, discard, now } = plan;
  let ended: Pick<Killed, "ended" | "worktree"> | undefined;
  try {
    const archived = await applyChange(
      {
        kind: "kill",
        make() {
          const operations = archiveOperations(session, now);
          const last = operations.at(-1);
          const value = last?.op === "move" ? last.to : "";
          return { title: `Archive session ${session.id}`, operations, value };
        },
        async act() {
          refuseGone(session);
          for (const name of running) await endSession(name, site.env);
          const fate = fateOf(session, site);
          ended = {
            ended: running,
            worktree: await clearWorktree(fate, { discard, env: site.env }),
          };
        },
      },
      options,
    );
    archived.complete();
    return { ended: running, worktree: null, ...ended, archived: archived.value };
  } catch (error) {
    const isBug = !(error instanceof ToolkitError);
    throw isBug || ended === undefined ? error : notArchived(session, ended, error);
  }
}

/** A migration that ended in between may have taken the metadata somewhere else. */
function refuseGone({ id, file }: Session): void {
  if (existsSync(file)) return;
  throw new ToolkitError("refused", `Cannot kill "${id}": ${file} is not there any more`, {
    hint: "run it again: the session is looked for anew",
  });
}

function notArchived(
  { id }: Session,
  { ended, worktree }: Pick<Killed, "ended" | "worktree">,
  error: ToolkitError,
): ToolkitError {
  const done = [
    ...ended.map((name) => `tmux ${name} was ended`),
    ...(worktree?.removed === true ? [`${worktree.path} was removed`] : []),
  ];
  const told = done.length === 0 ? "" : `${done.join(", ")}; `;
  return new ToolkitError("interrupted", `Cannot archive "${id}": ${error.message}`, {
    hint: `${told}kill it again when that is mended`,
    cause: error,
  });
}

async function clearWorktree(
  worktree: Fate,
  { discard, env }: { discard: boolean; env: Env },
): Promise<Killed["worktree"]> {
  if (worktree.fate === "none") return null;
  const { path } = worktree;
  const goes = worktree.fate === "remove" || (worktree.fate === "work" && discard);
  if (!goes) return { path, removed: false, reason: worktree.reason };
  const commonDir = readWorktree(path)?.commonDir;
  if (commonDir === undefined) return { path, removed: false, reason: "git does not know it" };
  const reason = await removeWorktree(commonDir, path, { force: worktree.fate === "work", env });
  return reason === null ? { path, removed: true } : { path, removed: false, reason };
}

function fateOf(session: Session, site: KillSite): Fate {
  const { worktree: path } = session;
  if (path === undefined || !existsSync(path)) return { fate: "none" };
  const foreign = whyForeign(session, path, site);
  if (foreign !== null) return { fate: "foreign", path, reason: foreign };
  const reason = workIn(path, site.env);
  return reason === null ? { fate: "remove", path } : { fate: "work", path, reason };
}

/** Metadata may name any directory; only a worktree made for this session is its own. */
function whyForeign(session: Session, path: string, site: KillSite): string | null {
  const { dir, id, file } = session;
  const worktree = readWorktree(path);
  if (worktree?.commonDir === undefined) return "it is no worktree that git knows";
  if (worktree.linkedPath === undefined || !isSame(worktree.linkedPath, path)) {
    return "git has it somewhere else";
  }
  const parent = dirname(path);
  const isPlace =
    isSame(parent, join(dir.path, "worktrees")) || isSame(dirname(parent), site.worktreeRoot);
  if (!isPlace || basename(path) !== id) return "it is not where this session's worktree belongs";
  const others = sessionsCalled(id, findStateDirs(site.baseDir));
  const sharer = others.find((other) => other.file !== file && other.worktree === path);
  return sharer === undefined ? null : `${sharer.dir.dirName}/${sharer.id} works there too`;
}

function isSame(a: string, b: string): boolean {
  return real(a) === real(b);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
