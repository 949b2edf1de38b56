/** The migration of flat task sessions as a target of the built-in planner, one phase a version. */

import type { Operation } from "../../change/operation.ts";
import { subjectOf } from "../../change/operation.ts";
import { planDigest } from "../../change/plan.ts";
import type { Place } from "../../errors.ts";
import { formatPlace } from "../../errors.ts";
import { isInside } from "../../paths.ts";
import { plural } from "../../text.ts";
import type { BuiltinPhase, BuiltinPlan, BuiltinSource } from "./source.ts";
import { measure, treeBytes } from "./space.ts";

/** As much of a plan for task sessions as is looked at here. */
export interface TaskLook {
  places: { root: string; workflowDir: string; versionsDir: string };
  plan: {
    sessions: readonly { version: string; task: string; file: string; directory: string }[];
    problems: readonly { place: Place; message: string }[];
    warnings: readonly { place: Place; message: string }[];
    operations: readonly Operation[];
  };
}

/** @param look scans and plans; the same moment on the same disk gives the same plan */
export function tasksSource(look: (now: Date) => TaskLook): BuiltinSource {
  return {
    target: "task-sessions",
    async plan({ now, answers }): Promise<BuiltinPlan> {
      const { places, plan } = look(now);
      const told = [...plan.problems, ...plan.warnings].map(
        ({ place, message }) => `${formatPlace(place)}: ${message}`,
      );
      const unknown = [...answers.keys()].map((key) => `The plan does not ask "${key}".`);
      return {
        get id() {
          return taskPlanId(plan.operations);
        },
        title: `${plural(plan.sessions.length, "task session")} below ${places.root} as directories`,
        script: "migrate-sessions",
        phases: phasesOf(places.versionsDir, plan),
        decisions: [],
        warnings: [...told, ...unknown],
        blockers: [],
        live: [],
        roots: [places.workflowDir],
        measure: (operations = plan.operations) =>
          measure(operations, { place: places.workflowDir, bytes: treeBytes(places.versionsDir) }),
      };
    },
  };
}

/** By what a plan for task sessions is recognised. */
export function taskPlanId(operations: readonly Operation[]): string {
  return planDigest(operations).slice(0, 16);
}

function phasesOf(versionsDir: string, plan: TaskLook["plan"]): BuiltinPhase[] {
  const versions = [...new Set(plan.sessions.map(({ version }) => version))];
  return versions.map((version) => {
    const sessions = plan.sessions.filter((session) => session.version === version);
    const dir = `${versionsDir}/${version}`;
    return {
      name: `sessions-${version.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`,
      title: `Task sessions of ${version}`,
      description: `Each flat file becomes a directory with the session, a snapshot of its task, and a log.`,
      details: sessions.map(({ file, directory }) => `${file} → ${directory}/`),
      operations: plan.operations.filter((operation) => isInside(subjectOf(operation), dir)),
    };
  });
}
