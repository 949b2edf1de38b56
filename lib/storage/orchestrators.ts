/**
 * Orchestrators become singletons: `{prefix}-orchestrator`. The live one stays, else the canonical
 * one, else the newest; the others are archived, never dropped. Two live ones are a decision.
 */

import { archiveNameAt, parseOrchestratorId, parseSessionId } from "../paths.ts";
import type { Decisions } from "./decisions.ts";
import type { Inventory, SessionFile } from "./inventory.ts";
import { tmuxFields } from "./metadata-edits.ts";
import type { OrchestratorMove, ProjectTarget } from "./shape.ts";

interface Candidate {
  file: SessionFile;
  path: string;
  sessionId: string;
  canonical: boolean;
  number: number;
  live: boolean;
}

/** Decides every orchestrator of one project. */
export function assignOrchestrators(
  target: ProjectTarget,
  inventory: Inventory,
  { decisions, now, warnings }: { decisions: Decisions; now: Date; warnings: string[] },
): OrchestratorMove[] {
  const names = new Set((inventory.tmux ?? []).map((session) => session.name));
  const byPrefix = new Map<string, Candidate[]>();
  for (const [prefix, candidate] of candidatesOf(target, names)) {
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), candidate]);
  }
  const moves: OrchestratorMove[] = [];
  for (const [prefix, group] of byPrefix) {
    const obstacle = obstacleAt(target, inventory, group, prefix);
    if (obstacle !== null) {
      warnings.push(`Orchestrators of ${target.id} left alone: ${obstacle} cannot be used.`);
      continue;
    }
    const winner = pickWinner(group, prefix, target, decisions);
    if (winner !== null) moves.push(...movesOf(group, winner, prefix, target, now));
  }
  return moves;
}

function* candidatesOf(
  target: ProjectTarget,
  tmuxNames: ReadonlySet<string>,
): Generator<[string, Candidate]> {
  const isLive = (file: SessionFile) =>
    tmuxFields.some((field) => tmuxNames.has(file.fields[field] ?? ""));
  for (const session of target.sessions) {
    if (session.archived || session.fate === "twin" || session.fate === "set-aside") continue;
    if (session.file.format === "bad") continue;
    const parsed = parseOrchestratorId(session.sessionId);
    if (parsed === null) continue;
    yield [
      parsed.prefix,
      {
        file: session.file,
        path: session.path,
        sessionId: session.sessionId,
        canonical: parsed.number === undefined,
        number: parsed.number ?? 0,
        live: isLive(session.file),
      },
    ];
  }
  if (target.single !== null) {
    const { file, path, sessionId } = target.single;
    const number = Number.MAX_SAFE_INTEGER;
    const prefix = parseSessionId(sessionId)?.prefix ?? target.project.prefix;
    yield [prefix, { file, path, sessionId, canonical: false, number, live: isLive(file) }];
  }
}

/** What stands under the canonical name and is no orchestrator that could be moved; null if nothing. */
function obstacleAt(
  target: ProjectTarget,
  inventory: Inventory,
  group: Candidate[],
  prefix: string,
): string | null {
  const canonical = `${target.dir}/sessions/${prefix}-orchestrator.json`;
  const own = new Set(group.map(({ file }) => file));
  const there = target.sessions.find(
    ({ path, fate, file }) =>
      path === canonical && fate !== "twin" && fate !== "set-aside" && !own.has(file),
  );
  if (there !== undefined) return there.file.path;
  const standing = target.standing + canonical.slice(target.dir.length);
  const fault = inventory.faults.find(({ place }) => place.file === standing);
  return fault === undefined || group.some(({ file }) => file.path === standing) ? null : standing;
}

function pickWinner(
  group: Candidate[],
  prefix: string,
  target: ProjectTarget,
  decisions: Decisions,
): Candidate | null {
  const live = group.filter((candidate) => candidate.live);
  if (live.length > 1) {
    const chosen = decisions.ask({
      key: `orchestrator:${target.id}:${prefix}`,
      question: `${live.length} orchestrators of ${target.id} are live. Which one stays?`,
      choices: [
        { value: "keep-all", label: "keep all as they are" },
        ...live.map(({ sessionId }) => ({ value: sessionId, label: `${sessionId} stays` })),
      ],
      default: "keep-all",
    });
    return live.find((candidate) => candidate.sessionId === chosen) ?? null;
  }
  return live[0] ?? group.find((candidate) => candidate.canonical) ?? newest(group);
}

function newest(group: Candidate[]): Candidate | null {
  const born = (candidate: Candidate) => Date.parse(candidate.file.fields.createdAt ?? "") || 0;
  const [first] = [...group].sort((a, b) => born(b) - born(a) || b.number - a.number);
  return first ?? null;
}

function movesOf(
  group: Candidate[],
  winner: Candidate,
  prefix: string,
  target: ProjectTarget,
  now: Date,
): OrchestratorMove[] {
  const canonicalId = `${prefix}-orchestrator`;
  const archive = `${target.dir}/sessions/archive`;
  const moves: OrchestratorMove[] = [];
  const taken = new Set<string>();
  // Losers go first: the canonical name may be one of theirs.
  for (const candidate of group.filter((other) => other !== winner)) {
    const { file, path, sessionId } = candidate;
    const isTaken = (name: string) =>
      taken.has(`${archive}/${name}`) || isArchived(target, `${archive}/${name}`);
    const to = `${archive}/${archiveNameAt(sessionId, now, isTaken)}`;
    taken.add(to);
    moves.push({ file, from: path, to, sessionId, becomes: null });
  }
  const to = `${target.dir}/sessions/${canonicalId}.json`;
  if (winner.path !== to) {
    const { file, path, sessionId } = winner;
    moves.push({ file, from: path, to, sessionId, becomes: canonicalId });
  }
  return moves;
}

function isArchived(target: ProjectTarget, path: string): boolean {
  return target.sessions.some((session) => session.archived && session.path === path);
}
