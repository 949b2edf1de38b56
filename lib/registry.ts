/**
 * Configs as AO wrote them: the registry `config.yaml` (V1.5 and later), V1's
 * `agent-orchestrator.yaml`, and a project's own config.
 *
 * A bad entry is a fault beside the good ones; only a file that cannot be read as a mapping at all
 * is a fault of its own. Ids, keys and names are read as text even where YAML takes them for
 * numbers.
 */

import { readFileSync, statSync } from "node:fs";
import { basename, isAbsolute, resolve } from "node:path";
import type { Json } from "./edits.ts";
import { formatPointer } from "./edits.ts";
import type { Fault } from "./errors.ts";
import { errorCode, type Place, ToolkitError } from "./errors.ts";
import { expandHome, isSafeProjectId } from "./paths.ts";
import { decodeUtf8 } from "./utf8.ts";
import { type ParsedYaml, parseYaml } from "./yaml.ts";

const maxBytes = 5 * 1024 * 1024;

/** A registered project. Texts are absent when the file does not say them or says them empty. */
export interface RegistryProject {
  /** The key in the registry; of V1's list form the last part of the path, as in AO. */
  key: string;
  /** As written. */
  path: string;
  /** Absolute, `~` expanded; links are not resolved. */
  resolvedPath: string;
  projectId?: string;
  name?: string;
  displayName?: string;
  /** `Owner/name` in V1, a mapping since. */
  repo?: { [key: string]: Json } | string;
  /** `repo.originUrl`, raw. */
  originUrl?: string;
  defaultBranch?: string;
  sessionPrefix?: string;
  /** The text as written: `7e3456789012` is not a number here. */
  storageKey?: string;
  place: Place;
}

/** An entry, or a part of one, that cannot be used. */
export interface RegistryFault {
  place: Place;
  detail: string;
  /** The key of the project, where the fault is in one. */
  key?: string;
}

export interface Registry {
  file: string;
  text: string;
  /** The whole value; null for an empty file. */
  raw: Json;
  schemaVersion?: number;
  /** In the order of the file. */
  projects: RegistryProject[];
  projectOrder?: string[];
  faults: RegistryFault[];
}

/**
 * Reads a registry or a V1 config. Links are followed, as AO does.
 *
 * @param home What `~/` stands for.
 * @returns the registry, or that there is no such file, or why it cannot be used.
 */
export function readRegistry(
  file: string,
  home: string,
): { registry: Registry } | { missing: true } | { fault: Fault } {
  const read = readConfig(file);
  return "config" in read ? { registry: registryOf(read.config, file, home) } : read;
}

/** A project's own config (`agent-orchestrator.yaml` in its repository). */
export interface LocalConfig {
  file: string;
  /** Its fields are inside `projects:`, where AO does not look for them. */
  wrapped: boolean;
  raw: Json;
}

/** Reads a project's own config; results as of {@link readRegistry}. */
export function readLocalConfig(
  file: string,
): { config: LocalConfig } | { missing: true } | { fault: Fault } {
  const read = readConfig(file);
  if (!("config" in read)) return read;
  const raw = read.config.yaml.value;
  const wrapped = isMapping(raw) && Object.hasOwn(raw, "projects");
  return { config: { file, wrapped, raw } };
}

interface Config {
  text: string;
  yaml: ParsedYaml;
}

function readConfig(file: string): { config: Config } | { missing: true } | { fault: Fault } {
  const fault = (kind: Fault["kind"], detail: string, place: Place = { file }) => ({
    fault: { kind, place, detail },
  });
  let bytes: Uint8Array;
  try {
    const stats = statSync(file);
    if (!stats.isFile()) return fault("not-a-file", "not a regular file");
    if (stats.size > maxBytes) return fault("too-large", `${stats.size} bytes, over ${maxBytes}`);
    bytes = readFileSync(file);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return code === "ENOENT" || code === "ENOTDIR" ? { missing: true } : fault("unreadable", code);
  }
  const decoded = decodeUtf8(bytes);
  if ("fault" in decoded) {
    const { detail, line, column } = decoded.fault;
    return fault("corrupt", detail, { file, line, column });
  }
  const { text } = decoded;
  try {
    const yaml = parseYaml(text, file);
    if (yaml.value === null || isMapping(yaml.value)) return { config: { text, yaml } };
    return fault("corrupt", "not a mapping", yaml.placeOf(""));
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    const detail = error.message.replace(/^Cannot read "[^"]*" as YAML: /, "");
    return fault("corrupt", detail, error.place);
  }
}

