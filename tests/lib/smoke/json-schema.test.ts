import { expect, test } from "bun:test";
import { laneJsonSchema } from "../../../lib/smoke/json-schema.ts";
import { actionKinds } from "../../../lib/smoke/schema.ts";

interface Node {
  required?: string[];
  properties?: Record<string, Node & { $ref?: string; pattern?: string; default?: unknown }>;
  additionalProperties?: unknown;
  items?: { $ref?: string };
  title?: string;
}
const schema = laneJsonSchema() as unknown as Node & {
  $defs: { step: Node; action: { oneOf: Node[] } };
};

test("lanes hold steps and steps hold actions", () => {
  expect(schema.required).toEqual(["lane", "title", "why", "steps"]);
  expect(schema.properties?.steps?.items).toEqual({ $ref: "#/$defs/step" });
  expect(schema.$defs.step.properties?.do?.items).toEqual({ $ref: "#/$defs/action" });
  expect(schema.$defs.step.properties?.timeout).toMatchObject({ type: "string", default: "60s" });
});

test("every kind of action is there, needs its own key, and takes no unknown one", () => {
  const kinds = schema.$defs.action.oneOf;
  expect(kinds.map(({ title }) => title)).toEqual(actionKinds);
  for (const kind of kinds) {
    expect(kind.required).toContain(kind.title ?? "");
    expect(kind.additionalProperties).toBe(false);
  }
});

test("patterns of the form are patterns of the schema", () => {
  const http = schema.$defs.action.oneOf.find(({ title }) => title === "http");
  const pattern = http?.properties?.http?.pattern ?? "nothing matches this";
  expect("GET /healthz").toMatch(new RegExp(pattern));
  expect("healthz").not.toMatch(new RegExp(pattern));
});
