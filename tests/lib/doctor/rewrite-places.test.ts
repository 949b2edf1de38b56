import { afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { rewritePlaces } from "../../../lib/doctor/rewrite-places.ts";
import { resolvePlaces } from "../../../lib/paths.ts";
import { makeDisk } from "../../disk/build.ts";
import { mkdirs } from "../../disk/repos.ts";
import type { Disk } from "../../disk/spec.ts";

const made: Disk[] = [];

afterEach(() => {
  for (const disk of made.splice(0)) disk.cleanup();
});

function placesOf(env: Record<string, string> = {}, dirs: string[] = []) {
  const disk = makeDisk({});
  made.push(disk);
  const { home } = disk;
  for (const dir of dirs) mkdirs(join(home, dir));
  const inHome = Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.replace("HOME", home)]),
  );
  const all = { ...disk.env, ...inHome };
  return { home, places: rewritePlaces(resolvePlaces({ env: all, home }), all) };
}

describe("the rewrite's state", () => {
  test("is below ~/.ao by default, and absent there on a disk without it", () => {
    const { home, places } = placesOf();
    expect(places).toMatchObject({ dataDir: join(home, ".ao/data"), present: false });
  });

  test("is where the variables say", () => {
    const env = { AO_DATA_DIR: "HOME/data", AO_RUN_FILE: "HOME/run.json" };
    const { home, places } = placesOf(env, ["data", ".ao/data"]);
    expect(places).toEqual({
      dataDir: join(home, "data"),
      runFile: join(home, "run.json"),
      database: join(home, "data/ao.db"),
      source: "AO_DATA_DIR and AO_RUN_FILE",
      present: true,
    });
  });

  test("is found where the first builds kept it", () => {
    const { home, places } = placesOf({}, [".config/agent-orchestrator/data"]);
    expect(places.dataDir).toBe(join(home, ".config/agent-orchestrator/data"));
    const xdg = placesOf({ XDG_CONFIG_HOME: "HOME/x" }, ["x/agent-orchestrator/data"]);
    expect(xdg.places.dataDir).toBe(join(xdg.home, "x/agent-orchestrator/data"));
  });

  test("is not the sessions directory that TypeScript AO calls AO_DATA_DIR", () => {
    const env = { AO_DATA_DIR: "HOME/.agent-orchestrator/projects/x/sessions" };
    const { home, places } = placesOf(env, [".agent-orchestrator/projects/x/sessions"]);
    expect(places).toMatchObject({ dataDir: join(home, ".ao/data"), present: false });
  });

  test("is not another user's, whose variables point elsewhere", () => {
    const env = { HOME: "/home/other", AO_DATA_DIR: "/home/other/data" };
    const { home, places } = placesOf(env);
    expect(places.dataDir).toBe(join(home, ".ao/data"));
  });
});
