/** Staged plans: `manifest.json` and `.planning/state.json` as somebody left them. */

import { join } from "node:path";
import { realDisk } from "../../../lib/change/disk.ts";
import { ToolkitError } from "../../../lib/errors.ts";
import { loadManifest } from "../../../lib/planning/manifest.ts";
import { loadState } from "../../../lib/planning/state-file.ts";
import migration from "../../../scripts/migration.ts";
import { hostilePath, hostileText } from "../hostile.ts";
import type { Grammar } from "../hunt.ts";
import { type Form, inputOf } from "../mutate.ts";
import { contentOf, formatPlaced, parsePlaced, Site } from "../place.ts";
import { Random, seedOf } from "../random.ts";
import { complaintAbout } from "../run.ts";
import { outsideWord } from "../samples.ts";
import { jsonText } from "../write.ts";

const slug = "shed";
const at = "2026-04-20T10:00:00.000+00:00";

const manifest: Form = {
  value: (random) => ({
    name: slug,
    created_at: at,
    last_touch: at,
    wake_up_on: random.chance(0.5) ? null : hostileText(random),
    cooldown_until: random.chance(0.5) ? null : at,
    awaiting_human_review: random.chance(0.5),
    human_review_reason: random.chance(0.5) ? null : hostileText(random),
    status: random.pick(["planning", "ready", "in-progress", "done", "skipped"]),
    current_phase: random.pick(["", "one", "two"]),
    phases: ["one", "two"].map((name) => ({
      name,
      file: random.chance(0.8) ? `phase-${name}.md` : hostilePath(random, outsideWord),
      done: random.chance(0.3),
      precondition: random.chance(0.7) ? "nothing" : hostileText(random),
      required_effort: null,
      effort_reason: null,
    })),
  }),
  write: jsonText,
};

const history = ["approaches", "pick-best", "expand", "review"] as const;

const state: Form = {
  value: (random) => {
    const steps = history.slice(0, random.int(5));
    const ref = (name: string) => `migrations/${slug}/.planning/${name}.stdout.md`;
    return {
      schema_version: 1,
      target: random.chance(0.8) ? "storage" : hostileText(random),
      next_step:
        ["approaches", "pick-best", "expand", "review", "final-review"][steps.length] ?? "",
      completed_steps: steps.map((name) => ({
        name,
        completed_at: at,
        outcome: name === "review" ? "clear" : "completed",
        outputs: {
          stdout: random.chance(0.9) ? ref(name) : hostilePath(random, outsideWord),
        },
        ...(random.chance(0.3) ? { agent: hostileText(random) } : {}),
      })),
      started_at: at,
      updated_at: at,
      feedback: random.chance(0.3)
        ? [{ received_at: at, source: "message", text: hostileText(random) }]
        : [],
      review_findings: null,
      final_decision: null,
      final_reason: null,
      revision_base_step_counts: [],
    };
  },
  write: jsonText,
};

let site: Site | undefined;

const close = () => {
  site?.close();
  site = undefined;
};

const dir = `root/migrations/${slug}`;

function files(random: Random) {
  const good = (form: Form) => contentOf(Buffer.from(form.write(random, form.value(random))));
  const broken = (form: Form) => contentOf(inputOf(random, form));
  const which = random.int(3);
  const refs = history.map((name) => [`${dir}/.planning/${name}.stdout.md`, hostileText(random)]);
  return formatPlaced({
    files: [
      [`${dir}/manifest.json`, which === 0 ? good(manifest) : broken(manifest)],
      [`${dir}/.planning/state.json`, which === 1 ? good(state) : broken(state)],
      [`${dir}/plan.md`, `# Plan\n${hostileText(random)}\n`],
      [`${dir}/phase-one.md`, `# One\n\nprecondition: ${hostileText(random)}\n`],
      ...(refs as [string, string][]),
    ],
    links: random.chance(0.1)
      ? [[`${dir}/${random.pick(["phase-two.md", "approaches", ".x"])}`, `${outsideWord}/canary`]]
      : [],
  });
}

/** The readers alone: a value, or an error with its place. */
export const planDocuments: Grammar = {
  name: "planning-documents",
  files: () => 2,
  make: (random) => files(random),
  check(input) {
    const placed = parsePlaced(input);
    if (placed === null) return null;
    site ??= new Site();
    site.place(placed);
    const live = join(site.home, dir);
    for (const load of [
      () => loadManifest(realDisk, live),
      () => loadState({ disk: realDisk, slug, dir: live }),
    ]) {
      try {
        load();
      } catch (error) {
        if (!(error instanceof ToolkitError) || error.outcome !== "invalid") throw error;
        if (error.place?.file.startsWith(live) !== true) return `no place: ${error.message}`;
      }
    }
    return null;
  },
  close,
};

const root = ["--root", "root"];

/** Last the one that writes, and only where a plan lives. */
const calls: readonly string[][] = [
  ["list", ...root],
  ["list", ...root, "--json"],
  ["show", slug, ...root],
  ["show", slug, ...root, "--json"],
  ["doctor", "--all", ...root],
  ["doctor", slug, ...root, "--json"],
  ["review", slug, ...root, "--hold", "not yet"],
  ["doctor", "--all", "--fix", ...root],
];

export const stagedPlans: Grammar = {
  name: "staged-plans",
  files: () => 2,
  make: (random) => files(random),
  async check(input) {
    const placed = parsePlaced(input);
    if (placed === null) return null;
    site ??= new Site();
    site.place(placed);
    const before = site.tree();
    const random = new Random(seedOf(input.length, "plans", 0));
    for (const argv of random.times(3, () => random.pick(calls))) {
      const complaint = await complaintAbout(migration, argv, { home: site.home, also: [2] });
      if (complaint !== null) return complaint;
      const writes = argv.includes("--fix") || argv.includes("--hold");
      const named = ["home/root/migrations", "home/.local"];
      const [change] = site.changesSince(before, writes ? named : ["home/.local"]);
      if (change !== undefined && !writes) return `${argv.join(" ")} changed ${change}`;
      if (change !== undefined) return `${argv.join(" ")} changed ${change} outside the plan`;
      if (writes) return null;
    }
    return null;
  },
  close,
};
