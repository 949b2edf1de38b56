/**
 * Which columns `ao.db` has at which goose version, as builds up to version 23 make them.
 *
 * Taken from databases of those builds. Later builds go on from there; what they add is unknown here,
 * but what they rest on has to be there as well.
 */

/** Columns that a migration brought, by table. */
export interface Migration {
  version: number;
  columns: Readonly<Record<string, string>>;
}

/** The last version whose columns are known. */
export const knownVersion = 23;

const migrations: readonly Migration[] = [
  {
    version: 1,
    columns: {
      projects: "id path repo_origin_url display_name registered_at archived_at",
      sessions:
        "id project_id num issue_id kind harness activity_state activity_last_at is_terminated " +
        "branch workspace_path runtime_handle_id agent_session_id prompt created_at updated_at",
      pr: "url session_id number pr_state review_decision ci_state mergeability updated_at",
      pr_checks: "pr_url name commit_hash status url log_tail created_at",
      pr_comment: "pr_url comment_id author file line body resolved created_at",
      change_log: "seq project_id session_id event_type payload created_at",
    },
  },
  { version: 3, columns: { sessions: "display_name" } },
  {
    version: 4,
    columns: {
      pr:
        "provider host repo source_branch target_branch head_sha title author is_draft is_merged " +
        "is_closed html_url metadata_hash ci_hash review_hash observed_at ci_observed_at " +
        "review_observed_at",
      pr_checks: "conclusion details",
      pr_comment: "thread_id url is_bot",
      pr_review_threads: "pr_url thread_id path line resolved is_bot semantic_hash updated_at",
    },
  },
  { version: 5, columns: { pr: "last_nudge_signature" } },
  { version: 8, columns: { projects: "config" } },
  {
    version: 9,
    columns: {
      projects: "kind",
      workspace_repos: "project_id name relative_path repo_origin_url registered_at",
      session_worktrees: "session_id repo_name branch base_sha worktree_path preserved_ref state",
    },
  },
  { version: 10, columns: { sessions: "first_signal_at" } },
  {
    version: 11,
    columns: {
      notifications: "id session_id project_id pr_url type title body status created_at",
    },
  },
  {
    version: 12,
    columns: {
      review: "id session_id project_id harness pr_url reviewer_handle_id created_at updated_at",
      review_run:
        "id review_id session_id harness pr_url target_sha status verdict body created_at",
    },
  },
  { version: 16, columns: { review_run: "github_review_id" } },
  { version: 17, columns: { sessions: "preview_url" } },
  { version: 18, columns: { review_run: "delivered_at" } },
  { version: 19, columns: { sessions: "preview_revision" } },
  { version: 20, columns: { review_run: "batch_id" } },
  {
    version: 21,
    columns: { pr_reviews: "pr_url review_id author state url is_bot submitted_at" },
  },
];

/** How a database differs from its own version, as `table.column`. */
export interface ColumnDrift {
  missing: string[];
  /** Of a migration that is not recorded, with that migration's version. */
  early: { column: string; version: number }[];
}

/** Compares the columns that are there with those that the version promises. */
export function compareColumns(
  version: number,
  columns: ReadonlyMap<string, readonly string[]>,
): ColumnDrift {
  const drift: ColumnDrift = { missing: [], early: [] };
  for (const migration of migrations) {
    for (const [table, names] of Object.entries(migration.columns)) {
      for (const name of names.split(" ")) {
        const there = columns.get(table)?.includes(name) === true;
        if (migration.version <= version && !there) drift.missing.push(`${table}.${name}`);
        if (migration.version > version && there) {
          drift.early.push({ column: `${table}.${name}`, version: migration.version });
        }
      }
    }
  }
  return drift;
}
