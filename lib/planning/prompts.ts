/** The texts with which agents are asked. */

import type { Effort } from "./effort.ts";
import type { Manifest, Phase } from "./manifest.ts";
import { phaseFileNames } from "./operations-file.ts";
import { headings } from "./phases.ts";
import type { PromptKind, StepName } from "./steps.ts";
import { stepRules } from "./steps.ts";

const expandText = `Turn the chosen approach into a plan that others can carry out.
Write plan.md: the goal, what changes, what stays, the risks, how to take it back.
Write one document for each phase, phase-<number>-<name>.md, in the order in which they run.
Each has these level-2 headings, each alone on its line:
  ## ${headings.precondition}        what must be true before the phase; one short paragraph
  ## ${headings.done}  what is true afterwards, so that another can check it
and may have:
  ## ${headings.effort}     one of low, medium, high, xhigh: the lowest that is safe
  ## ${headings.reason}       why
Every phase can be verified and delivered by itself. That tests pass is no precondition: the
program that runs the phases sees to it. ${phaseFileNames}
The first line of your answer says in a sentence what the plan does.`;

const instructions: Readonly<Record<PromptKind, string>> = {
  approaches: `Find two to four different ways to reach the target.
Write one document for each into the folder approaches/, named after its idea: how it works, what
it costs, what can go wrong, how it is taken back. Change nothing else.`,
  "pick-best": `Compare the approaches below and pick one.
Answer with its name, why it beats each of the others, and what it takes over from them. Change no
files.`,
  expand: expandText,
  review: `Check the plan as somebody who will have to live with it.
- Does every phase have both required headings, kept apart, and a precondition others can check?
- Is each phase safe to stop after, and does each have the lowest effort that is safe?
- Can anything be lost, and can everything be taken back?
- Is anything decided that a person should decide?
Answer with numbered findings, or with "no findings". Change no files.`,
  "final-review": `Decide whether the plan is carried out.
End with one line of this form:
  final-decision: approve-auto | approve-needs-human | reject — the reason in a sentence
Approve automatically only what is small, reversible and free of decisions a person should take.
Change no files.`,
};

export interface PlanningPrompt {
  step: StepName;
  slug: string;
  target: string;
  effort: Effort;
  workspace: string;
  live: string;
  /** Accepted outputs so far, by step. */
  history: readonly { step: StepName; file: string }[];
  /** What this step works from: the plan, the findings, the approaches. */
  input: string;
  /** Feedback that has come with this run. */
  extra: string | null;
  taste: string | null;
}

export function planningPrompt(prompt: PlanningPrompt): string {
  const { step, slug, target, effort, workspace, live, history, input, extra, taste } = prompt;
  const done = history.map((entry) => `- ${entry.step}: ${entry.file}`).join("\n");
  return joinParts([
    `# ${step} of ${slug}`,
    instructions[stepRules[step].prompt],
    `Effort: ${effort}`,
    `## Target\n\n${target}`,
    `## Where\n\n- ${workspace}: your copy, the only place you may write to\n` +
      `- ${live}: what is published; read it, never write there`,
    done === "" ? "" : `## Accepted so far (in your copy)\n\n${done}`,
    extra === null ? "" : `## Feedback to take into account\n\n${extra}`,
    input === "" ? "" : `## Input\n\n${input}`,
    tasteText(taste),
  ]);
}

/** What the owner of the project prefers; last, so that it is not lost between the others. */
function tasteText(taste: string | null): string {
  return taste === null ? "" : `## Taste of the project's owner\n\n${taste}`;
}

function joinParts(parts: string[]): string {
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function phaseSummary(manifest: Manifest, phase: Phase): string {
  const list = manifest.phases
    .map(
      ({ name, done }) => `- [${done ? "x" : " "}] ${name}${name === phase.name ? " (this)" : ""}`,
    )
    .join("\n");
  return (
    `## Migration\n\n${manifest.name}, ${manifest.status}\n${list}\n\n` +
    `## Phase\n\n${phase.name} (${phase.file})\nPrecondition: ${phase.precondition}`
  );
}

export function readyCheckPrompt(options: {
  manifest: Manifest;
  phase: Phase;
  text: string;
  taste: string | null;
}): string {
  const { manifest, phase, text, taste } = options;
  return joinParts([
    `# Ready-check of ${manifest.name}/${phase.name}`,
    `Find out whether the precondition of the phase holds now. That there is no test evidence is no
obstacle: validation is run afterwards by the program that asks you. Change no files.
End with one line of this form:
  ready: yes | no | unverifiable — the reason in a sentence`,
    phaseSummary(manifest, phase),
    `## Document\n\n${text}`,
    tasteText(taste),
  ]);
}

export function executePrompt(options: {
  manifest: Manifest;
  phase: Phase;
  text: string;
  root: string;
  validation: string | null;
  retry: string | null;
  taste: string | null;
}): string {
  const { manifest, phase, text, root, validation, retry, taste } = options;
  return joinParts([
    `# Execution of ${manifest.name}/${phase.name}`,
    `Work out what has to change below ${root} so that the Definition of Done holds, and answer
with it as operations; they are carried out, checked and taken back if need be by the program
that asks you. Write no files yourself. ${phaseFileNames}
Give the operations as one block, fenced with \`\`\`json, holding {"operations": […]}.
End with a report between these marks, one key: value a line (phase_reached, decision, summary,
commit_rationale, next_retry_focus):
=== phase report ===
summary: …
=== end ===`,
    phaseSummary(manifest, phase),
    `## Contract\n\n${text}`,
    validation === null ? "" : `## Validation run afterwards\n\n${validation}`,
    retry === null ? "" : `## The last try\n\n${retry}`,
    tasteText(taste),
  ]);
}

export function reviewPrompt(options: {
  manifest: Manifest;
  plan: string;
  root: string;
  workspace: string;
  live: string;
  taste: string | null;
}): string {
  const { manifest, plan, root, workspace, live, taste } = options;
  return joinParts([
    `# Review of ${manifest.name}`,
    `Compare the plan with what is below ${root} today, and ask the user about whatever is open.
Edit only your copy. When the user approves, set awaiting_human_review to false and
human_review_reason to null in its manifest.json; otherwise leave both as they are.`,
    `## Why a person is asked\n\n${manifest.humanReviewReason ?? "(no reason was given)"}`,
    `## Where\n\n- ${root}: the root\n- ${workspace}: your copy, the only place to write to\n` +
      `- ${live}: what is published`,
    `## State\n\nstatus: ${manifest.status}\ncurrent phase: ${manifest.currentPhase || "none"}`,
    `## Plan\n\n${plan}`,
    tasteText(taste),
  ]);
}
