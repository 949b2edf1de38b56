/** Where configs are looked for, in which order, and what of them is believed. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { resolvePlaces } from "../../../../lib/paths.ts";
import type { Env } from "../../../../lib/process.ts";
import {
  readProjectConfig,
  readRegistries,
  readV1Configs,
  type V1Configs,
} from "../../../../lib/storage/scan/configs.ts";
import { Reader } from "../../../../lib/storage/scan/reader.ts";
import { writeFiles } from "../../../disk/repos.ts";
import { makeTemp } from "../../../temp.ts";
import { stateDir } from "../found.ts";

let home = "";
beforeEach(() => {
  home = makeTemp("config-places");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const registryOf = (key: string) => `projects:\n  ${key}:\n    path: /${key}\n`;

describe("the registry before AO's first migration", () => {
  const readAll = (config?: string) => {
    const reader = new Reader();
    const places = resolvePlaces({ home, config, env: {} });
    const found = readRegistries(reader, places);
    return { ...found, keys: found.preMigration?.projects.map(({ key }) => key), reader };
  };

  test("is looked for beside the one in force, then in the base dir", () => {
    expect(readAll()).toMatchObject({ registry: null, preMigration: null, registryFault: null });
    writeFiles(home, { ".agent-orchestrator/config.yaml.pre-migration": registryOf("base") });
    expect(readAll().keys).toEqual(["base"]);
    expect(readAll(`${home}/own.yaml`).keys).toEqual(["base"]);
    writeFiles(home, { "own.yaml.pre-migration": registryOf("own") });
    expect(readAll(`${home}/own.yaml`).keys).toEqual(["own"]);
  });

  test("is one fault when it cannot be used", () => {
    writeFiles(home, { ".agent-orchestrator/config.yaml.pre-migration": "projects: [\n" });
    const { preMigration, registryFault, reader } = readAll();
    expect([preMigration, registryFault, reader.faults.length]).toEqual([null, null, 1]);
  });
});

/** What V1's configs say, with these environment variables. */
function readV1(env: Env = {}, origins: string[] = []) {
  const reader = new Reader();
  const places = resolvePlaces({ home, env: {} });
  const dirs = origins.map((origin) => stateDir("x", { layout: "v1", origin }));
  const { registry } = readRegistries(reader, places);
  const { registries, ...named } = readV1Configs(reader, dirs, registry, places, env);
  const short = (path: string) => path.replace(`${home}/`, "~/");
  return { files: Object.keys(registries).map(short), ...named, faults: reader.faults };
}

describe("configs of V0 and V1", () => {
  test("are those that directories name, by path, and those in the home, each once", () => {
    writeFiles(home, {
      "b.yaml": registryOf("b"),
      "a.yaml": registryOf("a"),
      ".agent-orchestrator.yaml": registryOf("c"),
      ".agent-orchestrator.yml": registryOf("d"),
      ".config/agent-orchestrator/config.yaml": registryOf("e"),
    });
    const origins = ["b.yaml", "a.yaml", "none.yaml", "b.yaml"].map((name) => `${home}/${name}`);
    const usual = [
      "~/.agent-orchestrator.yaml",
      "~/.agent-orchestrator.yml",
      "~/.config/agent-orchestrator/config.yaml",
    ];
    expect(readV1({}, origins).files).toEqual(["~/a.yaml", "~/b.yaml", ...usual]);
    expect(readV1({}, [`${home}/.agent-orchestrator.yml`]).files.toSorted()).toEqual(usual);
  });

  test("may be named by the environment of this very home, with an absolute path", () => {
    writeFiles(home, { "named.yaml": registryOf("a") });
    const AO_CONFIG_PATH = `${home}/named.yaml`;
    expect(readV1({ AO_CONFIG_PATH, HOME: home }).files).toEqual(["~/named.yaml"]);
    expect(readV1({ AO_CONFIG_PATH, HOME: "/home/other" }).files).toEqual([]);
    expect(readV1({ AO_CONFIG_PATH: "package.json", HOME: home }).files).toEqual([]);
  });

  test("name V0's directories with a text that can be a path, the registry too", () => {
    const own = `${home}/.agent-orchestrator/config.yaml`;
    writeFiles(home, {
      ".agent-orchestrator/config.yaml": "dataDir: ~/data\nworktreeDir: trees\n",
      ".agent-orchestrator.yaml": 'dataDir: ""\nworktreeDir: 7\n',
      ".agent-orchestrator.yml": 'dataDir: "a\\0b"\nworktreeDir: [x]\n',
      ".config/agent-orchestrator/config.yaml": "- a list\n",
    });
    expect(readV1()).toMatchObject({
      dataDirs: [{ path: `${home}/data`, config: own }],
      worktreeDirs: [{ path: `${home}/.agent-orchestrator/trees`, config: own }],
    });
  });
});

describe("a project's own config", () => {
  const read = () => {
    const configs: V1Configs = { registries: {}, dataDirs: [], worktreeDirs: [] };
    const reader = new Reader();
    const config = readProjectConfig(reader, home, configs, home);
    return { config, faults: reader.faults.length, named: configs.dataDirs.length };
  };

  test("is the first of two names, also when it cannot be used", () => {
    expect(read()).toEqual({ config: undefined, faults: 0, named: 0 });
    writeFiles(home, { "agent-orchestrator.yml": "dataDir: x\nprojects: {}\n" });
    const second = { path: `${home}/agent-orchestrator.yml`, wrapped: true };
    expect(read()).toEqual({ config: second, faults: 0, named: 1 });
    writeFiles(home, { "agent-orchestrator.yaml": "projects: [\n" });
    const first = { path: `${home}/agent-orchestrator.yaml`, wrapped: false };
    expect(read()).toEqual({ config: first, faults: 1, named: 0 });
  });
});
