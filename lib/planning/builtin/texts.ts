/** The documents that the built-in planner writes. */

import { formatBytes, plural, printable } from "../../text.ts";
import { headings } from "../phases.ts";
import type { BuiltinPhase, BuiltinPlan } from "./source.ts";
import { type DeviceFacts, obstacles } from "./space.ts";

/** Most details that a document lists; its operations have them all. */
const shownDetails = 40;

export function inPlaceText(plan: BuiltinPlan): string {
  const { devices } = plan.measure();
  const across =
    devices.length > 1 ? " Moves between devices copy, compare, and only then remove." : "";
  return `# In place

Every change is made where the state is, as an operation that can be taken back: moves within one
device, edits that keep every other byte, nothing deleted.${across}

${spaceText(devices, ({ inPlace }) => inPlace)}
- Interrupted, it is resumed or rolled back; every phase is a safe place to stop.
- ${plural(plan.phases.length, "phase")}, ${plural(operationsOf(plan), "operation")}.
- ${liveText(plan)}
`;
}

export function copyThenSwitchText(plan: BuiltinPlan): string {
  const { bytes, place, devices } = plan.measure();
  return `# Copy, then switch

A full copy (${formatBytes(bytes)} of ${place}) is brought to the new layout by the same operations,
and takes the old one's place at the end.

${spaceText(devices, ({ copy }) => copy)}
- Paths outside of the copy (git's worktree links, agents' history, tmux) point to the old place
  until the switch, and have to be changed at that very moment.
- Whatever is written to the old place meanwhile is lost, unless everything stands still.
- ${liveText(plan)}
`;
}

/** One line a device. */
function spaceText(
  devices: readonly DeviceFacts[],
  needed: (device: DeviceFacts) => number,
): string {
  return devices
    .map((device) => {
      const { place, free, isWritable } = device;
      const room = free === null ? "how much is free is unknown" : `${formatBytes(free)} free`;
      const closed = isWritable ? "" : ", which cannot be written to";
      return `- Space: about ${formatBytes(needed(device))} at ${printable(place)}${closed}; ${room}.`;
    })
    .join("\n");
}

function liveText({ live }: BuiltinPlan): string {
  if (live.length === 0) return "Nothing is at work there now.";
  return `At work there now: ${live.slice(0, 5).map(printable).join("; ")}.`;
}

export function operationsOf({ phases }: BuiltinPlan): number {
  return phases.reduce((sum, { operations }) => sum + operations.length, 0);
}

/** Which way, and why; the same facts give the same choice. */
export function choiceText(plan: BuiltinPlan): string {
  const facts = plan.measure();
  const sum = (needed: (device: DeviceFacts) => number) =>
    formatBytes(facts.devices.reduce((total, device) => total + needed(device), 0));
  const [inPlace, copy] = [sum((device) => device.inPlace), sum((device) => device.copy)];
  const reasons = [
    "in-place changes can be resumed and rolled back, phase by phase; a switch is all or nothing",
    `it needs about ${inPlace}, a copy ${copy}: the copy goes through the same operations`,
  ];
  const tooSmall = facts.devices.find(({ free, copy }) => free !== null && free < copy);
  if (tooSmall !== undefined) reasons.push(`a copy has no space at ${printable(tooSmall.place)}`);
  if (plan.live.length > 0) {
    const live = plural(plan.live.length, "thing is", "things are");
    reasons.push(`${live} at work: a copy would miss what is written meanwhile`);
  }
  if (facts.devices.length > 1) {
    const count = `${facts.devices.length} devices`;
    reasons.push(`it writes to ${count}, and no switch of two is atomic`);
  }
  const inTheWay = obstacles(facts);
  const list = (lines: string[]) => lines.map((line) => `- ${line}`).join("\n");
  const not =
    inTheWay.length === 0
      ? ""
      : `Neither way can be gone now; a person has to make room first:\n\n${list(inTheWay)}\n\n`;
  return (
    `Picked: in-place.\n\n${list(reasons)}\n\n${not}` +
    "Taken over from copy-then-switch: nothing runs while AO is at work on the disk.\n"
  );
}

export function planText(plan: BuiltinPlan, decidedByDefault: boolean): string {
  const decisions = plan.decisions.flatMap(({ key, question, choices, chosen, decidedBy }) => {
    const how = decidedBy === "user" ? "decided" : decidedByDefault ? "by default" : "open";
    const others = choices
      .filter(({ value }) => value !== chosen)
      .map(({ value, label }) => `  - or \`${printable(value)}\`: ${printable(label)}`);
    return [
      `- ${printable(question)} \`${printable(key)}\`: ${printable(chosen)} (${how})`,
      ...others,
    ];
  });
  if (decisions.length > 0) decisions.push("", "Answered with `refine --decide KEY=VALUE`.");
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
