/**
 * The contract of `migrate.ts --json` and `--output`, and of what follows an execution: field names
 * are those of AO's own V3 dry run, with ours beside them. Strict: nothing unnamed is ever printed.
 */

import * as v from "valibot";
import { operationSchema } from "../change/schema.ts";
import { issueKinds } from "./drift.ts";
import { stepIds } from "./options.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());
const absent = v.nullable(v.string());
const texts = v.array(v.string());

const issues = v.array(
  v.strictObject({
    kind: v.picklist(issueKinds),
    detail: v.string(),
    ref: v.optional(v.string()),
  }),
);

const project = v.strictObject({
  projectId: v.string(),
  layout: v.picklist(["v1-bare", "v2-hashed"]),
  rekeyTo: absent,
  path: absent,
  realpath: absent,
  originUrl: absent,
  sessionPrefix: absent,
  storageKeyField: absent,
  sessionsCount: count,
  archiveCount: count,
  worktreesCount: count,
  orchestratorVariants: texts,
  liveOrchestratorTmuxName: absent,
  legacyTmuxNamesInMetadata: count,
  legacyWorkspacePathsInMetadata: count,
  bytes: count,
  issues,
});

const inventory = v.strictObject({
  schemaVersion: v.literal(3),
  scannedAt: time,
  aoBaseDir: v.string(),
  totals: v.strictObject({
    bytes: count,
    sessions: count,
    worktrees: count,
    observabilityDirs: count,
  }),
  projects: v.array(project),
  observability: v.strictObject({
    rootLevelDirCount: count,
    bytes: count,
    oldestModifiedAt: v.nullable(time),
  }),
  strandedWorktrees: v.array(
    v.strictObject({
      path: v.string(),
      branch: absent,
      candidateProjectId: absent,
      candidateSessionId: absent,
    }),
  ),
  bareHashDirs: texts,
  migratedDirs: texts,
  liveTmuxSessions: v.array(
    v.strictObject({
      name: v.string(),
      convention: v.picklist(["v3", "doubled-prefix", "legacy-storagekey", "unknown"]),
    }),
  ),
  duplicateRepos: v.array(v.strictObject({ originUrl: v.string(), projectIds: texts })),
  v1HashDirs: v.array(
    v.strictObject({ path: v.string(), hash: v.string(), projectId: absent, empty: v.boolean() }),
  ),
  globalConfigIssues: issues,
  hashDirIssues: v.record(v.string(), issues),
  issues,
});

const step = v.strictObject({
  order: count,
  id: v.picklist(stepIds),
  title: v.string(),
  description: v.string(),
  count,
  details: texts,
  operations: v.array(operationSchema),
});

const decision = v.strictObject({
  key: v.string(),
  question: v.string(),
  choices: v.array(v.strictObject({ value: v.string(), label: v.string() })),
  default: v.string(),
  chosen: v.string(),
  decidedBy: v.picklist(["default", "user"]),
});

/** One dry run, saved plan included. */
export const planRecordSchema = v.strictObject({
  schemaVersion: v.literal(3),
  generatedAt: time,
  aoVersion: v.string(),
  /** First 16 hex digits of the SHA-256 over the operations. */
  planId: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  /** SHA-256 over what the scan saw. */
  inventoryDigest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  selectedSteps: v.array(v.picklist(stepIds)),
  inventory,
  steps: v.array(step),
  totals: v.strictObject({
    projectsToRekey: count,
    sessionsToRewrite: count,
    tmuxRenames: count,
    worktreeAdoptions: count,
    orchestratorsToNormalize: count,
    observabilityDirsToCollapse: count,
    bareHashDirsToRemove: count,
    storageKeyFieldsToStrip: count,
    estimatedBytesFreed: count,
  }),
  decisions: v.array(decision),
  warnings: texts,
  blockers: texts,
});

/** What `--execute --json` and `--resume --json` print. */
export const executionSchema = v.strictObject({
  schemaVersion: v.literal(1),
  id: v.string(),
  dir: v.string(),
  operations: count,
  warnings: texts,
  leftovers: texts,
  undo: v.string(),
});
