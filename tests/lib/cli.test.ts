import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import * as v from "valibot";
import { command, execute, script } from "../../lib/cli.ts";
import { errorDocumentSchema } from "../../lib/documents.ts";
import { ToolkitError } from "../../lib/errors.ts";
import manifest from "../../package.json" with { type: "json" };
import { makeHost } from "../host.ts";
import { makeSandbox, runInTerminal, runScript } from "../process.ts";

const probe = "tests/probe.ts";

describe("a script", () => {
  const checks = script({
    name: "checks",
    summary: "Run checks",
    args: { fix: { type: "boolean", description: "Mend what can be mended" } },
    commands: {
      explain: command({
        summary: "Explain a check",
        args: { long: { type: "boolean", description: "All of it" } },
        positionals: { id: { description: "The check", required: true } },
        run: async ({ args, out }) => {
          out.result({ json: () => args.id, text: () => `about ${args.id}` });
          return "done";
        },
      }),
    },
    run: async ({ args, out }) => {
      out.result({ json: () => ({ fix: args.fix }), text: () => `fix ${args.fix}` });
      return "findings";
    },
  });

  test("runs by itself when no command is named", async () => {
    const { host, written } = makeHost(["--fix"]);
    expect(await execute(checks, host)).toBe(1);
    expect(written.stdout).toBe("fix true\n");
  });

  test("runs the command that is named, whose flags may stand before its name", async () => {
    const { host, written } = makeHost(["--long", "--home=/x", "explain", "stale"]);
    expect(await execute(checks, host)).toBe(0);
    expect(written.stdout).toBe("about stale\n");
  });

  test("does not lend its own flags to a command", async () => {
    const { host, written } = makeHost(["explain", "stale", "--fix"]);
    expect(await execute(checks, host)).toBe(2);
    expect(written.stderr).toContain('Cannot use "--fix": no such flag\n');
    expect(written.stderr).toContain("hint: bun run scripts/x.ts explain --help\n");
  });

  test("runs with the configuration file that --config names, and not without it", async () => {
    const { host, written } = makeHost(["--config", "lib/cli.test.ts"], { cwd: "/no/tests" });
    expect(await execute(checks, host)).toBe(3);
    expect(written.stderr).toStartWith('error: Cannot read "lib/cli.test.ts": ENOENT\n');
    const cwd = resolve(import.meta.dir, "..");
    expect(await execute(checks, makeHost(host.argv, { cwd }).host)).toBe(1);
  });

  test("shows its help no wider than the terminal, nor than 80 columns", async () => {
    const widest = async (columns: number) => {
      const { host, written } = makeHost(["--help"]);
      const stdout = { ...host.stdout, columns: () => columns };
      expect(await execute(checks, { ...host, stdout })).toBe(0);
      return Math.max(...written.stdout.split("\n").map((line) => line.length));
    };
    expect(await widest(60)).toBeLessThanOrEqual(60);
    expect(await widest(200)).toBe(await widest(80));
  });

  test("is refused at its definition when it takes a common flag, or can do nothing", () => {
    const json = { type: "boolean", description: "" } as const;
    const run = async () => "done" as const;
    expect(() => command({ summary: "", args: { json }, run })).toThrow(/every script/);
    expect(() => command({ summary: "" })).toThrow(/needs a run/);
  });
});

describe("a --version of a script's own", () => {
  const release = script({
    name: "release",
    summary: "Look at releases",
    args: {
      version: { type: "string", valueName: "ID", repeat: true, description: "Only this release" },
    },
    run: async ({ args, out }) => {
      const versions: string[] = args.version;
      out.result({ json: () => versions, text: () => `[${versions.join(" ")}]` });
      return "done";
    },
  });
  const call = async (...argv: string[]) => {
    const { host, written } = makeHost(argv);
    return { code: await execute(release, host), ...written };
  };

  test("takes its values, also repeated", async () => {
    expect(await call("--version", "v1", "--version=v2")).toMatchObject({
      ...{ code: 0, stdout: "[v1 v2]\n" },
    });
    expect(await call()).toMatchObject({ code: 0, stdout: "[]\n" });
  });

  test("shows the version of the package where no value can follow", async () => {
    const stdout = `${manifest.version}\n`;
    expect(await call("--version")).toMatchObject({ code: 0, stdout });
    expect(await call("--quiet", "--version")).toMatchObject({ code: 0, stdout });
  });

  test("without a value before another flag is refused", async () => {
    const { code, stderr } = await call("--version", "--json");
    expect(code).toBe(2);
    expect(stderr + (await call("--version", "--quiet")).stderr).toContain("its value is missing");
  });

  test("is the only one on the help page", async () => {
    const { stdout } = await call("--help");
    expect(stdout.match(/^ {2}--version.*/gm)).toEqual([
      "  --version ID  Only this release; may be repeated",
    ]);
  });

  test("has to take a value", () => {
    const version = { type: "boolean", description: "" } as const;
    const run = async () => "done" as const;
    expect(() => command({ summary: "", args: { version }, run })).toThrow(/every script/);
  });
});

