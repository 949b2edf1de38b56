/** `config.yaml` and V1's `agent-orchestrator.yaml`: by their reader, and a saved plan. */

import { rmSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { ToolkitError } from "../../../lib/errors.ts";
import { isSafeProjectId } from "../../../lib/paths.ts";
import { type Registry, readLocalConfig, readRegistry } from "../../../lib/registry.ts";
import { readSavedPlan } from "../../../lib/storage/saved-plan.ts";
import migrate from "../../../scripts/migrate.ts";
import { makeTemp } from "../../temp.ts";
import type { Grammar } from "../hunt.ts";
import { type Form, inputOf } from "../mutate.ts";
import { contentOf, Site } from "../place.ts";
import type { Random } from "../random.ts";
import { complaintAbout } from "../run.ts";
import { configValue } from "../samples.ts";
import { jsonText, yamlText } from "../write.ts";

let dir: string | undefined;

const close = () => {
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  dir = undefined;
};

/** The input as a file. */
function fileOf(input: Uint8Array, name: string): string {
  dir ??= makeTemp("fuzz");
  const file = join(dir, name);
  writeFileSync(file, input);
  return file;
}

export const registry: Grammar = {
  name: "config-yaml",
  make: (random) => inputOf(random, { value: configValue, write: yamlText }),
  check(input) {
    const file = fileOf(input, "config.yaml");
    const read = readRegistry(file, "/home/me");
    const local = readLocalConfig(file);
    if ("missing" in read || "missing" in local) return "called missing";
    if ("fault" in read !== "fault" in local) return "only one of two readers takes it";
    if ("fault" in read) {
      const { file: named, line = 1, column = 1 } = read.fault.place;
      return named === file && line >= 1 && column >= 1 ? null : "a fault without a place";
    }
    return registryFault(read.registry);
  },
  close,
};

function registryFault({ projects, faults }: Registry): string | null {
  for (const { key, projectId, resolvedPath, place, storageKey, name } of projects) {
    if (!isSafeProjectId(key)) return `unsafe key ${JSON.stringify(key)}`;
    if (projectId !== undefined && !isSafeProjectId(projectId)) return `unsafe id ${projectId}`;
    if (!isAbsolute(resolvedPath) || resolvedPath.includes("\0")) return `path ${resolvedPath}`;
    if (resolvedPath.split("/").includes("..")) return `climbing path ${resolvedPath}`;
    if (place.line === undefined) return "a project without a place";
    const texts = [storageKey, name].filter((text) => text !== undefined);
    if (texts.some((text) => typeof text !== "string" || text === "")) return "no text";
  }
  return faults.some(({ place }) => place.line === undefined) ? "a fault without a place" : null;
}

const savedPlan: Form = {
  value: (random) => ({
    schemaVersion: 3,
    generatedAt: random.pick([
      "2026-04-20T10:00:00.000Z",
      "9999-12-31T23:59:59Z",
      "0000-01-01T00:00:00Z",
      "2026-02-31T10:00:00Z",
      "2026-04-20T25:61:61Z",
    ]),
    planId: random.pick(["0123456789abcdef", "../../outside/aa"]),
    selectedSteps: ["rekey-v1-entries", "strip-storage-key"],
    decisions: [{ key: "duplicate:x", chosen: "keep-both" }],
    steps: [{ id: "rekey-v1-entries", operations: [{ op: "trash", path: "/nonexistent" }] }],
  }),
  write: jsonText,
};

export const planFile: Grammar = {
  name: "saved-plan",
  make: (random) => inputOf(random, savedPlan),
  check(input) {
    const file = fileOf(input, "plan.json");
    try {
      const { generatedAt, planId } = readSavedPlan(file);
      if (Number.isNaN(generatedAt.getTime())) return "no date";
      return /^[0-9a-f]{16}$/.test(planId) ? null : `plan id ${planId}`;
    } catch (error) {
      if (error instanceof ToolkitError && error.outcome === "invalid") return null;
      throw error;
    }
  },
  close,
};

let site: Site | undefined;

/** The plan is handed to `migrate --execute`, on a disk with something to migrate. */
export const executedPlan: Grammar = {
  name: "executed-plan",
  make: (random: Random) => inputOf(random, savedPlan),
  async check(input) {
    site ??= new Site();
    site.place({
      files: [
        ["plan.json", contentOf(input)],
        [".agent-orchestrator/projects/integrator/sessions/int-1.json", "{}"],
      ],
    });
    const before = site.tree();
    const argv = ["--execute", "--plan", "plan.json", "--yes", "--no-tmux"];
    const complaint = await complaintAbout(migrate, argv, { ...site, also: [2] });
    const [change] = site.changesSince(before);
    return complaint ?? (change === undefined ? null : `changed ${change}`);
  },
  close() {
    site?.close();
    site = undefined;
  },
};
