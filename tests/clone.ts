/** A copy of the toolkit as somebody has it who cloned and installed it, without its tests. */

import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { makeSandbox, root, type Sandbox } from "./process.ts";

export interface Clone extends Disposable {
  /** Where it stands. */
  root: string;
  /** The home beside it, and what its commands find in the environment. */
  sandbox: Sandbox;
  read(path: string): string;
}

const left = new Set([".git", "node_modules", "tests", "dist"]);

/** Makes one in a directory of its own; `using` removes it. */
export function makeClone(): Clone {
  const sandbox = makeSandbox({
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
  });
  const clone = join(sandbox.home, "ao-toolkit");
  mkdirSync(clone);
  for (const name of readdirSync(root)) {
    if (!left.has(name)) cpSync(join(root, name), join(clone, name), { recursive: true });
  }
  symlinkSync(realpathSync(join(root, "node_modules")), join(clone, "node_modules"));
  return {
    root: clone,
    sandbox,
    read: (path) => readFileSync(join(root, path), "utf8"),
    [Symbol.dispose]: () => sandbox[Symbol.dispose](),
  };
}

/** How a command line ended, and what it wrote. */
export interface Shown {
  code: number;
  text: string;
}

/** What the last line of a question is drawn with. */
const question = "└\x1b[39m\r\n";

/** Types a command line into a shell of the clone, in a terminal; says yes, and takes defaults. */
export async function typeIn(
  clone: Clone,
  line: string,
  env: Record<string, string> = {},
): Promise<Shown> {
  const decoder = new TextDecoder();
  const drained = Promise.withResolvers<void>();
  let text = "";
  let answered = 0;
  const child = Bun.spawn(["sh", "-c", line], {
    cwd: clone.root,
    env: { ...clone.sandbox.env, TERM: "xterm-256color", ...env },
    terminal: {
      ...{ cols: 120, rows: 40 },
      exit: () => drained.resolve(),
      data(terminal, bytes) {
        text += decoder.decode(bytes, { stream: true });
        const at = text.indexOf(question, answered);
        if (at === -1) return;
        // Where something is to be chosen, the default is.
        const asked = text.slice(Math.max(answered, at - 200), at);
        answered = at + question.length;
        terminal.write(asked.includes("Yes") ? "y" : "\r");
      },
    },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  await child.exited;
  await Promise.race([drained.promise, Bun.sleep(500)]);
  clearTimeout(timer);
  child.terminal?.close();
  return { code: child.exitCode ?? -1, text: Bun.stripANSI(text).replaceAll("\r\n", "\n") };
}
