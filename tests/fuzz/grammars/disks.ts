/** Whole AO disks on which every file may be anything, through the scripts that read them. */

import type { Script } from "../../../lib/cli.ts";
import { parseJson } from "../../../lib/json.ts";
import doctor from "../../../scripts/doctor.ts";
import migrate from "../../../scripts/migrate.ts";
import repair from "../../../scripts/repair.ts";
import rollback from "../../../scripts/rollback.ts";
import sessions from "../../../scripts/sessions.ts";
import { hostilePath, hostileText } from "../hostile.ts";
import type { Grammar } from "../hunt.ts";
import { inputOf } from "../mutate.ts";
import {
  contentOf,
  formatPlaced,
  type Placed,
  type PlacedFile,
  parsePlaced,
  Site,
} from "../place.ts";
import { Random, seedOf } from "../random.ts";
import { complaintAbout, complaintOf, runInside } from "../run.ts";
import {
  configValue,
  homeWord,
  keyValueText,
  outsideWord,
  sessionJson,
  sessionRecord,
} from "../samples.ts";
import { jsonText, yamlText } from "../write.ts";

const base = ".agent-orchestrator";

/** State directories of every generation, and whether their sessions are JSON. */
const stateDirs: readonly (readonly [dir: string, json: boolean])[] = [
  [`${base}/aabbccddeeff-integrator`, false],
  [`${base}/aabbccddeeff-web`, false],
  [`${base}/0123456789ab`, false],
  [`${base}/0123456789ab-api.migrated`, false],
  [`${base}/projects/integrator`, true],
  [`${base}/projects/integrator_0123456789`, true],
  [`${base}/projects/web_0123456789`, true],
];

