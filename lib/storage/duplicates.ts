/**
 * The same repository registered twice. Two checkouts of one repo are legitimate, so the default
 * keeps both; only the user may merge them.
 */

import { normaliseOrigin } from "../paths.ts";
import type { Decisions } from "./decisions.ts";
import { type Project, projectLabel } from "./project.ts";

export interface DuplicateRepo {
  originUrl: string;
  projects: Project[];
}

/** Registered projects that share an origin, sorted by origin. */
export function duplicateRepos(projects: Project[]): DuplicateRepo[] {
  const byOrigin = new Map<string, Project[]>();
  for (const project of projects) {
    if (project.key === null || project.originUrl === null) continue;
    const origin = normaliseOrigin(project.originUrl);
    byOrigin.set(origin, [...(byOrigin.get(origin) ?? []), project]);
  }
  return [...byOrigin]
    .filter(([, group]) => group.length > 1)
    .map(([originUrl, group]) => ({ originUrl, projects: group }))
    .sort((a, b) => (a.originUrl < b.originUrl ? -1 : 1));
}

/** Asks what becomes of each duplicate, and notes which project is merged into which. */
export function decideDuplicates(projects: Project[], decisions: Decisions): void {
  for (const { originUrl, projects: group } of duplicateRepos(projects)) {
    const targets = group.filter(
      // Where another entry has the id for its key, that one is the project to merge into.
      ({ id, key, held }) =>
        held === null && key !== null && (key === id || !group.some((other) => other.key === id)),
    );
    const chosen = decisions.ask({
      key: `same-repo:${originUrl}`,
      question: `${group.map(projectLabel).join(" and ")} are registered for one repository. Merge?`,
      choices: [
        { value: "keep-both", label: "keep both" },
        ...targets.map((project) => ({
          value: `into:${project.key}`,
          label: `merge all into ${project.key} (${project.path})`,
        })),
      ],
      default: "keep-both",
    });
    const target = targets.find((project) => `into:${project.key}` === chosen);
    if (target === undefined) continue;
    for (const project of group) if (project !== target) project.mergedInto = target;
  }
}

/** Hands the directories and names of merged projects over, and holds back what would collide. */
export function mergeDuplicates(projects: Project[]): void {
  for (const project of projects) {
    const target = project.mergedInto;
    if (target === null) continue;
    for (const name of project.names) target.names.add(name);
    target.others.push(...project.others);
    project.others = [];
  }
  holdSameIds(projects);
}

/** Two projects with one id cannot both own `projects/{id}`: the one already keyed by it stays. */
function holdSameIds(projects: Project[]): void {
  const active = projects.filter((project) => project.mergedInto === null && project.id !== null);
  for (const project of active) {
    const rivals = active.filter((other) => other !== project && other.id === project.id);
    if (rivals.length === 0 || project.key === project.id) continue;
    const rival = rivals[0];
    project.held = `its id ${project.id} is also that of ${rival === undefined ? "another project" : projectLabel(rival)}, registered for the same path`;
  }
}
