/**
 * AO's `config.yaml` as AO itself writes it, for editors. AO keeps keys that it does not know, so
 * they are allowed everywhere; `registry.ts` reads files that are worse than this.
 */

import * as v from "valibot";

const text = v.pipe(v.string(), v.nonEmpty());
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535));

const project = v.looseObject({
  path: v.pipe(text, v.description("The repository; ~/ is the home directory")),
  projectId: v.optional(text),
  name: v.optional(text),
  displayName: v.optional(text),
  repo: v.optional(
    v.union([
      v.pipe(text, v.description("owner/name, as the first AO had it")),
      v.looseObject({
        owner: v.optional(text),
        name: v.optional(text),
        platform: v.optional(text),
        originUrl: v.optional(text),
      }),
    ]),
  ),
  defaultBranch: v.optional(text),
  sessionPrefix: v.optional(
    v.pipe(text, v.description("The part of session ids before the number")),
  ),
  source: v.optional(text),
  registeredAt: v.optional(v.union([text, v.number()])),
  storageKey: v.optional(
    v.pipe(
      v.union([text, v.number()]),
      v.description("Where an older AO kept this project's state; V3 has none"),
    ),
  ),
});

/** The registry of V1.5 and later, and the first AO's list of projects. */
export const registrySchema = v.looseObject({
  schemaVersion: v.optional(v.pipe(v.number(), v.integer())),
  projects: v.optional(
    v.nullable(v.union([v.record(v.string(), project), v.array(v.looseObject(project.entries))])),
  ),
  projectOrder: v.optional(v.array(text)),
  port: v.optional(port),
});
