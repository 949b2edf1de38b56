/** The documents that the built-in planner writes. */

import { formatBytes, plural, printable } from "../../text.ts";
import { headings } from "../phases.ts";
import type { BuiltinPhase, BuiltinPlan, DiskFacts } from "./source.ts";

/** Most details that a document lists; its operations have them all. */
const shownDetails = 40;

export function inPlaceText(plan: BuiltinPlan): string {
  const { facts, phases } = plan;
  const across = facts.devices > 1 ? "Some moves go to another device and are copied there.\n" : "";
  return `# In place

Every change is made where the state is, as an operation that can be taken back: moves within one
device, edits that keep every other byte, nothing deleted.

- Space: about ${formatBytes(spaceInPlace(plan))} for the journal and what goes to the trash.
- ${across}Interrupted, it is resumed or rolled back; every phase is a safe place to stop.
- ${plural(phases.length, "phase")}, ${plural(operationsOf(plan), "operation")}.
- ${liveText(plan)}
`;
}

export function copyThenSwitchText(plan: BuiltinPlan): string {
  const { bytes, free, place } = plan.facts;
  return `# Copy, then switch

A full copy is brought to the new layout, and takes the old one's place at the end.

- Space: ${formatBytes(bytes)} for the copy; ${free === null ? "unknown" : formatBytes(free)} free at ${place}.
- Paths outside of the copy (git's worktree links, agents' history, tmux) point to the old place
  until the switch, and have to be changed at that very moment.
- Whatever is written to the old place meanwhile is lost, unless everything stands still.
- ${liveText(plan)}
`;
}

function liveText({ live }: BuiltinPlan): string {
  if (live.length === 0) return "Nothing is at work there now.";
  return `At work there now: ${live.slice(0, 5).map(printable).join("; ")}.`;
}

/** A rough guess: a line of journal for each operation, and what `create` writes. */
function spaceInPlace({ phases }: BuiltinPlan): number {
  let bytes = 0;
  for (const { operations } of phases) {
    for (const operation of operations) {
      bytes += 300 + (operation.op === "create" ? operation.content.length : 0);
    }
  }
  return bytes;
}

export function operationsOf({ phases }: BuiltinPlan): number {
  return phases.reduce((sum, { operations }) => sum + operations.length, 0);
}

/** Which way, and why; the same facts give the same choice. */
export function choiceText(facts: DiskFacts, plan: BuiltinPlan): string {
  const reasons = ["in-place changes can be resumed and rolled back, phase by phase"];
  if (facts.free !== null && facts.free < facts.bytes) {
    reasons.push("there is no space for a copy");
  }
  if (plan.live.length > 0) reasons.push("a copy would miss what is written meanwhile");
  if (facts.devices > 1) reasons.push("the state is on several devices, so no switch is atomic");
  return (
    "Picked: in-place.\n\n" +
    `${reasons.map((reason) => `- ${reason}`).join("\n")}\n\n` +
    "Taken over from copy-then-switch: nothing runs while AO is at work on the disk.\n"
  );
}

export function planText(plan: BuiltinPlan, decidedByDefault: boolean): string {
  const decisions = plan.decisions.map(({ key, question, chosen, decidedBy }) => {
    const how = decidedBy === "user" ? "decided" : decidedByDefault ? "by default" : "open";
    return `- ${printable(question)} \`${printable(key)}\`: ${printable(chosen)} (${how})`;
  });
  const phases = plan.phases.map(
    ({ name, title, details }, index) =>
      `${index + 1}. ${name}: ${printable(title)} (${plural(details.length, "change")})`,
  );
  const list = (title: string, lines: string[]) =>
    lines.length === 0 ? "" : `\n## ${title}\n\n${lines.join("\n")}\n`;
  return (
    `# ${printable(plan.title)}\n\nIn place, ${plural(operationsOf(plan), "operation")} in ` +
    `${plural(plan.phases.length, "phase")}; each can be taken back with rollback.\n` +
    list("Phases", phases) +
    list("Decisions", decisions) +
    list(
      "Warnings",
      plan.warnings.map((warning) => `- ${printable(warning)}`),
    ) +
    list(
      "Blockers",
      plan.blockers.map((blocker) => `- ${printable(blocker)}`),
    )
  );
}

export function phaseText(phase: BuiltinPhase, index: number, before: string | null): string {
  const shown = phase.details.slice(0, shownDetails).map((detail) => `- ${printable(detail)}`);
  const rest = phase.details.length - shown.length;
  if (rest > 0) shown.push(`- and ${plural(rest, "more", "more")}`);
  const first = before === null ? "" : `Phase ${before} is done, and `;
  const opening = `${first}every operation of this phase finds what it expects`;
  return `# Phase ${index}: ${printable(phase.title)}

${printable(phase.description)}

## ${headings.precondition}

${opening.charAt(0).toUpperCase()}${opening.slice(1)}; nothing is at work on the disk.

## ${headings.done}

All ${plural(phase.operations.length, "operation")} are in the state they lead to, and a new plan has
no step ${phase.name}.

## ${headings.effort}

low

## Changes

${shown.join("\n")}
`;
}