describe("what a script returns or throws", () => {
  const ending = (run: () => Promise<"done" | "interrupted">) =>
    script({
      ...{ name: "x", summary: "X" },
      run: async ({ out }) => {
        out.print("before");
        out.result({ json: () => ({ ready: true }), text: () => "ready" });
        return await run();
      },
    });
  const failing = (error: unknown) => ending(() => Promise.reject(error));
  const refused = new ToolkitError("refused", 'Cannot lock "x": it is held', { hint: "wait" });

  test("decides the exit code", async () => {
    expect(
      await execute(
        ending(async () => "done"),
        makeHost([]).host,
      ),
    ).toBe(0);
    expect(
      await execute(
        ending(async () => "interrupted"),
        makeHost([]).host,
      ),
    ).toBe(5);
    expect(await execute(failing(refused), makeHost([]).host)).toBe(4);
    expect(await execute(failing(new Error("oops")), makeHost([]).host)).toBe(70);
  });

  test("gives way to the exit code of a program that was run for the user", async () => {
    const failed = new ToolkitError("findings", "Cannot accept it: it exited with 7", {
      exitCode: 7,
    });
    for (const argv of [[], ["--json"]]) {
      expect(await execute(failing(failed), makeHost(argv).host)).toBe(7);
    }
  });

  test("goes after the text that was ready", async () => {
    const { host, written } = makeHost([]);
    await execute(failing(refused), host);
    expect(written.stdout).toBe("before\nready\n");
    expect(written.stderr).toBe('error: Cannot lock "x": it is held\nhint: wait\n');
  });

  test("with --json replaces the document that was ready", async () => {
    const { host, written } = makeHost(["--json"]);
    await execute(failing(refused), host);
    const document = v.parse(errorDocumentSchema, JSON.parse(written.stdout));
    expect(document.error).toMatchObject({ outcome: "refused", hint: "wait" });
    expect(written.stderr).toBe("");
  });

  test("of a bug shows its stack on stderr, with --json too", async () => {
    const { host, written } = makeHost(["--json"]);
    await execute(failing(new Error("oops")), host);
    expect(JSON.parse(written.stdout).error.outcome).toBe("bug");
    expect(written.stderr).toContain("cli.test.ts");
  });

  test("is told on stderr when stdout takes nothing more", async () => {
    const full = new ToolkitError("invalid", 'Cannot write to "stdout": ENOSPC');
    const stdout = {
      ...{ isTTY: false, columns: () => 80 },
      write: () => {
        throw full;
      },
    };
    for (const argv of [[], ["--json"]]) {
      const { host, written } = makeHost(argv, { stdout });
      expect(await execute(script({ ...flat, run: ready }), host)).toBe(3);
      expect(written.stderr).toContain('error: Cannot write to "stdout": ENOSPC\n');
    }
  });

  const flat = { name: "x", summary: "X" };
  const ready: NonNullable<Parameters<typeof script>[0]["run"]> = async ({ out }) => {
    out.result({ json: () => 1, text: () => "1" });
    return "done";
  };
});

describe("a signal", () => {
  const loop = (use: boolean) =>
    script({
      ...{ name: "x", summary: "X" },
      run: async (context) => {
        if (use) {
          const { signal } = context;
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          signal.throwIfAborted();
        }
        return "done";
      },
    });

  test("is left alone until a command asks for it, and afterwards", async () => {
    const unused = makeHost([], {
      onSignal: () => {
        throw new Error("nobody asked");
      },
    });
    expect(await execute(loop(false), unused.host)).toBe(0);
    const used = makeHost([]);
    const ended = execute(loop(true), used.host);
    expect(used.listens()).toBe(true);
    used.signal("SIGTERM");
    expect(await ended).toBe(130);
    expect(used.listens()).toBe(false);
    expect(used.written.stderr).toEndWith("error: Cancelled by SIGTERM\n");
  });

  test("that comes twice ends the process at once, with a document if there has to be one", () => {
    const { host, written, signal } = makeHost(["--json"]);
    void execute(loop(true), host);
    signal("SIGINT");
    expect(written.exits).toEqual([]);
    signal("SIGINT");
    expect(written.exits).toEqual([130]);
    expect(JSON.parse(written.stdout).error.outcome).toBe("cancelled");
  });
});

