/**
 * Holds answers against the daemon's own OpenAPI document, and counts how much of it was covered.
 */
import type { Value } from "./values.ts";

interface Schema {
  $ref?: string;
  type?: string | string[];
  nullable?: boolean;
  enum?: Value[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: boolean | Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}
interface Response {
  $ref?: string;
  content?: Record<string, { schema?: Schema }>;
}
interface Operation {
  operationId?: string;
  responses?: Record<string, Response>;
}
interface Document {
  paths?: Record<string, Record<string, Operation>>;
  components?: Record<string, Record<string, unknown>>;
}

export interface Coverage {
  operations: { total: number; asked: number; missing: string[] };
  /** Documented pairs of operation and status, and how many of them were seen. */
  answers: { total: number; seen: number };
}
export interface Asked {
  method: string;
  path: string;
  status?: number;
  headers: Record<string, string>;
  json?: unknown;
}

/** `documented: false` for a path or status that the document does not have. */
export interface Verdict {
  documented: boolean;
  problems: string[];
}

export interface OpenApi {
  check(asked: Asked): Verdict;
  /** Operations and answers met so far, as `GET /path 200`. */
  seen: ReadonlySet<string>;
}

/** Reads the document; undefined when it is not one. */
export function readOpenApi(text: string): OpenApi | undefined {
  const document = parse(text);
  if (document?.paths === undefined) return undefined;
  const routes = routesOf(document);
  const seen = new Set<string>();
  return {
    seen,
    check(asked) {
      const path = asked.path.split("?")[0] ?? asked.path;
      const route = routes.find((one) => one.method === asked.method && one.pattern.test(path));
      if (route === undefined) return { documented: false, problems: [] };
      const status = String(asked.status ?? "");
      const response = route.operation.responses?.[status] ?? route.operation.responses?.default;
      seen.add(`${route.name} ${status}`);
      if (response === undefined) return { documented: false, problems: [] };
      const media = Object.entries(resolve<Response>(document, response).content ?? {});
      const schema = media.find(([type]) =>
        (asked.headers["content-type"] ?? "").startsWith(type),
      )?.[1].schema;
      if (schema === undefined || asked.json === undefined)
        return { documented: true, problems: [] };
      return { documented: true, problems: problemsOf(document, schema, asked.json, "") };
    },
  };
}

/** How much of a document the answers seen cover. */
export function coverageOf(text: string, seen: ReadonlySet<string>): Coverage | undefined {
  const document = parse(text);
  if (document?.paths === undefined) return undefined;
  const routes = routesOf(document);
  const answers = routes.flatMap(({ name, operation }) =>
    Object.keys(operation.responses ?? {}).map((status) => `${name} ${status}`),
  );
  const asked = new Set([...seen].map((answer) => answer.slice(0, answer.lastIndexOf(" "))));
  const missing = routes.map(({ name }) => name).filter((name) => !asked.has(name));
  return {
    operations: { total: routes.length, asked: routes.length - missing.length, missing },
    answers: { total: answers.length, seen: answers.filter((answer) => seen.has(answer)).length },
  };
}

const parsed = new Map<string, Document | undefined>();

/** The document is the same for every world of a run, and parsing it is the slow part. */
function parse(text: string): Document | undefined {
  if (!parsed.has(text)) {
    try {
      parsed.set(text, Bun.YAML.parse(text) as Document);
    } catch {
      parsed.set(text, undefined);
    }
  }
  return parsed.get(text);
}

const verbs = new Set(["get", "put", "post", "delete", "patch", "head", "options"]);

function routesOf(document: Document) {
  return Object.entries(document.paths ?? {})
    .flatMap(([path, item]) =>
      Object.entries(item)
        .filter(([verb]) => verbs.has(verb))
        .map(([verb, operation]) => ({
          name: `${verb.toUpperCase()} ${path}`,
          method: verb.toUpperCase(),
          // Fixed paths win over templates: `/sessions/cleanup` is not a session called cleanup.
          pattern: new RegExp(
            `^${RegExp.escape(path)
              .replaceAll(/\\\{[^}]*\}/g, "[^/]+")
              .replaceAll("\\*", ".*")}$`,
          ),
          templates: path.split("{").length,
          operation,
        })),
    )
    .sort((a, b) => a.templates - b.templates);
}

function resolve<T extends { $ref?: string }>(document: Document, value: T): T {
  if (value.$ref === undefined) return value;
  const keys = value.$ref.replace("#/", "").split("/");
  let found: unknown = document;
  for (const key of keys) found = (found as Record<string, unknown> | undefined)?.[key];
  return resolve(document, (found ?? {}) as T);
}

function problemsOf(document: Document, written: Schema, value: Value, at: string): string[] {
  const schema = resolve(document, written);
  const deeper = (part: Schema, item: Value, where: string) =>
    problemsOf(document, part, item, where);
  if (value === null && (schema.nullable || [schema.type].flat().includes("null"))) return [];
  const all = (schema.allOf ?? []).flatMap((part) => deeper(part, value, at));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices && !choices.some((part) => deeper(part, value, at).length === 0)) {
    all.push(`${at || "body"} fits none of the documented forms`);
  }
  if (schema.enum && !schema.enum.includes(value)) all.push(`${at} is ${JSON.stringify(value)}`);
  if (schema.type !== undefined && ![schema.type].flat().some((type) => hasType(value, type))) {
    return [...all, `${at || "body"} is not of type ${[schema.type].flat().join(" or ")}`];
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    return items
      ? [...all, ...value.flatMap((item, i) => deeper(items, item, `${at}[${i}]`))]
      : all;
  }
  if (value === null || typeof value !== "object") return all;
  return [...all, ...fieldProblems(schema, value as Record<string, Value>, at, deeper)];
}

function fieldProblems(
  schema: Schema,
  value: Record<string, Value>,
  at: string,
  deeper: (part: Schema, item: Value, where: string) => string[],
): string[] {
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key));
  const problems = missing.map((key) => `${at}.${key} is missing`);
  for (const [key, item] of Object.entries(value)) {
    const known = schema.properties?.[key];
    if (known) problems.push(...deeper(known, item, `${at}.${key}`));
    else if (schema.additionalProperties === false) problems.push(`${at}.${key} is not documented`);
    else if (typeof schema.additionalProperties === "object") {
      problems.push(...deeper(schema.additionalProperties, item, `${at}.${key}`));
    }
  }
  return problems;
}

function hasType(value: Value, type: string): boolean {
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "object")
    return value !== null && typeof value === "object" && !Array.isArray(value);
  if (type === "null") return value === null;
  return typeof value === type;
}
