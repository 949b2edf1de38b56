/** Start-up: help of every script, beside an empty script on the same runtime. */

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../process.ts";
import type { Section } from "./bench.ts";
import { type Figure, figure, median, type Program, takeTurns, times } from "./measure.ts";

const boundMs = 60;

const section: Section = {
  title: "Start-up: --help of every script, whole process, beside an empty script",
  async measure({ quick }) {
    const dir = mkdtempSync(join(tmpdir(), "ao-bench-start-"));
    try {
      writeFileSync(join(dir, "empty.ts"), "export {};\n");
      const runtime = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];
      const env = { PATH: process.env.PATH, HOME: dir };
      const program = (script: string, ...args: string[]): Program => {
        return { cmd: [...runtime, script, ...args], env, cwd: dir };
      };
      const scripts = readdirSync(join(root, "scripts")).filter((name) => name.endsWith(".ts"));
      const helps = scripts.sort().map((name) => program(join(root, "scripts", name), "--help"));
      const all = [program(join(dir, "empty.ts")), ...helps];
      const [empty = [], ...rest] = (await takeTurns(all, quick ? 9 : 21)).map(times);
      const base = median(empty);
      return rest.map((samples, index): Figure => {
        const note = `${(median(samples) / base).toFixed(1)} × an empty script (${base.toFixed(0)} ms)`;
        return figure(`${scripts[index]} --help`, samples, boundMs, "ms", { note });
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
};
export default section;
