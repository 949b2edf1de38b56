/** Every project directory says whose it is: `identity.json`. */

import type { StepBuilder } from "../builder.ts";
import type { Identity } from "../inventory.ts";
import { lastPart, type Project } from "../project.ts";
import type { ProjectTarget } from "../shape.ts";

export const title = "Write identity.json into each project directory";
export const description =
  "Record displayName, originUrl, path, realpath, sessionPrefix, repo and defaultBranch with schemaVersion 3.";

export function build(builder: StepBuilder): void {
  for (const target of builder.context.target.projects) write(builder, target, target.dir);
}

/**
 * For a step that takes away what tells whose a directory is, where this one was not asked for: of
 * a project that the registry does not have nothing else would.
 */
export function keepIdentity(builder: StepBuilder, target: ProjectTarget, base: string): void {
  const { steps } = builder.context.options;
  if (!steps.has("write-identity-json") && target.project.key === null)
    write(builder, target, base);
}

function write(builder: StepBuilder, { project, id }: ProjectTarget, base: string): void {
  if (project.home?.identity !== undefined) return;
  if (project.home?.others.some((entry) => entry.name === "identity.json")) {
    builder.context.warnings.push(`projects/${id}/identity.json cannot be read; left alone.`);
    return;
  }
  const path = `${base}/identity.json`;
  const content = `${JSON.stringify(identityOf(project, id), null, 2)}\n`;
  builder.add({ op: "create", path, content });
  builder.detail(() => `projects/${id}/identity.json`);
}

function identityOf(project: Project, id: string): Identity {
  const { entry, path, originUrl, realpath, prefix } = project;
  const repo = entry?.repo;
  return {
    schemaVersion: 3,
    projectId: id,
    displayName: entry?.displayName ?? entry?.name ?? lastPart(path),
    originUrl,
    path,
    realpath,
    sessionPrefix: prefix,
    ...(typeof repo === "object" && { repo: repo as Record<string, string> }),
    ...(entry?.defaultBranch !== undefined && { defaultBranch: entry.defaultBranch }),
  };
}
