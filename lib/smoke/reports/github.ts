/** A run as the log of a GitHub workflow: what was seen folded, then an annotation for each finding. */
import { resolve } from "node:path";
import { type Annotation, annotation, logGroup, placeBelow } from "../../github.ts";
import { plural } from "../../text.ts";
import type { RunResult, StepResult } from "../results.ts";
import { summary } from "./markdown.ts";
import { reasonOf } from "./reason.ts";

/**
 * What stdout gets with `--format github`.
 *
 * @param text the closing words of the run, which are folded
 * @param cwd what the files of lanes were named from
 * @param workspace the steps of lanes below it are annotated in their files
 * @param token see {@link logGroup}
 */
export function githubLog(
  result: RunResult,
  text: string,
  { cwd, workspace, token }: { cwd: string; workspace: string; token: string },
): string {
  const group = logGroup("AO smoke runbook", text, token);
  const lines = annotationsOf(result, cwd, workspace).map(annotation);
  return [group, ...lines, `${summary(result.counts)}.`].join("\n");
}

function annotationsOf({ steps }: RunResult, cwd: string, workspace: string): Annotation[] {
  const of = (...statuses: StepResult["status"][]) =>
    steps.filter(({ status }) => statuses.includes(status));
  const one = (level: Annotation["level"]) => (step: StepResult) => ({
    level,
    title: `${step.status}: ${step.id} ${step.title}`,
    message: [reasonOf(step) || "No reason was recorded.", step.link ?? ""].join("\n").trim(),
    ...placeBelow(resolve(cwd, step.source), workspace),
  });
  return [
    ...of("fail", "error", "manual-fail").map(one("error")),
    ...blockedOf(of("blocked")),
    ...of("unclear", "known-fixed").map(one("warning")),
  ];
}

/** GitHub shows few annotations, so that what one failure holds up shares one. */
function blockedOf(steps: readonly StepResult[]): Annotation[] {
  if (steps.length === 0) return [];
  const message = steps.map((step) => `${step.id} ${step.title}: ${reasonOf(step)}`).join("\n");
  return [{ level: "error", title: `${plural(steps.length, "step")} blocked`, message }];
}
