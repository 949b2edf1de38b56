/** Generated disks: any mixture of layouts, names and places, and what goes wrong on real ones. */

import fc from "fast-check";
import { makeDisk } from "../../../disk/build.ts";
import type { Disk, DiskSpec, ProjectSpec } from "../../../disk/spec.ts";
import { type Fault, faultArbitrary, inflict } from "./faults.ts";

/** What a generated disk is made from; printed when a property fails. */
export interface Recipe {
  spec: DiskSpec;
  faults: Fault[];
  /** Which choice each open decision gets, by turn; decisions beyond it get their default. */
  choices: number[];
}

const names = ["integrator", "backend", "agent-orchestrator", "my_app", "PyTorch", "a-b", "a_b"];

/** A field that is there in some of the cases only, so that most disks are mostly plain. */
function sometimes<T>(arbitrary: fc.Arbitrary<T>, oneIn = 3): fc.Arbitrary<T | undefined> {
  return fc
    .tuple(fc.nat(oneIn - 1), arbitrary)
    .map(([turn, value]) => (turn === oneIn - 1 ? value : undefined));
}

const origin = fc.constantFrom(
  null,
  "git@github.com:o/shared.git",
  "https://github.com/o/shared",
  "ssh://git@GitHub.com:22/o/Mono.git",
);

const project = fc.record({
  name: fc.constantFrom(...names),
  layout: fc.constantFrom("v0", "v1", "v1", "v1-bare-hash", "v1-bare", "v1-bare", "v2", "v3"),
  path: sometimes(fc.constantFrom("other/integrator", "code/my_app", "repos/mono"), 4),
  subdir: sometimes(fc.constantFrom("packages/api", "packages/web"), 8),
  origin: sometimes(origin, 4),
  config: sometimes(fc.constantFrom("code/second", "code/third")),
  sessionPrefix: sometimes(fc.constantFrom("int", "ao2", "ao-1", "x"), 4),
  sessions: fc.nat(3),
  firstSession: sometimes(fc.constantFrom(2, 9), 4),
  archives: sometimes(fc.nat(2)),
  archiveCopies: sometimes(fc.constantFrom(2, 3)),
  orchestrators: sometimes(fc.subarray([1, 2, 8, "single"] as (number | "single")[])),
  orchestratorFile: sometimes(fc.constant(true), 6),
  worktrees: sometimes(fc.constantFrom("none", "legacy-root", "project", "v1"), 2),
  builtWorktrees: sometimes(fc.nat(2), 2),
  tmux: sometimes(fc.constantFrom("none", "v1", "v1-project", "v1-double", "doubled", "v3"), 2),
  storageKey: sometimes(fc.constantFrom("bare", "wrapped")),
  registered: sometimes(fc.boolean(), 5),
  registryKey: sometimes(fc.constantFrom("integrator", "renamed"), 10),
  localConfig: sometimes(fc.constantFrom("flat", "wrapped"), 6),
  feedback: sometimes(fc.nat(2)),
  codeReviews: sometimes(fc.nat(2)),
  claude: sometimes(fc.constantFrom("now", "older")),
  codex: sometimes(fc.constant(true)),
});

const spec = fc.record({
  projects: fc.array(project, { minLength: 1, maxLength: 3 }),
  observability: sometimes(fc.nat(6)),
  running: sometimes(fc.constantFrom("dead", "reused"), 8),
  listForm: sometimes(fc.constant(true), 4),
  registryAt: sometimes(
    fc.constantFrom(
      { variable: "AO_GLOBAL_CONFIG", path: "elsewhere/ao.yaml" },
      { variable: "XDG_CONFIG_HOME", path: ".config" },
    ),
    10,
  ),
  baseFiles: sometimes(fc.constant(true), 6),
});

/** Any disk that the builder can make, with up to four things wrong. */
export const recipes: fc.Arbitrary<Recipe> = fc.record({
  spec: spec.map((wanted) => buildable(without(wanted) as DiskSpec)),
  faults: fc.array(faultArbitrary, { maxLength: 4 }),
  choices: fc.array(fc.nat(3), { maxLength: 4 }),
});

/** Takes out what is undefined: absent and undefined differ under exact optional types. */
function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(kept.map(([key, field]) => [key, without(field)]));
}

/**
 * Projects that would share a directory get different session numbers or names, as the builder
 * makes each file once.
 */
function buildable(wanted: DiskSpec): DiskSpec {
  const seen = new Set<string>();
  const projects = (wanted.projects ?? []).map((given, index) => {
    const one: ProjectSpec = { ...given };
    const place = [one.layout, one.path ?? one.name, one.subdir, one.config].join("|");
    if (seen.has(place)) one.name = `${one.name}-${index}`;
    if (seen.has(place)) delete one.path;
    seen.add(place);
    if (one.layout === "v0" && one.worktrees === "project") one.worktrees = "v0";
    const shared =
      one.layout === "v0" ||
      (wanted.projects ?? []).some(
        (other, at) =>
          at < index && (other.worktrees === "legacy-root" || one.worktrees === "legacy-root"),
      );
    if (shared || (index > 0 && one.registryKey !== undefined)) one.firstSession = 1 + 20 * index;
    return one;
  });
  return { ...wanted, projects };
}

/** Makes the disk, faults included. */
export function makeRecipe({ spec, faults }: Recipe): Disk {
  const disk = makeDisk(spec);
  try {
    for (const fault of faults) inflict(disk, fault);
    return disk;
  } catch (error) {
    disk.cleanup();
    throw error;
  }
}
