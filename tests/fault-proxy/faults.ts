/**
 * Named faults, and the steps that each must turn red: no other step of the selection may change.
 */

/** What the proxy in front of the daemon does to requests and answers it matches. */
export interface HttpFault {
  /** `VERB path` as a regular expression. */
  match: string;
  /** Only answers with this status. */
  onlyStatus?: number;
  status?: number;
  /** Replaces text in the body; `$1` works. */
  replace?: [pattern: string, by: string];
  body?: string;
  contentType?: string;
  /** Never answers. */
  hang?: true;
  /** Answers itself; the daemon is not asked. */
  swallow?: string;
  /** Takes the query away before the daemon sees it. */
  withoutQuery?: true;
  /** Sends a signal to the daemon when a request matches. */
  signal?: "SIGKILL" | "SIGSTOP";
  /** Kills the tmux session of the session that the answer names. */
  killSession?: true;
}
export interface Fault {
  name: string;
  http?: HttpFault[];
  /** What happens to the frames of event streams. */
  frames?: "lose-second" | "double-second" | "swap";
  /** SQL run on the database once the daemon is ready. */
  sql?: string;
  /** Bytes of noise in the daemon's log before its first line. */
  noise?: number;
  /** Lines of the daemon's log that match are lost. */
  loseLog?: string;
  /** `case` arms of the CLI in front: pattern of all arguments, and what to do instead. */
  cli?: { pattern: string; script: string }[];
  /** Steps that are walked, with what they need. */
  steps: string[];
  /** Steps of the same number that are left out. */
  skip?: string[];
  /** Exactly these of them fail; steps that need them are blocked. */
  red: string[];
  /** What the reason of every failure must show, as a regular expression. */
  because?: string;
}

const envelope = '"requestId":"[^"]*"';

/** Faults that only show after minutes; see `faults.long.ts`. */
export const slowFaults: Fault[] = [
  {
    name: "published bug 5: a resolved thread is recorded as added",
    // The lane restarts the daemon, and with it the fault.
    sql: `DROP TRIGGER IF EXISTS pr_review_threads_cdc_update;
      CREATE TRIGGER IF NOT EXISTS again AFTER UPDATE ON pr_review_threads
      WHEN OLD.resolved <> NEW.resolved BEGIN
        INSERT INTO change_log (project_id, session_id, event_type, payload, created_at)
        SELECT s.project_id, s.id, 'pr_review_thread_added', '{}', NEW.updated_at
        FROM pr p JOIN sessions s ON s.id = p.session_id WHERE p.url = NEW.pr_url;
      END`,
    steps: ["6.6"],
    skip: ["6.6-real"],
    red: ["6.6"],
    because: "pr_review_thread_added",
  },
  {
    name: "the reaper ends nothing",
    sql: `CREATE TRIGGER keep BEFORE UPDATE ON sessions WHEN NEW.is_terminated = 1 BEGIN
        SELECT RAISE(IGNORE);
      END`,
    steps: ["9.1"],
    red: ["9.1"],
    because: "isTerminated should be true, but is false",
  },
  {
    name: "the pull request of a session is not shown",
    http: [{ match: "GET /api/v1/sessions/[^/]+/pr$", body: '{"sessionId":"gh-1","prs":[]}' }],
    steps: ["6.1", "6.2"],
    red: ["6.2"],
    because: "json.prs should be length 1",
  },
  {
    name: "the signature of the nudge is forgotten at a restart",
    sql: "UPDATE pr SET last_nudge_signature = ''",
    steps: ["6.2", "6.4"],
    red: ["6.4"],
    because: "CI is failing|last_nudge_signature",
  },
];

const otherSpawns = [
  "3.1-unknown-project",
  "3.1-busy-branch",
  "3.1-local-only",
  "3.1-no-agent-binary",
];

