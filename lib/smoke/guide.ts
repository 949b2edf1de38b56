/**
 * Walking with a person: shows each step, asks what to do, and asks a verdict where only one can.
 */
import { titleOf } from "./actions/all.ts";
import type { Outcome, Person } from "./engine.ts";
import { kindOf, type Step } from "./schema.ts";
import { fill } from "./values.ts";
import type { Guide } from "./walk.ts";
import type { World } from "./world.ts";

/** How a person is asked; the script has a terminal for it, tests a list of answers. */
export interface Ask {
  select<Value extends string>(
    message: string,
    options: readonly { value: Value; label: string }[],
  ): Promise<Value>;
  text(message: string): Promise<string>;
  say(text: string): void;
}
export type Note = (step: Step, kind: "note" | "unclear", text: string) => void;

const choices = [
  { value: "run", label: "run it" },
  { value: "by-hand", label: "done by hand" },
  { value: "skip", label: "skip" },
  { value: "note", label: "write a note" },
  { value: "unclear", label: "unclear: say what" },
  { value: "quit", label: "quit, to be resumed later" },
] as const;
const afterwards = [
  { value: "again", label: "run it again" },
  { value: "on", label: "go on" },
  { value: "by-hand", label: "fixed by hand: go on as passed" },
  { value: "note", label: "write a note" },
  { value: "quit", label: "quit, to be resumed later" },
] as const;
const verdicts = [
  { value: "manual-pass", label: "it is as it should be" },
  { value: "manual-fail", label: "it is not" },
  { value: "unclear", label: "I cannot tell" },
  { value: "skipped", label: "skip" },
] as const;

/** The two sides of a person who walks along: deciding on steps, and judging. */
export function createGuide(ask: Ask, note: Note): { guide: Guide; person: Person } {
  return {
    guide: {
      before: (step, world) => before(step, world, ask, note),
      after: (step, outcome) => after(step, outcome, ask, note),
    },
    person: {
      async perform(step, instruction) {
        ask.say(`${step.id}: ${instruction}`);
        const verdict = await ask.select(`${step.id} ${step.title}`, verdicts);
        if (verdict === "manual-fail" || verdict === "unclear") {
          const text = await ask.text("What did you see?");
          if (text !== "") note(step, verdict === "unclear" ? "unclear" : "note", text);
        }
        return verdict;
      },
    },
  };
}

async function before(
  step: Step,
  world: World,
  ask: Ask,
  note: Note,
): Promise<"run" | "quit" | Outcome> {
  ask.say([`${step.id} ${step.title}`, `  ${step.why}`, ...linesOf(step, world)].join("\n"));
  for (;;) {
    const choice = await ask.select(`${step.id} ${step.title}`, choices);
    if (choice === "run" || choice === "quit") return choice;
    if (choice === "by-hand") return { status: "manual-pass", reason: "done by hand" };
    if (choice === "skip")
      return { status: "skipped", reason: (await ask.text("Why?")) || "by hand" };
    const text = await ask.text(choice === "note" ? "Note" : "What is unclear?");
    note(step, choice, text);
    if (choice === "unclear") return { status: "unclear", reason: text };
  }
}

async function after(
  step: Step,
  outcome: Outcome,
  ask: Ask,
  note: Note,
): Promise<"on" | "again" | "quit" | Outcome> {
  ask.say(`  ${outcome.status}${outcome.reason ? `: ${outcome.reason}` : ""}`);
  if (outcome.status !== "fail" && outcome.status !== "error") return "on";
  for (;;) {
    const choice = await ask.select(`${step.id} is ${outcome.status}`, afterwards);
    if (choice === "by-hand") return { status: "manual-pass", reason: "fixed by hand" };
    if (choice !== "note") return choice;
    note(step, "note", await ask.text("Note"));
  }
}

/** The commands of a step, with what is captured so far filled in. */
function linesOf(step: Step, world: World): string[] {
  return step.do.flatMap((action) => {
    const kind = kindOf(action);
    if (kind === undefined) return [];
    try {
      return [`    ${titleOf(kind, fill(action, world.scope))}`];
    } catch {
      // A reference to something that this very step captures first.
      return [`    ${titleOf(kind, action)}`];
    }
  });
}
