import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { ToolkitError } from "../../lib/errors.ts";
import type { Env } from "../../lib/process.ts";
import { createStyle, createTerminal, endOfInput, wantsColor } from "../../lib/terminal.ts";

interface Setting {
  env?: Env;
  quiet?: boolean;
  color?: boolean;
  stdinIsTTY?: boolean;
  stderrIsTTY?: boolean;
}

/** A terminal whose stderr is kept, and streams that play the person who answers. */
function setUp(setting: Setting = {}) {
  const { env = {}, quiet = false, color = true, stdinIsTTY = true, stderrIsTTY = true } = setting;
  const written: string[] = [];
  const input = new PassThrough();
  const output = new PassThrough();
  const terminal = createTerminal({
    stderr: { isTTY: stderrIsTTY, columns: () => 80, write: (text) => written.push(text) },
    ...{ stdinIsTTY, env, quiet, color },
    streams: () => ({ input, output }),
  });
  let shown = "";
  output.on("data", (chunk) => {
    shown += chunk;
  });
  return { terminal, written, input, shown: () => shown };
}

const question = { message: "Apply?", flag: "--yes", yes: false };

async function errorOf(promise: Promise<unknown>): Promise<ToolkitError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ToolkitError)) throw new Error(`no ToolkitError, but ${error}`);
  return error;
}

describe("colour", () => {
  test.each<[string, { flag?: boolean; env: Env; isTTY: boolean }, boolean]>([
    ["is on in a terminal", { env: {}, isTTY: true }, true],
    ["is off in a pipe", { env: {}, isTTY: false }, false],
    ["is off with NO_COLOR", { env: { NO_COLOR: "1" }, isTTY: true }, false],
    ["does not mind an empty NO_COLOR", { env: { NO_COLOR: "" }, isTTY: true }, true],
    ["is on with FORCE_COLOR", { env: { FORCE_COLOR: "1" }, isTTY: false }, true],
    ["is off with FORCE_COLOR=0", { env: { FORCE_COLOR: "0" }, isTTY: true }, false],
    ["is off with both", { env: { NO_COLOR: "1", FORCE_COLOR: "1" }, isTTY: true }, false],
    ["is off with --no-color", { flag: false, env: { FORCE_COLOR: "1" }, isTTY: true }, false],
    ["is off in a dumb terminal", { env: { TERM: "dumb" }, isTTY: true }, false],
  ])("%s", (_, { flag = true, env, isTTY }, wanted) => {
    expect(wantsColor({ flag, env, isTTY })).toBe(wanted);
  });

  test("wraps a text in codes, or leaves it as it is", () => {
    expect(createStyle(true).red("no")).toBe("\x1b[31mno\x1b[39m");
    expect(createStyle(true).red("")).toBe("");
    expect(createStyle(false).bold("no")).toBe("no");
  });
});

describe("notes", () => {
  test("are lines, and warnings say so", () => {
    const { terminal, written } = setUp({ color: false });
    terminal.note("scanned");
    terminal.warn("one is stale");
    expect(written).toEqual(["scanned\n", "warning: one is stale\n"]);
  });

  test("are left out with --quiet, warnings are not", () => {
    const { terminal, written } = setUp({ quiet: true });
    terminal.note("scanned");
    terminal.warn("one is stale");
    expect(written).toEqual(["\x1b[33mwarning:\x1b[39m one is stale\n"]);
  });

  test("take the bar off the screen first", async () => {
    const { terminal, written } = setUp();
    using bar = terminal.progress("Scanning", 2);
    await Bun.sleep(160);
    bar.update(1);
    terminal.note("found one");
    expect(written.slice(1)).toEqual(["\r\x1b[K", "found one\n"]);
  });
});

test("there is no bar in a pipe, with --quiet, or in a dumb terminal", async () => {
  const settings = [{ stderrIsTTY: false }, { quiet: true }, { env: { TERM: "dumb" } }];
  const setups = settings.map(setUp);
  const bars = setups.map(({ terminal }) => terminal.progress("Scanning", 2));
  await Bun.sleep(160);
  for (const bar of bars) bar.update(1);
  for (const bar of bars) bar.end();
  expect(setups.map(({ written }) => written)).toEqual([[], [], []]);
});

