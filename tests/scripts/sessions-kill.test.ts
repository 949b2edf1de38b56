/** Killing and switching in terminals, on real git and real tmux. */

import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { killDocumentSchema, spawnDocumentSchema } from "../../lib/sessions/document.ts";
import { writeFiles } from "../disk/repos.ts";
import { call, callJson, names, script } from "../lib/sessions/calling.ts";
import { makeExample, makeExampleRepos, makeHome } from "../lib/sessions/site.ts";
import { root, runInTerminal } from "../process.ts";

describe("kill asks", () => {
  async function spawned() {
    const home = makeHome();
    const code = makeExample(home);
    makeExampleRepos(home);
    const made = await callJson(spawnDocumentSchema, home, code, "spawn", "integrator", "INT-1");
    const sandbox = { home: home.home, env: home.env, [Symbol.dispose]() {} };
    return { home, code, sandbox, worktree: made.session.worktree.path ?? "" };
  }

  test("a second time before work is thrown away; a no changes nothing", async () => {
    const { home, code, sandbox, worktree } = await spawned();
    using _ = home;
    writeFileSync(join(worktree, "new.txt"), "x");
    const refused = await call(home, code, "kill", "int-1");
    expect(refused.stderr).toContain(`; keeps ${worktree}: it has 1 uncommitted change)?`);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes") });
    const words = ["kill", "int-1", "--discard-worktree"];
    const no = await runInTerminal(
      script,
      words,
      [
        { expect: "Kill int-1", send: "y" },
        { expect: "away for good, although it has", send: "n" },
      ],
      { sandbox, cwd: code },
    );
    expect(no).toMatchObject({ code: 130 });
    expect(names(home)).toHaveLength(1);
    const yes = await runInTerminal(
      script,
      words,
      [
        { expect: "Kill int-1", send: "y" },
        { expect: "away for good, although it has", send: "y" },
      ],
      { sandbox, cwd: code },
    );
    expect(yes).toMatchObject({ code: 0 });
    expect(existsSync(worktree)).toBe(false);
    expect(names(home)).toEqual([]);
  }, 30_000);

  test("nothing when it was answered beforehand, and says what it kept", async () => {
    const { home, code, worktree } = await spawned();
    using _ = home;
    writeFileSync(join(worktree, "new.txt"), "x");
    const killed = await callJson(killDocumentSchema, home, code, "kill", "int-1", "--yes");
    expect(killed).toMatchObject({
      id: "int-1",
      worktree: { path: worktree, removed: false, reason: "it has 1 uncommitted change" },
    });
    expect(existsSync(killed.archived)).toBe(true);
    expect(await call(home, code, "list")).toMatchObject({
      stdout: expect.stringContaining("No sessions"),
    });
  });

  test("inside tmux, attach switches the client", async () => {
    const { home, code, sandbox } = await spawned();
    using _ = home;
    const [name = ""] = names(home);
    const line = `'${process.execPath}' '${join(root, script)}' attach int-1; sleep 30`;
    writeFiles(home.home, { "go.sh": `cd '${code}'\n${line}\n` });
    const tmux = (...args: string[]) =>
      Bun.spawnSync(["tmux", ...args], { env: home.env })
        .stdout.toString()
        .trim();
    const client = Bun.spawn(
      ["tmux", "new-session", "-s", "outer", "sh", join(home.home, "go.sh")],
      {
        env: { ...sandbox.env, TERM: "xterm-256color" },
        terminal: { cols: 80, rows: 24 },
      },
    );
    let found = "";
    for (let tries = 0; found === "" && tries < 200; tries += 1) {
      await Bun.sleep(25);
      found = tmux("list-clients", "-t", `=${name}:`);
    }
    expect(found).toContain(name);
    tmux("kill-server");
    await client.exited;
    client.terminal?.close();
  });
});