export const faults: Fault[] = [
  {
    name: "none",
    steps: [
      "1.1",
      "1.2",
      "2.2",
      "3.5",
      "3.6",
      "7.2",
      "10.2-cursor",
      "11.3",
      "11.4",
      "11.6",
      "11.7",
    ],
    red: [],
  },
  {
    name: "the health probe names another process",
    http: [{ match: "GET /healthz", replace: ['"pid":(\\d+)', '"pid":1$1'] }],
    steps: ["1.1", "1.4"],
    red: ["1.1"],
    because: "json.pid should be",
  },
  {
    name: "the daemon is never ready",
    http: [{ match: "GET /readyz", status: 503 }],
    steps: ["1.1", "1.4"],
    red: ["1.1"],
    because: "state should be",
  },
  {
    name: "published bug 1: an unknown project answers 500",
    http: [{ match: "POST /api/v1/(sessions|orchestrators)$", onlyStatus: 404, status: 500 }],
    steps: ["3.1-unknown-project", "3.3-unknown-harness", "4.1-unknown-project", "11.9"],
    red: ["3.1-unknown-project", "4.1-unknown-project"],
    because: "status should be 404, but is 500",
  },
  {
    name: "published bug 2: restoring a failed spawn answers 500",
    http: [{ match: "POST /api/v1/sessions/[^/]+/restore", onlyStatus: 404, status: 500 }],
    steps: ["3.8-failed-spawn", "11.9"],
    red: ["3.8-failed-spawn"],
    because: "status should be .*404, but is 500",
  },
  {
    name: "published bug 3: a busy branch answers 500 without a reason",
    http: [
      {
        match: "POST /api/v1/sessions$",
        onlyStatus: 409,
        status: 500,
        body: JSON.stringify({
          error: "internal",
          code: "INTERNAL_ERROR",
          message: "Internal server error",
          requestId: "h/abcdefghij-000001",
        }),
      },
    ],
    steps: ["3.1-busy-branch", "3.3-unknown-harness"],
    red: ["3.1-busy-branch"],
    because: "status should be 409, but is 500",
  },
  {
    name: "published bug 6: an agent that is not installed is spawned",
    http: [
      { match: "POST /api/v1/sessions$", onlyStatus: 400, status: 201, body: '{"session":{}}' },
    ],
    steps: ["3.1-no-agent-binary", "3.1-unknown-project"],
    red: ["3.1-no-agent-binary"],
    because: "status should be 400, but is 201",
  },
  {
    name: "published bug 7: the missing token is not mentioned",
    loseLog: "scm observer",
    steps: ["1.4", "6.3-no-session"],
    red: ["6.3-no-session"],
    because: "count should be min 1, but is 0",
  },
  {
    name: "the daemon fills its log",
    noise: 30_000_000,
    steps: ["1.1", "11.4"],
    skip: ["1.1-again"],
    red: [],
  },
  {
    name: "an event is lost",
    frames: "lose-second",
    steps: ["10.1", "10.2"],
    red: ["10.2"],
    because: "data.seq should be",
  },
  {
    name: "an event is doubled",
    frames: "double-second",
    steps: ["10.1", "10.2"],
    red: ["10.2"],
    because: "data.seq should be",
  },
  {
    name: "two events change places",
    frames: "swap",
    steps: ["10.1", "10.2"],
    red: ["10.2"],
    because: "data.seq should be",
  },
  {
    name: "the cursor of a stream is ignored",
    http: [{ match: "GET /api/v1/events\\?after=[1-9]", withoutQuery: true }],
    steps: ["10.2", "10.2-cursor"],
    red: ["10.2-cursor"],
    because: "data.seq should be",
  },
  {
    name: "error envelopes lack the request id",
    http: [{ match: ".", replace: [`,${envelope}`, ""] }],
    steps: ["11.1", "11.3", "11.4", "11.10"],
    red: ["11.3", "11.4", "11.10"],
    because: "json.requestId should be",
  },
  {
    name: "errors are sent as plain text",
    http: [{ match: " /nope", contentType: "text/plain; charset=utf-8" }],
    steps: ["11.1", "11.3", "11.4", "11.10"],
    red: ["11.3", "11.4"],
    because: "content-type",
  },
  {
    name: "the list of projects is garbage",
    http: [{ match: "GET /api/v1/projects$", body: "<html>oops</html>" }],
    steps: ["2.2", "2.3", "11.6"],
    red: ["2.2", "11.6"],
  },
  {
    name: "the list of orchestrators hangs",
    http: [{ match: "GET /api/v1/orchestrators$", hang: true }],
    steps: ["4.1", "4.2", "11.9"],
    red: ["4.2"],
    because: "no answer within",
  },
  {
    name: "a rename is answered but not stored",
    http: [
      {
        match: "PATCH /api/v1/sessions/[^/]+$",
        swallow: '{"ok":true,"sessionId":"gh-1","displayName":"renamed"}',
      },
    ],
    steps: ["3.5", "3.6"],
    red: ["3.6"],
    because: "displayName should be",
  },
  {
    name: "a kill is answered but nothing is killed",
    http: [
      {
        match: "POST /api/v1/sessions/[^/]+/kill",
        swallow: '{"ok":true,"sessionId":"gh-1","freed":true}',
      },
    ],
    steps: ["3.2", "3.7"],
    skip: ["3.2-default", "3.7-dirty", "3.7-dirty-row"],
    red: ["3.7"],
    because: "stdout should be|names should be",
  },
  {
    name: "the CLI hides a failure behind exit code 0",
    cli: [{ pattern: '"session get "*" -p lp"', script: "exit 0" }],
    steps: ["3.4", "3.5"],
    red: ["3.5"],
    because: "exit should be 2, but is 0",
  },
  {
    name: "the CLI prints where it should be silent",
    cli: [{ pattern: '"send "*', script: '"$REAL" "$@"; code=$?; echo sent; exit $code' }],
    steps: ["5.1", "5.3"],
    red: ["5.1"],
    because: "stdout should be .*, but is .sent",
  },
  {
    name: "the CLI prints no version",
    cli: [{ pattern: '"version"', script: "exit 0" }],
    steps: ["1.2", "1.4"],
    red: ["1.4"],
    because: "stdout should be",
  },
  {
    name: "the trigger of session_updated is dropped",
    sql: "DROP TRIGGER sessions_cdc_update",
    steps: ["3.1", "7.1", "7.2"],
    red: ["7.2"],
  },
  {
    name: "rows cannot be written",
    sql: `CREATE TRIGGER refuse BEFORE INSERT ON sessions BEGIN
        SELECT RAISE(ABORT, 'read-only');
      END`,
    steps: ["2.2", "3.1"],
    red: ["3.1", "3.1-busy-branch", "3.1-local-only", "3.1-no-agent-binary"],
  },
  {
    name: "the tmux session of a spawn is gone at once",
    http: [{ match: "POST /api/v1/sessions$", onlyStatus: 201, killSession: true }],
    steps: ["2.2", "3.1"],
    red: ["3.1"],
    because: "names should be|lines should be|text should be|failure should be",
  },
  {
    name: "the daemon is killed in the middle of a spawn",
    http: [{ match: "POST /api/v1/sessions$", signal: "SIGKILL" }],
    steps: ["2.2", "3.1"],
    skip: otherSpawns,
    red: ["3.1"],
  },
  {
    name: "the daemon stands still in the middle of a list",
    http: [{ match: "GET /api/v1/projects$", signal: "SIGSTOP" }],
    steps: ["2.1", "2.2"],
    red: ["2.2"],
    because: "exit should be 0, but is null",
  },
];
