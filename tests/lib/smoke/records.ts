/** Records of runs that never were, with steps of every status and texts that want to break out. */
import { type Entry, type Status, statuses } from "../../../lib/smoke/record.ts";

const nasty = 'a <b> & "c" ]]> \u0007 ``` # | \ud800 end';

/** A record with `count` steps of every status. */
export function recordOf(count: number, reason = nasty): Entry[] {
  const all = statuses.flatMap((status) =>
    Array.from({ length: count }, (_, index) => ({ status, index })),
  );
  const idOf = (status: Status, index: number) => `3.${statuses.indexOf(status) * 1000 + index}`;
  const entries: Entry[] = [
    {
      type: "run",
      version: 1,
      run: "r",
      at: "2026-01-01T00:00:00Z",
      ao: "/ao",
      generation: "R",
      runtime: "tmux",
      github: "fake",
      agents: "fake",
      runbook: "/lanes",
    },
    {
      type: "environment",
      os: "linux",
      multiplexer: "tmux 3",
      git: "git 2",
      aoVersion: "dev",
      status: {},
      doctor: {},
    },
    {
      type: "plan",
      steps: all.map(({ status, index }) => ({
        id: idOf(status, index),
        lane: "3",
        laneTitle: "Sessions",
        title: `${status} ${nasty}`,
        why: "x",
        source: "f:1",
      })),
    },
  ];
  for (const { status, index } of all) {
    const step = idOf(status, index);
    entries.push({ type: "start", step, world: "w", at: "2026-01-01T00:00:00Z" });
    if (status === "fail") {
      const checks = [{ path: "status", expected: "404", ok: false, problem: "is 500" }];
      entries.push({
        ...{ type: "action", step, world: "w", part: "do", index: 0, kind: "http" },
        ...{ title: "curl", ms: 1, attempts: 3, checks, seen: { body: nasty } },
      });
    }
    // A step that was not reached has no end.
    if (status !== "not-run")
      entries.push({
        type: "end",
        step,
        world: "w",
        status,
        ms: 5,
        at: "2026-01-01T00:00:01Z",
        reason,
      });
  }
  entries.push({ type: "finish", at: "2026-01-01T00:00:02Z", ms: 2_000, cancelled: false });
  return entries;
}
