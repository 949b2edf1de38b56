#!/usr/bin/env -S bun --no-env-file --no-install --config=/dev/null
/**
 * Compiles everything into one executable that needs neither Bun nor node_modules.
 *
 *     bun run build                          dist/aokit, for this machine
 *     bun run build --outfile /tmp/aokit     elsewhere
 *
 * Exit codes: 0 built, 2 usage, 3 it cannot be compiled or written.
 */

import { mkdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { main, script } from "../lib/cli.ts";
import { describeError, ToolkitError } from "../lib/errors.ts";
import { formatBytes } from "../lib/text.ts";

const root = resolve(import.meta.dir, "..");

/**
 * What is read as files when it runs. Each is found beside the code that reads it, in the sources
 * as in the executable.
 */
const assets = ["lib/smoke/lanes", "lib/smoke/known-issues"];

/**
 * A `.env` or bunfig.toml in the directory where it is run belongs to somebody's project and must
 * not change what this does.
 */
const autoload = ["dotenv", "bunfig"].map((what) => `--no-compile-autoload-${what}`);

const args = {
  outfile: {
    type: "string",
    valueName: "FILE",
    description: "The executable (default: dist/aokit of this repository)",
  },
  target: {
    type: "string",
    valueName: "TARGET",
    description: "Another platform, such as bun-darwin-arm64; Bun fetches its runtime",
  },
} as const;

const build = script({
  name: "build",
  summary: "Compile every script into one executable, aokit",
  args,
  examples: [
    { command: "", text: "dist/aokit" },
    { command: "--target bun-darwin-arm64 --outfile aokit-mac", text: "For another platform" },
  ],
  async run({ args, cwd, env, out, terminal, signal }) {
    const file = args.outfile === undefined ? join(root, "dist/aokit") : resolve(cwd, args.outfile);
    makeParent(file);
    terminal.note("Compiling …");
    const command = [
      ...[
        process.execPath,
        "build",
        join(root, "scripts/aokit.ts"),
        "--compile",
        "--minify-syntax",
      ],
      ...[...autoload, ...assets.map((path) => `--asset=${join(root, path)}`)],
      ...[`--outfile=${file}`, ...(args.target === undefined ? [] : [`--target=${args.target}`])],
    ];
    const child = Bun.spawn(command, { cwd: root, env, stdout: "ignore", stderr: "pipe", signal });
    const complaint = await child.stderr.text();
    if ((await child.exited) !== 0) {
      signal.throwIfAborted();
      throw new ToolkitError("invalid", `Cannot compile "${file}":\n${complaint.trim()}`);
    }
    const bytes = statSync(file).size;
    out.result({
      json: () => ({ schemaVersion: 1, file, bytes }),
      text: () => `${file} (${formatBytes(bytes)})`,
    });
    return "done";
  },
});

function makeParent(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (cause) {
    throw new ToolkitError("invalid", `Cannot write "${file}": ${describeError(cause)}`, { cause });
  }
}

export default build;
if (import.meta.main) await main(build);
