/**
 * Every document that the toolkit prints, saves or reads, by the name of its JSON Schema in
 * `schemas/`. The title says where it comes from.
 */

import { type ConversionConfig, toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import * as change from "../../lib/change/documents.ts";
import {
  lineSchema,
  manifestSchema,
  operationSchema,
  planSchema,
} from "../../lib/change/schema.ts";
import * as doctor from "../../lib/doctor/document.ts";
import { fleetDocumentSchema } from "../../lib/doctor/fleet-document.ts";
import * as repair from "../../lib/doctor/repair-document.ts";
import * as documents from "../../lib/documents.ts";
import * as planning from "../../lib/planning/documents.ts";
import { registrySchema } from "../../lib/registry-schema.ts";
import * as sessions from "../../lib/sessions/document.ts";
import { laneJsonSchema } from "../../lib/smoke/json-schema.ts";
import { knownIssuesSchema } from "../../lib/smoke/known.ts";
import { listingSchema } from "../../lib/smoke/listing.ts";
import { ctrfSchema } from "../../lib/smoke/reports/machine.ts";
import { executionSchema, planRecordSchema } from "../../lib/storage/record-schema.ts";
import { rehearsalSchema } from "../../lib/storage/rehearsal-schema.ts";
import { resumedSchema, taskMigrationSchema } from "../../lib/tasks/document.ts";

/** The plan as the engine saves it; its own schema leaves operations to be checked one by one. */
const wholePlan = v.strictObject({
  ...planSchema.entries,
  operations: v.array(operationSchema),
});

/** The sum continues that of the line before; the journal checks it without a schema. */
const journalLine = v.strictObject({
  sum: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  records: lineSchema,
});

type Entry = readonly [title: string, schema: v.GenericSchema];

const catalog: Readonly<Record<string, Entry>> = {
  error: ["Any script with --json when it fails", documents.errorDocumentSchema],
  "migrate-plan": ["migrate --json and --output", planRecordSchema],
  "migrate-execution": ["migrate --execute --json and --resume --json", executionSchema],
  "migrate-rehearsal": ["migrate --rehearse --json", rehearsalSchema],
  "rollback-list": ["rollback --list --json", change.migrationListSchema],
  "rollback-preview": ["rollback --dry-run --json", change.undoPreviewSchema],
  rollback: ["rollback --json", change.undoSchema],
  "rollback-prune": ["rollback --prune --json", change.pruneSchema],
  "migrate-sessions": ["migrate-sessions --json", taskMigrationSchema],
  "migrate-sessions-resumed": ["migrate-sessions --resume --json", resumedSchema],
  doctor: ["doctor --json", doctor.doctorDocumentSchema],
  "doctor-fleet": ["doctor --merge FILE... --json", fleetDocumentSchema],
  "doctor-checks": ["doctor --list-checks --json and explain --json", doctor.checksDocumentSchema],
  "doctor-fix": ["doctor --fix --json and repair NAME --json", repair.repairResultSchema],
  "doctor-fix-plan": ["doctor --fix --dry-run --json, repair likewise", repair.repairPlanSchema],
  repair: ["repair --json", repair.repairListSchema],
  "repair-resumed": ["repair --resume --json", repair.repairResumedSchema],
  "sessions-list": ["sessions list --json", sessions.listDocumentSchema],
  "sessions-info": ["sessions info SESSION --json", sessions.sessionDocumentSchema],
  "sessions-instance": ["sessions info --json", sessions.instanceDocumentSchema],
  "sessions-spawn": ["sessions spawn --json", sessions.spawnDocumentSchema],
  "sessions-kill": ["sessions kill --json", sessions.killDocumentSchema],
  "migration-list": ["migration list --json", planning.listDocument],
  "migration-show": ["migration show --json", planning.showDocument],
  "migration-doctor": ["migration doctor --json", planning.doctorDocument],
  "migration-step": ["migration new --json and refine --json", planning.stepDocument],
  "migration-review": ["migration review --json", planning.reviewDocument],
  "migration-fast-path": [
    "migration show, review and refine --json of storage and task-sessions",
    planning.fastPathDocument,
  ],
  "migration-tick": ["migration tick --json", planning.tickDocument],
  "smoke-listing": ["smoke-runbook --list --json and --dry-run --json", listingSchema],
  "smoke-report": ["smoke-runbook --json (CTRF)", ctrfSchema],
  demo: ["demo --json", documents.demoDocumentSchema],
  build: ["build --json", documents.buildDocumentSchema],
  completions: ["aokit completions --json", documents.completionsDocumentSchema],
  "plan-file": ["migrations/ID/plan.json", wholePlan],
  "manifest-file": ["migrations/ID/manifest.json", manifestSchema],
  "journal-line": ["One line of migrations/ID/journal.jsonl", journalLine],
  config: ["AO's config.yaml", registrySchema],
  "known-issues": ["A file for smoke-runbook --known-issues", knownIssuesSchema],
};

/** What cannot be said in JSON Schema is checked when the document is read. */
const options: ConversionConfig = { errorMode: "ignore", target: "draft-2020-12" };

/** File name in `schemas/` → what it has to hold. */
export function schemaFiles(): Map<string, string> {
  const schemas = Object.entries(catalog).map(([name, [title, schema]]): [string, object] => {
    const { $schema, ...rest } = toJsonSchema(schema, options);
    return [name, { $schema, title, ...rest }];
  });
  return new Map(
    [...schemas, ["lane", laneJsonSchema()] as const].map(([name, schema]) => [
      `${name}.schema.json`,
      `${JSON.stringify(schema, null, 2)}\n`,
    ]),
  );
}

/** The schema of one document. */
export function schemaOf(name: string): v.GenericSchema {
  const entry = catalog[name];
  if (entry === undefined) throw new TypeError(`no document is called "${name}"`);
  return entry[1];
}
