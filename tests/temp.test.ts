/** What is left of temporary directories when whoever made them is stopped. */

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";

test.each(["SIGINT", "SIGTERM"] as const)("%s to a runner leaves none", async (signal) => {
  const code = `
    const { makeTemp, removeTempsOnSignal } = await import(${JSON.stringify(join(import.meta.dir, "temp.ts"))});
    removeTempsOnSignal();
    console.log(makeTemp("stopped"));
    await Bun.sleep(20_000);
  `;
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  const dir = new TextDecoder().decode(value).trim();
  expect(existsSync(dir)).toBe(true);
  child.kill(signal);
  expect(await child.exited).toBe(signal === "SIGINT" ? 130 : 143);
  expect(existsSync(dir)).toBe(false);
});