function sessionFile(random: Random): PlacedFile {
  const [dir, json] = random.pick(stateDirs);
  const id = random.chance(0.8)
    ? random.pick([
        `int-${random.int(12)}`,
        "int-orchestrator",
        `int-orchestrator-${random.int(3)}`,
      ])
    : hostileText(random).replace(/\//g, "_").slice(0, 60);
  const archived = random.chance(0.2);
  const stamp = random.pick(["20260420T143052Z", "2026-04-20T14:30:52.000Z", "99999999T999999Z"]);
  const name = archived ? `archive/${id}_${stamp}` : id;
  const form = json
    ? { value: sessionJson, write: jsonText }
    : { value: sessionRecord, write: keyValueText };
  const odd = random.chance(0.05) ? random.pick([".corrupt-1", ".lock", ".tmp", "~"]) : "";
  const path = `${dir}/sessions/${name}${json === random.chance(0.95) ? ".json" : ""}${odd}`;
  return [path, contentOf(inputOf(random, form))];
}

/** Files beside the sessions that the scan reads as well. */
function sideFile(random: Random): PlacedFile {
  const [dir] = random.pick(stateDirs);
  const text = (good: string) => (random.chance(0.5) ? good : hostileText(random));
  const json = (random: Random, value: () => ReturnType<typeof sessionJson>) =>
    contentOf(inputOf(random, { value, write: jsonText }));
  return random.oneOf<PlacedFile>([
    [2, () => [`${dir}/.origin`, text(`${homeWord}/code/agent-orchestrator.yaml`)]],
    [
      1,
      () => [`${dir}/identity.json`, json(random, () => ({ projectId: "integrator", path: "x" }))],
    ],
    [1, () => [`${dir}/counter.json`, json(random, () => ({ next: 7 }))]],
    [1, () => [`${dir}/${hostileText(random).replace(/\//g, "_").slice(0, 80)}`, text("x")]],
    [1, () => [`${base}/${hostileText(random).replace(/\//g, "_").slice(0, 80)}`, text("x")]],
    [1, () => [`${base}/aabbccddeeff-observability/${random.int(9)}.json`, text("{}")]],
    [1, () => [`${base}/last-stop.json`, json(random, () => ({ at: "2026-04-20T10:00:00Z" }))]],
    [2, () => [`.worktrees/integrator/int-${random.int(9)}/.git`, gitLink(random)]],
    [1, () => [`repos/integrator/.git/config`, gitConfig(random)]],
    [1, () => [`repos/integrator/.git/HEAD`, text("ref: refs/heads/main\n")]],
    [1, () => [`repos/integrator/.git/worktrees/int-1/gitdir`, gitLink(random)]],
    [1, () => [`repos/web/agent-orchestrator.yaml`, config(random)]],
    [1, () => [`.claude/projects/${text("-home-x")}/a.jsonl`, text("{}\n")]],
    [1, () => [`.codex/sessions/2026/04/20/rollout-1.jsonl`, text('{"payload":{"cwd":"/x"}}\n')]],
  ]);
}

function gitLink(random: Random): string {
  const good = `${homeWord}/repos/integrator/.git/worktrees/int-1`;
  const path = random.chance(0.5) ? good : hostilePath(random, outsideWord);
  return random.pick([`gitdir: ${path}\n`, `${path}/.git\n`, `gitdir: ${path}`, path]);
}

function gitConfig(random: Random): string {
  const url = random.chance(0.5) ? "https://github.com/o/integrator.git" : hostileText(random);
  return `[core]\n\tbare = false\n[remote "origin"]\n\turl = ${url}\n${
    random.chance(0.2) ? `[${hostileText(random)}]\n${hostileText(random)}` : ""
  }`;
}

function config(random: Random): ReturnType<typeof contentOf> {
  return contentOf(inputOf(random, { value: configValue, write: yamlText }));
}

function link(random: Random): readonly [string, string] {
  const [dir] = random.pick(stateDirs);
  const target = random.pick([
    outsideWord,
    `${outsideWord}/canary`,
    `${outsideWord}/new`,
    ".",
    "nowhere",
    homeWord,
  ]);
  const name = random.pick([
    `${dir}/sessions/int-${random.int(9)}`,
    `${dir}/sessions`,
    dir,
    `${base}/projects`,
    `${base}/config.yaml`,
    `${base}/migrations`,
    ".worktrees",
    ".worktrees/integrator",
    ".claude/projects",
  ]);
  return [name, target];
}

function disk(random: Random): Placed {
  const files = random.times(12 + random.int(16), () =>
    random.chance(0.7) ? sessionFile(random) : sideFile(random),
  );
  files.unshift([`repos/integrator/.git/HEAD`, "ref: refs/heads/main\n"]);
  if (random.chance(0.8)) files.push([`${base}/config.yaml`, config(random)]);
  if (random.chance(0.3)) files.push([`code/agent-orchestrator.yaml`, config(random)]);
  const links = random.chance(0.25) ? [link(random)] : [];
  return { files, links, dirs: ["repos/integrator/.git/objects", "repos/web"] };
}

function countFiles(input: Uint8Array): number {
  return (parseJson(Buffer.from(input).toString("utf8")) as unknown as Placed).files.length;
}

type Call = readonly [script: Script, ...argv: string[]];

/** Everything that only looks. */
const looks: readonly Call[] = [
  [migrate, "--no-tmux"],
  [migrate, "--no-tmux", "--verbose"],
  [migrate, "--no-tmux", "--json"],
  [doctor, "--skip", "tools", "--skip", "rewrite"],
  [doctor, "--skip", "tools", "--skip", "rewrite", "--verbose"],
  [doctor, "--skip", "tools", "--skip", "rewrite", "--json"],
  [doctor, "--fix", "--dry-run", "--yes"],
  [repair],
  [repair, "--json"],
  [sessions, "list"],
  [sessions, "list", "--json"],
  [sessions, "info"],
  [sessions, "info", "--json"],
  [rollback, "--list"],
];

let site: Site | undefined;

const close = () => {
  site?.close();
  site = undefined;
};

/** Looking at a disk says something and changes nothing. */
export const lookedAt: Grammar = {
  name: "disk-looks",
  files: countFiles,
  make: (random) => formatPlaced(disk(random)),
  async check(input) {
    const placed = parsePlaced(input);
    if (placed === null) return null;
    site ??= new Site();
    site.place(placed);
    const random = new Random(seedOf(input.length, "looks", input[input.length >> 1] ?? 0));
    const before = site.tree();
    for (const [script, ...argv] of random.times(3, () => random.pick(looks))) {
      const call = [script.name, ...argv];
      const complaint = await complaintAbout(script, argv, site);
      if (complaint !== null) return `${call[0]}: ${complaint}`;
      const [change] = site.changesSince(before);
      if (change !== undefined) return `${call.join(" ")} changed ${change}`;
    }
    return null;
  },
  close,
};

/** The only places of a home that a migration or fix may change. */
const named = [
  `home/${base}`,
  "home/.worktrees",
  "home/.claude/projects",
  "home/.codex/sessions",
  "home/repos/integrator/.git/worktrees",
  "home/repos/web/.git/worktrees",
];

const flags = ["--yes", "--force"];

/** Carried out and taken back: nothing outside the named places, and in the end nothing at all. */
export const migrated: Grammar = {
  name: "disk-changes",
  files: countFiles,
  make: (random) => formatPlaced(disk(random)),
  async check(input) {
    const placed = parsePlaced(input);
    if (placed === null) return null;
    site ??= new Site();
    site.place(placed);
    const before = site.tree();
    const first: Call =
      input.length % 3 === 0
        ? [doctor, "--fix", ...flags]
        : [migrate, "--execute", "--no-tmux", ...flags];
    const back: Call = [rollback, "--yes"];
    let done = 0;
    for (const [script, ...argv] of [first, back]) {
      const ran = await runInside(script, argv, site);
      const complaint = complaintOf(ran, argv);
      if (complaint !== null) return `${script.name}: ${complaint}`;
      const [change] = site.changesSince(before, named);
      if (change !== undefined) return `${script.name} changed ${change}`;
      // Nobody else is on this disk.
      const stale = /Cannot apply the plan: the disk has changed[\s\S]*/.exec(ran.stderr)?.[0];
      if (stale !== undefined) return `${script.name} made a plan that does not fit: ${stale}`;
      done += ran.code === 0 ? 1 : 0;
    }
    const left = site.changesSince(before, [`home/${base}/migrations`]);
    return done === 2 && left.length > 0
      ? `after going back: ${left.slice(0, 3).join("; ")}`
      : null;
  },
  close,
};