function isMapping(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function registryOf(config: Config, file: string, home: string): Registry {
  const { text, yaml } = config;
  const raw = yaml.value;
  const registry: Registry = { file, text, raw, projects: [], faults: [] };
  if (!isMapping(raw)) return registry;
  const { schemaVersion, projects, projectOrder } = raw;
  if (typeof schemaVersion === "number") registry.schemaVersion = schemaVersion;
  if (Array.isArray(projectOrder)) {
    registry.projectOrder = projectOrder.map((item, at) =>
      textOf(item, yaml, `/projectOrder/${at}`),
    );
  }
  if (isMapping(projects) || Array.isArray(projects)) {
    for (const [at, entry] of Object.entries(projects)) {
      const reader = { yaml, pointer: `/projects${formatPointer([at])}`, home };
      const { project, problems } = projectOf(entry, Array.isArray(projects) ? null : at, reader);
      if (project !== null) registry.projects.push(project);
      const key = Array.isArray(projects) ? project?.key : at;
      for (const { detail, field } of problems) {
        const place = yaml.placeOf(reader.pointer + field);
        registry.faults.push({ place, detail, ...(key !== undefined && { key }) });
      }
    }
  } else if (projects !== undefined && projects !== null) {
    const detail = "projects is neither a mapping nor a list";
    registry.faults.push({ place: yaml.placeOf("/projects"), detail });
  }
  return registry;
}

interface EntryReader {
  yaml: ParsedYaml;
  /** Of the entry. */
  pointer: string;
  home: string;
}

interface Problem {
  detail: string;
  /** Pointer below the entry; empty for the entry itself. */
  field: string;
}

/** The project of an entry, null when it cannot be one, and what is wrong with the entry. */
function projectOf(
  entry: Json,
  named: string | null,
  { yaml, pointer, home }: EntryReader,
): { project: RegistryProject | null; problems: Problem[] } {
  const refuse = (detail: string, field = "") => ({ project: null, problems: [{ detail, field }] });
  if (named !== null && !isSafeProjectId(named)) return refuse(unsafe("project id", named));
  if (!isMapping(entry)) return refuse("the project is not a mapping");
  const { path, repo } = entry;
  if (typeof path !== "string") {
    return refuse(path === undefined ? "the project has no path" : "the path is not text", "/path");
  }
  const wrong = pathProblem(path, home);
  if (wrong !== null) return refuse(wrong, "/path");
  const resolvedPath = resolve(expandHome(path, home));
  const key = named ?? basename(resolvedPath);
  if (!isSafeProjectId(key)) return refuse(unsafe("project id", key), "/path");
  const project: RegistryProject = { key, path, resolvedPath, place: yaml.placeOf(pointer) };
  for (const name of textFields) {
    const text = textOf(entry[name], yaml, `${pointer}/${name}`);
    if (text !== "") project[name] = text;
  }
  if (isMapping(repo) || (typeof repo === "string" && repo !== "")) project.repo = repo;
  const originUrl = isMapping(repo) ? repo.originUrl : undefined;
  if (typeof originUrl === "string" && originUrl !== "") project.originUrl = originUrl;
  const { projectId } = project;
  if (projectId === undefined || isSafeProjectId(projectId)) return { project, problems: [] };
  delete project.projectId;
  return { project, problems: [{ detail: unsafe("projectId", projectId), field: "/projectId" }] };
}

function unsafe(what: string, text: string): string {
  return `the ${what} ${JSON.stringify(text)} is not safe as a directory name`;
}

const textFields = [
  "projectId",
  "name",
  "displayName",
  "defaultBranch",
  "sessionPrefix",
  "storageKey",
] as const satisfies readonly (keyof RegistryProject)[];

/** Why a path cannot be used; AO takes a relative one from wherever it happens to run. */
function pathProblem(path: string, home: string): string | null {
  if (path === "") return "the path is empty";
  const shown = `the path ${JSON.stringify(path)}`;
  if (path.includes("\0")) return `${shown} holds a NUL`;
  if (path.split("/").includes("..")) return `${shown} climbs (..)`;
  return isAbsolute(expandHome(path, home)) ? null : `${shown} is not absolute`;
}

/** A scalar as it is written; empty when there is none. */
function textOf(value: Json | undefined, yaml: ParsedYaml, pointer: string): string {
  return value === undefined || value === null ? "" : (yaml.sourceOf(pointer) ?? "");
}
