/**
 * The report in the plan's own form, ready to paste: what worked, what broke, what was unclear.
 */
import type { Status } from "../record.ts";
import type { RunResult, StepResult } from "../results.ts";

/** GitHub refuses longer comments at 65,536 characters; a part stays well below. */
const partLimit = 60_000;

/** The report in parts that each fit into one comment; most runs need one. */
export function markdownParts(result: RunResult): string[] {
  const blocks = [header(result), ...sections(result)];
  const parts: string[] = [];
  let part = "";
  for (const block of blocks.flatMap((text) => split(text, partLimit - 200))) {
    if (part !== "" && part.length + block.length + 2 > partLimit - 100) {
      parts.push(part);
      part = "";
    }
    part += part === "" ? block : `\n\n${block}`;
  }
  parts.push(part);
  if (parts.length === 1) return parts.map((text) => `${text}\n`);
  return parts.map((text, index) => `Part ${index + 1} of ${parts.length}\n\n${text}\n`);
}

/** A block too long for one part is cut between lines; a line too long for one is shortened. */
function split(text: string, limit: number): string[] {
  if (text.length <= limit) return [text];
  const pieces: string[] = [];
  let piece = "";
  for (const line of text.split("\n")) {
    const short = line.length > limit ? `${line.slice(0, limit - 20)} [cut]` : line;
    if (piece.length + short.length + 1 > limit) {
      pieces.push(piece);
      piece = "";
    }
    piece += piece === "" ? short : `\n${short}`;
  }
  return [...pieces, piece];
}

function header({
  run,
  environment,
  counts,
  coverage,
  steps,
  ms,
  finished,
  cancelled,
  left,
}: RunResult): string {
  const lanes = [...new Set(steps.map(({ lane }) => lane))];
  const state = finished ? (cancelled ? " (cancelled)" : "") : " (not finished)";
  const lines = [
    `Walked lanes ${lanes.join(", ")} on an isolated daemon${state}: ` +
      `${summary(counts)}, in ${seconds(ms)}.`,
    "",
    "| environment | |",
    "|---|---|",
    `| AO | \`${cell(environment?.aoVersion ?? "unknown")}\`, generation ${run.generation} |`,
    `| OS | ${cell(environment?.os ?? "unknown")} |`,
    `| multiplexer | ${cell(environment?.multiplexer ?? run.runtime)} |`,
    `| git | ${cell(environment?.git ?? "unknown")} |`,
    `| agents, GitHub | ${run.agents}, ${run.github} |`,
  ];
  if (coverage) {
    const { operations, answers } = coverage;
    const covered = `${operations.asked} of ${operations.total} operations`;
    lines.push(`| OpenAPI | ${covered}, ${answers.seen} of ${answers.total} documented answers |`);
  }
  if (left.length > 0) lines.push(`| could not be ended | ${left.length} processes |`);
  return lines.join("\n");
}

/** `12 pass, 1 fail`: statuses that occur, in their order. */
export function summary(counts: Record<Status, number>): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return parts.map(([status, count]) => `${count} ${status}`).join(", ") || "nothing";
}

const worked: readonly Status[] = ["pass", "manual-pass", "known-fixed"];
const broke: readonly Status[] = ["fail", "manual-fail", "error", "blocked", "known"];
const left: readonly Status[] = ["skipped", "not-run"];

function sections(result: RunResult): string[] {
  const of = (statuses: readonly Status[]) =>
    result.steps.filter(({ status }) => statuses.includes(status));
  const notes = result.steps.filter((step) => step.status === "unclear" || step.notes.length > 0);
  return [
    section("What worked", byLane(of(worked)).map(workedLane)),
    ...sectionOf("What broke", of(broke).map(broken)),
    section("What was unclear", notes.map(unclear)),
    section(
      "Not walked",
      of(left).map(
        (step) => `- ${step.id} ${step.title}: ${step.status}, ${step.reason ?? "no reason"}`,
      ),
    ),
    ...(result.knownIssues.length === 0
      ? []
      : [
          section(
            "Known issues to look at",
            result.knownIssues.map(({ step, text }) => `- ${step}: ${text}`),
          ),
        ]),
    details("ao status --json", result.environment?.status),
    details("ao doctor --json", result.environment?.doctor),
  ];
}

function section(title: string, lines: readonly string[]): string {
  return [`## ${title}`, "", ...(lines.length === 0 ? ["Nothing."] : lines)].join("\n");
}

/** A section of long entries: each is a block of its own, so that parts split between them. */
function sectionOf(title: string, blocks: readonly string[]): string[] {
  const [first, ...rest] = blocks;
  return [section(title, first === undefined ? [] : [first]), ...rest];
}

function byLane(steps: readonly StepResult[]): StepResult[][] {
  return [...Map.groupBy(steps, ({ lane }) => lane).values()];
}

function workedLane(steps: readonly StepResult[]): string {
  const [first] = steps;
  const lane = first?.lane === "teardown" ? "" : `Lane ${first?.lane}, `;
  const list = steps.map(
    ({ id, title, status }) => `${id} ${title}${status === "pass" ? "" : ` (${status})`}`,
  );
  return `- ${lane}${first?.laneTitle}: ${list.join("; ")}`;
}

function broken(step: StepResult): string {
  // Reasons quote what AO said: fenced, so that nothing in them is markup or a mention.
  const reason = fence("text", step.reason ?? "No reason was recorded.");
  const lines = [`### ${step.id} ${step.title}: ${step.status}`, "", reason];
  if (step.link) lines.push("", `Known: ${step.link}`);
  const action = step.actions.find(
    (one) => one.error !== undefined || one.checks.some(({ ok }) => !ok),
  );
  if (action) {
    const seen = JSON.stringify(action.seen ?? null, null, 2);
    lines.push("", fence("diff", diffOf(action)), "", fence("json", seen));
  }
  if (step.differs) lines.push("", `Generations: ${step.differs.trim()}`);
  return lines.join("\n");
}

/** Each failed expectation as what was expected (−) and what was seen last (+). */
function diffOf(action: StepResult["actions"][number]): string {
  const failed = action.checks.filter(({ ok }) => !ok);
  const attempts =
    action.attempts > 1 ? `, tried ${action.attempts} times in ${Math.round(action.ms)} ms` : "";
  return [
    `  ${action.title}${attempts}`,
    ...failed.flatMap(({ path, expected, problem }) => [
      `- ${path}: ${expected}`,
      `+ ${path}: ${problem ?? ""}`,
    ]),
    ...(action.error === undefined ? [] : [`! ${action.error}`]),
  ].join("\n");
}

function unclear(step: StepResult): string {
  const notes = step.notes.map(
    ({ kind, text }) => `${kind === "unclear" ? "unclear: " : ""}${text}`,
  );
  const said = notes.length === 0 ? "" : `: ${notes.join("; ")}`;
  return `- ${step.id} ${step.title} (${step.status})${said}`;
}

function details(title: string, value: unknown): string {
  const text = value === undefined ? "not available" : JSON.stringify(value, null, 2);
  const head = `<details><summary><code>${title}</code></summary>`;
  return `${head}\n\n${fence("json", text)}\n\n</details>`;
}

/** A fence longer than any run of backticks in the text, so that nothing breaks out of it. */
function fence(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${text}\n${ticks}`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