describe("as a process, a script", () => {
  test("gives the values of its command line with their types", async () => {
    const words = ["a", "b", "--no-tmux", "--only=merge", "--count", "3", "--", "--json"];
    const { code, stdout, stderr } = await runScript(probe, ["echo", ...words]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual({
      ...{ words: ["a", ["b", "--json"]], steps: ["merge"] },
      ...{ format: "text", count: 3, tmux: false },
    });
  });

  test("writes a large result whole before it ends", async () => {
    const { code, stdout } = await runScript(probe, ["flood"]);
    expect([code, stdout.length]).toEqual([1, 3_000_000]);
  });

  test("says nothing when its reader went away, and keeps its exit code", async () => {
    using sandbox = makeSandbox();
    const pipe = 'exec 3>&1; { "$@" flood; echo "exit $?" >&3; } | head -c 1 >/dev/null';
    const words = ["sh", "-c", pipe, "sh", process.execPath, `${import.meta.dir}/../probe.ts`];
    const child = Bun.spawn(words, { env: sandbox.env, stderr: "pipe" });
    expect(await child.stdout.text()).toBe("exit 1\n");
    expect(await child.stderr.text()).toBe("");
  });

  test("ends with 70 and a trace for an error that nobody awaited", async () => {
    const { code, stdout, stderr } = await runScript(probe, ["fail", "loose", "--json"]);
    expect(code).toBe(70);
    expect(JSON.parse(stdout).error.message).toBe("nobody waits for this");
    expect(stderr).toContain("probe.ts");
  });

  test("does not read a .env or a bunfig.toml where it is run", async () => {
    using sandbox = makeSandbox();
    await Bun.write(`${sandbox.home}/.env`, "FORCE_COLOR=1\n");
    await Bun.write(`${sandbox.home}/bunfig.toml`, 'preload = ["./missing.ts"]\n');
    const { code, stdout } = await runScript(probe, ["--help"], { sandbox, cwd: sandbox.home });
    expect([code, stdout.includes("\x1b")]).toEqual([0, false]);
  });

  test("does not take a piped answer to a question", async () => {
    const { code, stdout, stderr } = await runScript(probe, ["ask"], { stdin: "y\ny\n" });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("hint: answer it with --yes\n");
  });
});

describe("in a terminal, a script", () => {
  const down = "\x1b[B";

  test("asks on stderr and gives the answers on stdout", async () => {
    const keys = [
      { expect: "No", send: "y" },
      { expect: "drop", send: `${down}\r` },
    ];
    const { code, stdout, screen } = await runInTerminal(probe, ["ask"], keys, {
      stdoutToFile: true,
    });
    expect([code, stdout]).toEqual([0, "true drop\n"]);
    expect(screen).toContain("Apply\\x1b[2J it?");
  });

  test("means no by a bare Enter, and is cancelled by Ctrl-C", async () => {
    const no = [{ expect: "No", send: "\r" }];
    expect(await runInTerminal(probe, ["ask", "--decide", "keep"], no)).toMatchObject({ code: 4 });
    const keys = [{ expect: "drop", send: "\x03" }];
    const { code, screen } = await runInTerminal(probe, ["ask", "--yes"], keys);
    expect(code).toBe(130);
    expect(screen).toEndWith('error: Cancelled at "Which one?"\n');
  });

  test("is cancelled by Ctrl-D too, and does not wait for ever", async () => {
    for (const [args, expected] of [
      [["--yes"], "drop"],
      [["--decide", "keep"], "No"],
    ] as const) {
      const keys = [{ expect: expected, send: "\x04" }];
      const { code, screen } = await runInTerminal(probe, ["ask", ...args], keys);
      expect(code).toBe(130);
      expect(screen).toMatch(/\nerror: Cancelled at ".*"\n$/);
    }
  });

  test("asks without colours when there are to be none", async () => {
    const no = [{ expect: "No", send: "\r" }];
    const args = ["ask", "--decide", "keep", "--no-color"];
    const { raw } = await runInTerminal(probe, args, no);
    expect(raw).toContain("Apply");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences
    expect(raw).not.toMatch(/\x1b\[[\d;]*m/);
  });

  test("draws its bar while it works in a synchronous loop, and takes it away", async () => {
    const { raw, stdout } = await runInTerminal(probe, ["work"], [], { stdoutToFile: true });
    expect(stdout).toBe("on the way\nfinished\n");
    expect(raw).toStartWith("\x1b[32mstarting\x1b[39m\r\n\x1b[33mwarning:\x1b[39m careful\r\n");
    expect(raw).toContain("Working [###################.]  99% 99/100\x1b[K");
    expect(raw).toEndWith("\r\x1b[K");
    const quiet = await runInTerminal(probe, ["work", "--quiet", "--no-color"], []);
    expect(quiet.raw).toBe("warning: careful\r\non the way\r\nfinished\r\n");
  });

  test("stops at a safe point for one Ctrl-C, and at once for the second", async () => {
    const keys = [
      { expect: "waiting", send: "\x03" },
      { expect: "not yet", send: "\x03" },
    ];
    const one = await runInTerminal(probe, ["wait"], keys.slice(0, 1));
    expect(one.code).toBe(130);
    expect(one.screen).toContain("stopping at the next safe point");
    const two = await runInTerminal(probe, ["wait", "--stubborn"], keys);
    expect(two.code).toBe(130);
    expect(two.screen).toEndWith("error: Cancelled by SIGINT\n");
  });

  test("that never asks for the signal is stopped even inside a loop", async () => {
    const keys = [{ expect: "waiting", send: "\x03" }];
    expect((await runInTerminal(probe, ["wait", "--deaf"], keys)).code).toBe(130);
  });
});
