/** The story that the demo tells: each chapter is a command, why it comes, and how it has to end. */

export interface Chapter {
  /** Why, in one or two sentences. */
  text: string;
  script: string;
  args: string[];
  /** The exit code that is right here. */
  code: number;
  /** The heading that the output is shown from, where what stands above was seen before. */
  from?: string;
  /** How lines begin that are not shown. */
  without?: string;
}

const merged = "What only you can know is answered: one repository, registered twice, becomes one.";
const moved = "Worktrees with uncommitted files move too, and git keeps knowing them.";
const decide = ["--decide", "same-repo:https://github.com/example/web-shop=into:web-shop"];

/**
 * The chapters in their order.
 *
 * @param has.tmux one of the disk's sessions runs in tmux
 * @param has.ao an AO to walk came along
 * @param runs where the record of the walk goes
 */
export function chaptersFor(has: { tmux: boolean; ao: boolean }, runs: string): Chapter[] {
  const migrate = (text: string, args: string[], code = 0): Chapter => ({
    ...{ text, script: "migrate", args, code },
  });
  const live = [
    migrate(
      "Session ws-1 is at work in tmux, so nothing is migrated (exit code 4 says refused) …",
      ["--execute", "--yes"],
      4,
    ),
    migrate(`… unless told to. ${merged} ${moved}`, ["--execute", "--yes", "--force", ...decide]),
  ];
  const quiet = [migrate(`Now for real. ${merged} ${moved}`, ["--execute", "--yes", ...decide])];
  const walk: Chapter = {
    text: "And the AO that came along: a few of its documented smoke steps, in a sandbox.",
    script: "smoke-runbook",
    args: ["--auto", "--step", "1.2,2.2,3.1", "--runs", runs],
    code: 0,
    // They go with the sandbox.
    without: "report: ",
  };
  return [
    migrate(
      "This is what the disk looks like today, what drifted, and the plan. Nothing changes.",
      [],
    ),
    migrate(
      "Before the real thing, a rehearsal on a copy: execute, roll back, compare byte by byte.",
      ["--rehearse"],
    ),
    ...(has.tmux ? live : quiet),
    { ...migrate("Looked at again, there is nothing left to do.", ["--exit-code"]), from: "Plan" },
    { text: "Every migration is on record …", script: "rollback", args: ["--list"], code: 0 },
    { text: "… and one command takes it back.", script: "rollback", args: ["--yes"], code: 0 },
    {
      ...migrate(
        "The disk is what it was, so there is a plan again (exit code 1 says so).",
        ["--exit-code"],
        1,
      ),
      from: "Plan",
    },
    {
      text: "The doctor sees the same with other eyes, and names a remedy for each finding.",
      script: "doctor",
      args: ["--skip", "tools"],
      code: 1,
    },
    ...(has.ao ? [walk] : []),
  ];
}
