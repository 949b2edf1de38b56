/**
 * The lane form as JSON Schema, made from the same schemas that lanes are checked with, so that
 * editors can complete and check a lane while it is written.
 */
import { actions, lane, step } from "./schema.ts";

type JsonSchema = { [key: string]: unknown };
/** What of a valibot schema is looked at here. */
interface Shape {
  type: string;
  entries?: Record<string, Shape>;
  item?: Shape;
  key?: Shape;
  value?: Shape;
  wrapped?: Shape;
  options?: readonly unknown[];
  literal?: unknown;
  pipe?: readonly (Shape & { requirement?: unknown })[];
  default?: unknown;
}

/** JSON Schema (draft 2020-12) of one lane file. */
export function laneJsonSchema(): JsonSchema {
  const kinds = Object.entries(actions).map(([kind, schema]) => ({
    ...toJsonSchema(schema),
    title: kind,
    required: requiredOf(schema as unknown as Shape),
  }));
  const action = { type: "array", items: { $ref: "#/$defs/action" } };
  const ofStep = toJsonSchema(step) as { properties: JsonSchema };
  const ofLane = toJsonSchema(lane) as { properties: JsonSchema };
  Object.assign(ofStep.properties, { do: { ...action, minItems: 1 }, cleanup: action });
  Object.assign(ofLane.properties, {
    steps: { type: "array", minItems: 1, items: { $ref: "#/$defs/step" } },
  });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "A lane of the AO smoke runbook",
    ...ofLane,
    $defs: { step: ofStep, action: { oneOf: kinds } },
  };
}

function toJsonSchema(schema: unknown): JsonSchema {
  return convert(schema as Shape);
}

function convert(schema: Shape): JsonSchema {
  if (schema.pipe) return Object.assign({}, ...schema.pipe.map(fromPipe));
  switch (schema.type) {
    case "strict_object":
      return {
        type: "object",
        properties: mapValues(schema.entries ?? {}, convert),
        required: requiredOf(schema),
        additionalProperties: false,
      };
    case "record":
      return {
        type: "object",
        additionalProperties: schema.value ? convert(schema.value) : true,
        ...(schema.key?.pipe ? { propertyNames: convert(schema.key) } : {}),
      };
    case "array":
      return { type: "array", items: schema.item ? convert(schema.item) : {} };
    case "union":
      return { anyOf: (schema.options ?? []).map((option) => convert(option as Shape)) };
    case "picklist":
      return { enum: schema.options };
    case "literal":
      return { const: schema.literal };
    case "optional": {
      const inner = schema.wrapped ? convert(schema.wrapped) : {};
      return schema.default === undefined ? inner : { ...inner, default: schema.default };
    }
    case "nullable":
      return { anyOf: [schema.wrapped ? convert(schema.wrapped) : {}, { type: "null" }] };
    case "string":
    case "number":
    case "boolean":
    case "null":
      return { type: schema.type };
    case "never":
      return { not: {} };
    default:
      // `any`, and `lazy`: what refers to itself is checked when the lane is read.
      return {};
  }
}

function fromPipe(part: Shape & { requirement?: unknown }): JsonSchema {
  if (part.type === "regex") return { pattern: (part.requirement as RegExp).source };
  if (part.type === "non_empty") return { minLength: 1 };
  if (part.type === "min_length") return { minItems: part.requirement };
  return part.type === "check" ? {} : convert(part);
}

function requiredOf(schema: Shape): string[] {
  const { entries = {} } = schema.pipe?.[0] ?? schema;
  return Object.entries(entries).flatMap(([key, { type }]) => (type === "optional" ? [] : [key]));
}

function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
