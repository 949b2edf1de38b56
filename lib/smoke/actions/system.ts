/** Looks below AO: processes, git worktrees, multiplexer sessions and what their panes show. */
import { realpathSync } from "node:fs";
import { isAlive, runProcess } from "../processes.ts";
import { resolveProgram } from "../sandbox.ts";
import type { ActionType, Moment } from "./action.ts";

export const process: ActionType<"process"> = {
  title: ({ process: pid }) => `kill -0 ${pid}`,
  async observe({ process: pid }) {
    const id = Number(pid);
    return Number.isInteger(id) && id > 1
      ? { alive: isAlive(id) }
      : { failure: `no process id: ${pid}` };
  },
};

export const worktrees: ActionType<"worktrees"> = {
  title: ({ worktrees: repository }) => `git -C ${repository} worktree list`,
  async observe({ worktrees: repository }, moment) {
    const { exit, stdout, stderr } = await call(moment, "git", [
      "-C",
      repository,
      "worktree",
      "list",
      "--porcelain",
    ]);
    if (exit !== 0) return { failure: stderr.trim() };
    const blocks = stdout.trim().split("\n\n").map(fieldsOf);
    const list = blocks.map(({ worktree = "", branch = "" }) => ({
      path: worktree,
      branch: branch.replace("refs/heads/", ""),
    }));
    return { count: list.length, list, branches: list.map(({ branch }) => branch) };
  },
};

function fieldsOf(block: string): Record<string, string> {
  return Object.fromEntries(
    block.split("\n").map((line) => {
      const blank = line.indexOf(" ");
      return blank === -1 ? [line, ""] : [line.slice(0, blank), line.slice(blank + 1)];
    }),
  );
}

export const sessions: ActionType<"sessions"> = {
  title: () => "list the multiplexer's sessions",
  async observe(_, moment) {
    const tmux = moment.world.target.runtime === "tmux";
    const args = tmux
      ? ["list-sessions", "-F", "#{session_name}"]
      : ["list-sessions", "--no-formatting"];
    const { exit, stdout } = await call(moment, tmux ? "tmux" : "zellij", args);
    // No server means no session; both programs then end with an error.
    const lines = exit === 0 ? stdout.split("\n").filter((line) => line !== "") : [];
    const names = lines
      .filter((line) => !line.includes("(EXITED"))
      .map((line) => line.split(" ")[0] ?? line);
    return { count: names.length, names: names.sort() };
  },
};

export const pane: ActionType<"pane"> = {
  title: ({ pane: name }) => `look at the pane of ${name}`,
  async observe({ pane: name }, moment) {
    const tmux = moment.world.target.runtime === "tmux";
    const args = tmux
      ? ["capture-pane", "-p", "-J", "-S", "-", "-t", `=${name}:`]
      : ["--session", name, "action", "dump-screen", "--pane-id", "terminal_0", "--full"];
    const { exit, stdout, stderr } = await call(moment, tmux ? "tmux" : "zellij", args);
    if (exit !== 0) return { failure: stderr.trim() };
    return {
      text: stdout.replace(/\n+$/, "\n"),
      lines: stdout.split("\n").filter((line) => line !== ""),
    };
  },
};

export const kill_session: ActionType<"kill_session"> = {
  title: ({ kill_session: name }) => `kill the multiplexer session ${name}`,
  async observe({ kill_session: name }, moment) {
    const tmux = moment.world.target.runtime === "tmux";
    const args = tmux ? ["kill-session", "-t", `=${name}`] : ["kill-session", name];
    const { exit, stderr } = await call(moment, tmux ? "tmux" : "zellij", args);
    return { exit, stderr };
  },
};

/** AO at A and B puts its zellij sockets here whatever the environment says. */
function zellijSockets(): string {
  return `/tmp/ao-zellij-${globalThis.process.getuid?.() ?? 0}`;
}

function call({ world, timeout }: Moment, name: string, args: string[]) {
  const { sandbox } = world;
  const program = resolveProgram(sandbox, name);
  const env =
    name === "zellij" ? { ...sandbox.env, ZELLIJ_SOCKET_DIR: zellijSockets() } : sandbox.env;
  return runProcess({ program, args, env, cwd: realpathSync(sandbox.root), timeout });
}
