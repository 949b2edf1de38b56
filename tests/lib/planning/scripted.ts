/** Agents for tests: one that is a function, and a shell script that plays a command. */

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Agent, type AskRequest, commandAgent } from "../../../lib/planning/agent.ts";
import { phaseText, type TestSite, writeText } from "./site.ts";

type Answer = string | ((request: AskRequest) => string | Promise<string>);

/** An agent that answers by role, and remembers what it was asked. */
export function scripted(answers: Record<string, Answer>): Agent & { asked: AskRequest[] } {
  const asked: AskRequest[] = [];
  return {
    name: "scripted",
    asked,
    async ask(request) {
      asked.push(request);
      const answer = answers[request.role] ?? answers[request.role.replace(/^[a-z]+\./, "")];
      if (answer === undefined) throw new Error(`no answer for ${request.role}`);
      return typeof answer === "string" ? answer : answer(request);
    },
  };
}

/** Writes files into the place where an agent works. */
export function writes(files: Record<string, string>, answer = "done\n"): Answer {
  return ({ cwd }) => {
    for (const [name, text] of Object.entries(files)) writeText(join(cwd, name), text);
    return answer;
  };
}

export const planFiles = {
  "plan.md": "# Plan\n",
  "phase-1-sort.md": phaseText("Before sort."),
  "phase-2-sweep.md": phaseText("Before sweep."),
};

/** A well-behaved planner: no findings, approved automatically. */
export const goodAnswers: Record<string, Answer> = {
  approaches: writes(
    { "approaches/a.md": "# A way\n", "approaches/b.md": "# B way\n" },
    "two ways\n",
  ),
  "pick-best": "A is best\n",
  expand: writes(planFiles, "expanded\n"),
  review: "no findings\n",
  revise: writes({ "plan.md": "# Revised plan\n" }, "revised\n"),
  "review-2": "no findings\n",
  "final-review": "final-decision: approve-auto — small and safe\n",
};

/** A command agent that runs this shell text. */
export function shellAgent(
  site: TestSite,
  text: string,
  limits: { timeoutMs?: number; idleMs?: number } = {},
): Agent {
  const file = join(site.home, "agent.sh");
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return commandAgent({ command: file, env: site.env, disk: site.disk, ...limits });
}
