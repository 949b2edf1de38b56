/** Starting and stopping the daemon, and pauses that the contract demands. */
import { startDaemon, stopDaemon } from "../daemon.ts";
import { isAlive } from "../processes.ts";
import { environmentFor } from "../sandbox.ts";
import { milliseconds } from "../schema.ts";
import type { ActionType } from "./action.ts";

export const daemon: ActionType<"daemon"> = {
  title: (action) => {
    const settings = Object.entries(action.env ?? {}).map(
      ([key, value]) => `${key}=${value ?? ""} `,
    );
    return `${settings.join("")}${action.daemon === "start" ? "start the AO daemon" : "ao stop"}`;
  },
  async observe(action, { world, timeout }) {
    const { sandbox, target } = world;
    if (action.daemon === "stop") {
      world.closeStreams();
      const stopped = await stopDaemon(target, sandbox, timeout);
      return { ...stopped, pid: world.scope.get("daemon_pid") ?? null };
    }
    // A daemon whose files lie in the sandbox must never meet another one that still runs.
    const running = Number(world.scope.get("daemon_pid") ?? 0);
    const already = running > 1 && isAlive(running);
    const env = environmentFor(sandbox, action.env, action.path);
    const seen = await startDaemon(target, sandbox, env, timeout);
    if (seen.pid !== undefined) {
      world.scope.set("daemon_pid", seen.pid);
      if (!already) world.recordProcess(seen.pid, "daemon");
    }
    return { ...seen, already };
  },
};

export const pause: ActionType<"pause"> = {
  title: ({ pause: time }) => `wait ${time}`,
  async observe({ pause: time }) {
    await Bun.sleep(milliseconds(time));
    return { waited: time };
  },
};