describe("a question", () => {
  test("is not asked when the flag answered it", async () => {
    const { terminal } = setUp({ stdinIsTTY: false });
    expect(await terminal.confirm({ ...question, yes: true })).toBe(true);
  });

  test.each<[string, Setting]>([
    ["this is no terminal", { stdinIsTTY: false }],
    ["this is no terminal", { stderrIsTTY: false }],
    ["CI is set", { env: { CI: "true" } }],
    ["CI is set", { env: { CI: "1" } }],
  ])("names the flag that answers it when nobody can be asked: %s", async (reason, setting) => {
    const { terminal } = setUp(setting);
    expect(terminal.interactive).toBe(false);
    const refused = await errorOf(terminal.confirm({ ...question, message: "Apply\x1b[2J?" }));
    expect(refused.outcome).toBe("usage");
    expect(refused.message).toBe(`Cannot ask "Apply\\x1b[2J?": ${reason}`);
    expect(refused.hint).toBe("answer it with --yes");
    const options = [{ value: "a" }, { value: "b" }];
    const flag = "--decide KEY";
    const selection = await errorOf(terminal.select({ message: "Which?", options, flag }));
    expect(selection.hint).toBe("answer it with --decide KEY");
  });

  test("is asked where CI=false", () => {
    expect(setUp({ env: { CI: "false" } }).terminal.interactive).toBe(true);
  });

  test.each([
    ["y", true],
    ["n", false],
    ["\r", false],
  ])("answered with %j is %p", async (key, answer) => {
    const { terminal, input, written } = setUp();
    const asked = terminal.confirm(question);
    await Bun.sleep(20);
    input.write(key);
    expect(await asked).toBe(answer);
    expect(written).toEqual([]);
  });

  test("may begin with yes", async () => {
    const { terminal, input } = setUp();
    const asked = terminal.confirm({ ...question, initial: true });
    await Bun.sleep(20);
    input.write("\r");
    expect(await asked).toBe(true);
  });

  test("with choices gives the chosen value, and shows them escaped", async () => {
    const { terminal, input, shown } = setUp();
    const asked = terminal.select({
      message: "Which?",
      options: [{ value: "keep" }, { value: "merge", label: "Merge\x1b[2J", hint: "\x07" }],
      flag: "--decide",
    });
    await Bun.sleep(20);
    input.write("\x1b[B");
    await Bun.sleep(20);
    input.write("\r");
    const answer: "keep" | "merge" = await asked;
    expect(answer).toBe("merge");
    expect(shown()).toContain("Merge\\x1b[2J");
    expect(shown()).toContain("\\x07");
  });

  test("can be cancelled", async () => {
    const { terminal, input } = setUp();
    const asked = errorOf(terminal.confirm(question));
    await Bun.sleep(20);
    input.write("\x03");
    const { outcome, message } = await asked;
    expect([outcome, message]).toEqual(["cancelled", 'Cancelled at "Apply?"']);
  });

  test("is cancelled when its input is gone", async () => {
    const { terminal, input } = setUp();
    const asked = errorOf(terminal.confirm(question));
    await Bun.sleep(20);
    input.end();
    expect((await asked).outcome).toBe("cancelled");
  });

  test("goes on after Ctrl-Z and fg, which pause its input", async () => {
    const input = new PassThrough();
    using ended = endOfInput(input);
    input.resume();
    input.emit("keypress", "\x1a", { ctrl: true, name: "z" });
    input.pause();
    await Bun.sleep(5);
    expect([input.isPaused(), ended.signal.aborted]).toEqual([false, false]);
    input.emit("keypress", "\x04", { ctrl: true, name: "d" });
    input.pause();
    await Bun.sleep(5);
    expect(ended.signal.aborted).toBe(true);
  });
});
