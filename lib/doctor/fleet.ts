/** Makes one report of those of many machines: the worst machine first. */

import { resolve } from "node:path";
import {
  type FleetDocument,
  fleetVersion,
  type Machine,
  type State,
  states,
} from "./fleet-document.ts";
import { machineOf, readReport } from "./fleet-read.ts";

type Level = FleetDocument["checks"][number]["worst"];

const levels: readonly Level[] = ["fail", "crash", "warn", "info"];

/**
 * Reads the files and merges what they hold. A file that is no report is a problem of its machine
 * and costs no other one anything.
 *
 * @param files as they were named; a machine is called as its file
 */
export function mergeReports(
  files: readonly string[],
  about: { cwd: string; toolkitVersion: string; mergedAt: Date },
): FleetDocument {
  const machines = new Map<string, Machine>();
  for (const file of files) addFile(machines, file, about.cwd);
  const all = [...machines.values()].map((machine) => ({ ...machine, state: stateOf(machine) }));
  const sorted = all.sort((a, b) => compareMachines(a, b));
  const number = (state: State) => all.filter((machine) => machine.state === state).length;
  const [failing, unknown] = [number("failing"), number("unknown")];
  return {
    schemaVersion: fleetVersion,
    toolkitVersion: about.toolkitVersion,
    mergedAt: about.mergedAt.toISOString(),
    healthy: failing + unknown === 0,
    totals: {
      ...{ machines: all.length, failing, unknown },
      ...{ warning: number("warning"), healthy: number("healthy") },
    },
    machines: sorted,
    checks: checksOf(sorted),
    drift: driftOf(sorted),
  };
}

function addFile(machines: Map<string, Machine>, file: string, cwd: string): void {
  const name = machineOf(file);
  const machine = machines.get(name) ?? { name, state: "healthy", problems: [] };
  machines.set(name, machine);
  const reading = readReport(resolve(cwd, file), file);
  if (reading.kind === "problem") {
    machine.problems.push(reading.problem);
    return;
  }
  const known = machine[reading.kind];
  if (known !== undefined) {
    const message = `there is another one of the machine "${name}", ${known.file}: name files after machines`;
    machine.problems.push({ file, message });
  } else if (reading.kind === "doctor") machine.doctor = reading.report;
  else machine.plan = reading.report;
}

/** The worst of what its reports say. */
function stateOf({ doctor, plan, problems }: Machine): State {
  if (doctor?.healthy === false || (plan?.blockers.length ?? 0) > 0) return "failing";
  if (problems.length > 0) return "unknown";
  const warns = (doctor?.totals.warn ?? 0) > 0 || (plan?.steps.length ?? 0) > 0;
  return warns || (plan?.warnings.length ?? 0) > 0 ? "warning" : "healthy";
}

function compareMachines(a: Machine, b: Machine): number {
  return (
    states.indexOf(a.state) - states.indexOf(b.state) ||
    badness(b) - badness(a) ||
    a.name.localeCompare(b.name, "en", { numeric: true })
  );
}

/** Any failure weighs more than all warnings. */
function badness({ doctor, plan }: Machine): number {
  const { fail = 0, crash = 0, warn = 0 } = doctor?.totals ?? {};
  const failures = fail + crash + (plan?.blockers.length ?? 0);
  return failures * 1_000_000 + warn + (plan?.steps.length ?? 0);
}

function checksOf(machines: readonly Machine[]): FleetDocument["checks"] {
  const seen = machines.flatMap(({ name, doctor }) =>
    (doctor?.checks ?? []).map((check) => ({ name, check })),
  );
  const merged = [...Map.groupBy(seen, ({ check }) => check.id)].map(([id, own]) => {
    const statuses = own.map(({ check }) => check.status);
    const worst = levels.find((level) => statuses.includes(level)) ?? "info";
    const { section = "", title = "" } = own[0]?.check ?? {};
    return { id, section, title, worst, machines: own.map(({ name }) => name) };
  });
  return merged.sort(
    (a, b) =>
      levels.indexOf(a.worst) - levels.indexOf(b.worst) ||
      b.machines.length - a.machines.length ||
      a.id.localeCompare(b.id, "en"),
  );
}

function driftOf(machines: readonly Machine[]): FleetDocument["drift"] {
  const seen = machines.flatMap(({ name, plan }) =>
    (plan?.drift ?? []).map(({ kind, count }) => ({ name, kind, count })),
  );
  return [...Map.groupBy(seen, ({ kind }) => kind)]
    .map(([kind, own]) => ({
      kind,
      count: own.reduce((sum, { count }) => sum + count, 0),
      machines: own.map(({ name }) => name),
    }))
    .sort((a, b) => b.count - a.count || a.kind.localeCompare(b.kind, "en"));
}
