#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * A script that uses everything a script can use, for the tests of the frame.
 *
 *   bun run tests/probe.ts echo [flags] WORD [REST...]
 */

import { command, main, script } from "../lib/cli.ts";
import { ToolkitError } from "../lib/errors.ts";

const echo = command({
  summary: "Print what the command line was read as",
  description: "First paragraph.\n\nSecond paragraph, about nothing in particular.",
  args: {
    dryRun: { type: "boolean", description: "Only say what would be done", excludes: ["execute"] },
    execute: { type: "boolean", description: "Do it" },
    tmux: { type: "boolean", default: true, description: "Leave tmux alone" },
    output: { type: "string", valueName: "FILE", description: "Where to", group: "Output" },
    tag: { type: "string", valueName: "TAG", repeat: true, description: "A tag" },
    format: {
      type: "enum",
      options: ["text", "junit"],
      default: "text",
      valueName: "FORMAT",
      description: "Which form",
      group: "Output",
    },
    only: {
      type: "enum",
      options: ["rekey", "merge"],
      repeat: true,
      valueName: "STEP",
      description: "Take only this step",
    },
    count: { type: "integer", min: 1, max: 9, valueName: "N", description: "How often" },
  },
  positionals: {
    word: { description: "The first word", required: true },
    rest: { description: "All others", repeat: true },
  },
  examples: [{ command: "--tag a hello", text: "Print a greeting with a tag" }],
  exits: { findings: "never, this one finds nothing" },
  files: [{ path: "/dev/null", text: "is not read" }],
  async run({ args, out }) {
    // Assignments that compile only when the tables gave these types.
    const words: [string, string[]] = [args.word, args.rest];
    const steps: ("rekey" | "merge")[] = args.only;
    const format: "text" | "junit" = args.format;
    const count: number | undefined = args.count;
    out.result({
      json: () => args,
      text: () => JSON.stringify({ words, steps, format, count, tmux: args.tmux }),
    });
    return "done";
  },
});

const fail = command({
  summary: "Fail in the given way",
  positionals: { how: { description: "usage, place, bug, loose or late", required: true } },
  examples: [{ command: "bug --json 2>trace.txt", text: "Fail with a trace" }],
  async run({ args, out }) {
    out.result({ json: () => ({ ready: true }), text: () => "ready before it failed" });
    if (args.how === "place") {
      throw new ToolkitError("invalid", 'Cannot read "a\x1b[2J.yaml": bad\nhint: run rm', {
        hint: "mend it",
        place: { file: "a\x1b[2J.yaml", line: 3, column: 7 },
        cause: new Error("the cause"),
      });
    }
    if (args.how === "loose") {
      setTimeout(() => Promise.reject(new Error("nobody waits for this")), 1);
      await Bun.sleep(2000);
    }
    if (args.how === "bug") throw new Error("broken", { cause: new Error("the root of it") });
    return args.how === "late" ? "interrupted" : "findings";
  },
});

const flood = command({
  summary: "Print a megabyte and more",
  async run({ out }) {
    const line = `${"x".repeat(99)}\n`;
    out.result({ json: () => line.repeat(30_000), text: () => line.repeat(30_000) });
    return "findings";
  },
});

const wait = command({
  summary: "Wait for a signal",
  args: {
    stubborn: { type: "boolean", description: "Do not stop for the first one" },
    deaf: { type: "boolean", description: "Stay in a loop and never ask for the signal" },
  },
  examples: [{ command: "--stubborn", text: "Need two signals" }],
  async run(context) {
    if (context.args.deaf) {
      context.terminal.note("waiting");
      while (true) Math.random();
    }
    const { signal } = context;
    context.terminal.note("waiting");
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve());
    const alive = setInterval(() => {}, 1000);
    await promise;
    if (context.args.stubborn) {
      context.terminal.note("not yet");
      await Bun.sleep(5000);
    }
    clearInterval(alive);
    signal.throwIfAborted();
    return "done";
  },
});

const ask = command({
  summary: "Ask two questions",
  args: {
    decide: { type: "string", valueName: "KEY", description: "Answers the second question" },
  },
  examples: [{ command: "--yes --decide 'keep'", text: "Ask nothing" }],
  async run({ args, terminal, out }) {
    const yes = await terminal.confirm({
      message: "Apply\x1b[2J it?",
      flag: "--yes",
      yes: args.yes,
    });
    const key =
      args.decide ??
      (await terminal.select({
        message: "Which one?",
        options: [{ value: "keep", label: "Keep both" }, { value: "merge" }, { value: "drop" }],
        initial: "merge",
        flag: "--decide KEY",
      }));
    out.result({ json: () => ({ yes, key }), text: () => `${yes} ${key}` });
    return yes ? "done" : "refused";
  },
});

const work = command({
  summary: "Work in a synchronous loop",
  async run({ terminal, out }) {
    const { style } = terminal;
    terminal.note(style.green("starting"));
    terminal.warn("careful");
    const end = performance.now() + 400;
    using bar = terminal.progress("Working", 100);
    for (let turn = 0; performance.now() < end; turn += 1) bar.update(Math.min(99, turn));
    bar.end();
    out.print(out.style.bold("on the way"));
    out.result({ json: () => ({ ok: true }), text: () => out.style.green("finished") });
    return "done";
  },
});

const probe = script({
  name: "probe",
  summary: "Do what the tests of the frame ask for",
  commands: { echo, fail, flood, wait, ask, work },
});

export default probe;

if (import.meta.main) await main(probe);
