import { expect, test } from "bun:test";
import { coverageOf, readOpenApi } from "../../../lib/smoke/openapi.ts";

const document = `
openapi: 3.0.3
paths:
  /items/{id}:
    get:
      responses:
        "200": { content: { application/json: { schema: { $ref: "#/components/schemas/Item" } } } }
        "404": { description: none }
    delete: { responses: { "204": { description: gone } } }
  /items/all:
    get: { responses: { "200": { description: all } } }
components:
  schemas:
    Item:
      type: object
      required: [id, tags]
      additionalProperties: false
      properties:
        id: { type: string }
        tags: { type: array, items: { type: string, enum: [a, b] } }
        parent: { oneOf: [{ type: "null" }, { $ref: "#/components/schemas/Item" }] }
`;
const headers = { "content-type": "application/json; charset=utf-8" };
const ask = (json: unknown, path = "/items/1?x=1", status = 200) =>
  readOpenApi(document)?.check({ method: "GET", path, status, headers, json });

test("an answer as documented has no problems", () => {
  expect(ask({ id: "1", tags: ["a"], parent: { id: "0", tags: [] } })).toEqual({
    documented: true,
    problems: [],
  });
});

test("every difference from the document is named with its place", () => {
  expect(ask({ tags: ["a", "z", 3], extra: 1 })?.problems).toEqual([
    ".id is missing",
    '.tags[1] is "z"',
    ".tags[2] is 3",
    ".tags[2] is not of type string",
    ".extra is not documented",
  ]);
  expect(ask([])?.problems).toEqual(["body is not of type object"]);
  expect(ask({ id: "1", tags: null })?.problems).toEqual([".tags is not of type array"]);
});

test("a path or status that the document lacks is said to be undocumented", () => {
  expect(ask({}, "/other")).toEqual({ documented: false, problems: [] });
  expect(ask({}, "/items/1", 500)).toEqual({ documented: false, problems: [] });
});

test("coverage counts operations and documented answers, fixed paths before templates", () => {
  const api = readOpenApi(document);
  api?.check({ method: "GET", path: "/items/all", status: 200, headers, json: {} });
  api?.check({ method: "GET", path: "/items/7", status: 404, headers, json: {} });
  expect(coverageOf(document, api?.seen ?? new Set())).toEqual({
    operations: { total: 3, asked: 2, missing: ["DELETE /items/{id}"] },
    answers: { total: 4, seen: 2 },
  });
});

test("text that is no document is told as none", () => {
  expect(readOpenApi("{{{")).toBeUndefined();
  expect(readOpenApi("a: 1")).toBeUndefined();
});
