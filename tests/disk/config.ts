/** Registry and project-local configs, written the way people and AO write them: with comments. */

import { join, relative } from "node:path";
import { writeFiles } from "./repos.ts";
import type { BuiltProject, DiskSpec } from "./spec.ts";

/** `config.yaml`, with what people put there: comments, odd spacing, keys AO does not know. */
export function registryText(projects: BuiltProject[]): string {
  const registered = projects.filter(
    ({ spec, layout }) => spec.registered ?? (layout !== "v0" && layout !== "v1"),
  );
  const entries = registered.map(registryEntry).join("\n");
  const order = registered.map(({ key }) => `  - ${key}\n`).join("");
  const v3 = registered.length > 0 && registered.every(({ layout }) => layout === "v3");
  return [
    "# Written by hand in places; keep the comments.\n",
    ...(v3 ? ["schemaVersion: 3\n"] : []),
    "port: 3000   # dashboard\n",
    "defaults:\n  runtime: tmux\n  agent: claude-code\n  workspace: worktree\n  notifiers: [desktop]\n",
    registered.length > 0 ? `projects:\n${entries}` : "projects: {}\n",
    registered.length > 0 ? `projectOrder:\n${order}` : "",
    "notifiers:\n    desktop: { plugin: desktop }   # four blanks, on purpose\n",
    "myOwnKey: 'stays'\n",
  ].join("");
}

function registryEntry(project: BuiltProject): string {
  const { spec, key, path, originUrl, prefix, storageKey, name } = project;
  const [, owner, repo] = /([^/:]+)\/([^/]+?)(?:\.git)?$/.exec(originUrl ?? "") ?? [];
  const keyText = { bare: storageKey, wrapped: `${storageKey}-${name}` };
  const wanted = spec.storageKey ?? (project.layout === "v1-bare-hash" ? "bare" : undefined);
  const lines = [
    `projectId: ${JSON.stringify(key)}`,
    `path: ${path}`,
    ...(owner === undefined || originUrl === undefined
      ? []
      : [
          "repo:",
          `  owner: ${owner}`,
          `  name: ${repo}`,
          "  platform: github",
          `  originUrl: https://github.com/${owner}/${repo}`,
        ]),
    "defaultBranch: main   # not master",
    "source: ao-project-add",
    "registeredAt: 1776679200",
    `displayName: ${name}`,
    `sessionPrefix: ${prefix}`,
    ...(wanted === undefined ? [] : [`storageKey: "${keyText[wanted]}"`]),
    ...(spec.registryLines ?? []),
  ];
  return `  ${JSON.stringify(key)}:\n${lines.map((line) => `    ${line}\n`).join("")}`;
}

/** The V1 config of some projects: `agent-orchestrator.yaml` beside them or anywhere else. */
export function v1ConfigText(projects: BuiltProject[], home: string, spec: DiskSpec): string {
  const v0 = projects.some(({ layout }) => layout === "v0");
  const head = v0 ? "dataDir: ~/.ao-sessions\nworktreeDir: ~/.ao-worktrees\n" : "";
  const entries = projects.map((project) => {
    const { name, path, spec: wanted } = project;
    const prefix = wanted.sessionPrefix;
    const fields = [
      `path: ~/${relative(home, path)}`,
      `repo: o/${name}`,
      "defaultBranch: main",
      ...(prefix === undefined ? [] : [`sessionPrefix: ${prefix} # ours`]),
    ];
    if (spec.listForm) return `  - ${fields.join("\n    ")}\n`;
    return `  ${name}:\n    ${fields.join("\n    ")}\n`;
  });
  return `# One config for all of them\n${head}projects:\n${entries.join("\n")}`;
}

/** `agent-orchestrator.yaml` in the repository: flat as AO wants it, or wrapped as it was once. */
export function writeLocalConfig(project: BuiltProject): void {
  const flat = "agent: claude-code\nruntime: tmux # fine\n";
  const wrapped = `projects:\n  ${project.name}:\n    path: ${project.path}\n    agent: codex\n`;
  const text = project.spec.localConfig === "wrapped" ? wrapped : flat;
  writeFiles(project.path, { "agent-orchestrator.yaml": text });
}

/** `identity.json` and the counter that V3 keeps for a project. */
export function writeV3Files(project: BuiltProject): void {
  const { stateDir, id, name, originUrl, path, prefix, sessions } = project;
  const [, owner, repo] = /([^/:]+)\/([^/]+?)(?:\.git)?$/.exec(originUrl ?? "") ?? [];
  const identity = {
    schemaVersion: 3,
    projectId: id,
    displayName: name,
    originUrl: originUrl ?? null,
    path,
    realpath: path,
    sessionPrefix: prefix,
    ...(owner !== undefined && {
      repo: {
        owner,
        name: repo,
        platform: "github",
        originUrl: `https://github.com/${owner}/${repo}`,
      },
    }),
    defaultBranch: "main",
  };
  const numbers = sessions.map(({ id: session }) => Number(/-(\d+)$/.exec(session)?.[1] ?? 0));
  const next = Math.max(0, ...numbers) + 1;
  writeFiles(stateDir, {
    "identity.json": `${JSON.stringify(identity, null, 2)}\n`,
    ".next-session-id.json": `${JSON.stringify({ next }, null, 2)}\n`,
  });
}

/** Where the registry is, and the variables that say so. */
export function registryPlace(spec: DiskSpec, home: string, baseDir: string) {
  const at = spec.registryAt;
  if (at === undefined) return { file: join(baseDir, "config.yaml"), env: {} };
  const path = join(home, at.path);
  const file =
    at.variable === "XDG_CONFIG_HOME" ? join(path, "agent-orchestrator", "config.yaml") : path;
  return { file, env: { [at.variable]: path } };
}
