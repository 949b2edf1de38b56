/**
 * Decisions: what the plan cannot take alone. Each has choices and a default that changes nothing
 * that could not be told later; a user answers by prompt or with `--decide KEY=VALUE`.
 */

import { ToolkitError } from "../errors.ts";

export interface Choice {
  value: string;
  label: string;
}

export interface Decision {
  /**
   * `identity:<dir name>`, `same-repo:<origin>`, `worktree:<path>`, `orchestrator:<project id>`,
   * `session-files:<dir name>`.
   */
  key: string;
  question: string;
  choices: Choice[];
  default: string;
  /** The answer that this plan was made with. */
  chosen: string;
  decidedBy: "default" | "user";
}

/** Collects the decisions that come up while planning, answering each from `answers` or its default. */
export class Decisions {
  readonly list: Decision[] = [];
  readonly #answers: ReadonlyMap<string, string>;

  constructor(answers: ReadonlyMap<string, string>) {
    this.#answers = answers;
  }

  /** The chosen value. Errors: usage, when the answer given is none of the choices. */
  ask(decision: Omit<Decision, "chosen" | "decidedBy">): string {
    const answer = this.#answers.get(decision.key);
    if (answer !== undefined && !decision.choices.some((choice) => choice.value === answer)) {
      throw new ToolkitError(
        "usage",
        `Cannot decide "${decision.key}": "${answer}" is not one of its choices`,
        { hint: `choose one of: ${decision.choices.map((choice) => choice.value).join(", ")}` },
      );
    }
    const chosen = answer ?? decision.default;
    this.list.push({ ...decision, chosen, decidedBy: answer === undefined ? "default" : "user" });
    return chosen;
  }

  /** Answers that no question asked for: almost always a typing mistake, so they are refused. */
  unused(): string[] {
    return [...this.#answers.keys()].filter((key) => !this.list.some((item) => item.key === key));
  }
}
