/** Lane files: read as a runbook, listed, and never walked. */

import { checkRunbook } from "../../../lib/smoke/load.ts";
import smokeRunbook from "../../../scripts/smoke-runbook.ts";
import { hostileText } from "../hostile.ts";
import type { Grammar } from "../hunt.ts";
import { type Form, inputOf } from "../mutate.ts";
import { contentOf, Site } from "../place.ts";
import type { Random } from "../random.ts";
import { complaintAbout } from "../run.ts";
import { some } from "../samples.ts";
import { yamlText } from "../write.ts";

/** How a lane names what is known. */
const ref = (name: string) => `\${${name}}`;

function action(random: Random) {
  const text = (good: string) => (random.chance(0.85) ? good : hostileText(random));
  const kinds = [
    { run: ["ao", "project", text("ls"), ref("gh_dir")], env: { A: text("b") } },
    { http: text("GET /healthz"), json: { a: text(ref("url")) } },
    { sql: text("select 1") },
    { file: text(`${ref("data")}/x`), capture: { seen: text("json.id") } },
    { log: text("^ready"), since: "step" },
    { pause: text("250ms") },
    { manual: text("Look at it") },
    { write: `${ref("data")}/x`, text: text("x") },
    { requests: text("GET .*") },
  ];
  const common = {
    why: text("Because"),
    timeout: random.pick(["5s", "1e9m", "99999999999999999999s"]),
    expect: {
      exit: 0,
      stdout: { contains: text("ok"), matches: random.pick(["^a", "(", "(a+)+$"]) },
      "json.a[*].b": { each: { not: { equals: text("x") } } },
    },
    when: { generation: random.pick(["A", "C"]) },
  };
  return { ...random.pick<object>(kinds), ...some(random, common, 0.3) };
}

const lane: Form = {
  value: (random) => {
    const steps = random.times(1 + random.int(4), (at) => ({
      id: random.chance(0.9) ? `2.${at + 1}` : hostileText(random),
      title: random.chance(0.8) ? "Add a project" : hostileText(random),
      why: random.chance(0.8) ? "It is needed" : hostileText(random),
      needs: at === 0 ? [] : [`2.${at}`],
      do: random.times(1 + random.int(3), () => action(random)),
    }));
    // Undefined and the like are no JSON; what is written is.
    return JSON.parse(JSON.stringify({ lane: 2, title: "Projects", why: "They are", steps }));
  },
  write: yamlText,
};

let site: Site | undefined;

function place(input: Uint8Array): Site {
  site ??= new Site();
  site.place({ files: [["lanes/02-projects.yaml", contentOf(input)]] });
  return site;
}

const close = () => {
  site?.close();
  site = undefined;
};

export const laneFiles: Grammar = {
  name: "lane-yaml",
  make: (random) => inputOf(random, lane),
  check(input) {
    const { home } = place(input);
    const { mistakes, runbook } = checkRunbook(`${home}/lanes`);
    const lines = Buffer.from(input).toString("utf8").split(/\n/).length;
    const lost = mistakes.find(({ place: { line = 1 } }) => line < 1 || line > lines);
    if (lost !== undefined) return `a mistake beyond the end: ${JSON.stringify(lost)}`;
    const sound = runbook.lanes.every(({ steps }) => Array.isArray(steps));
    return sound ? null : "a lane without steps";
  },
  close,
};

const calls = [
  ["--list"],
  ["--list", "--json"],
  ["--dry-run"],
  ["--dry-run", "--json"],
  ["--list", "--lane", "2"],
];

export const listedLanes: Grammar = {
  name: "listed-lanes",
  make: (random) => inputOf(random, lane),
  async check(input) {
    const here = place(input);
    const before = here.tree();
    const argv = ["--runbook", `${here.home}/lanes`, ...(calls[input.length % calls.length] ?? [])];
    const complaint = await complaintAbout(smokeRunbook, argv, { home: here.home, also: [2] });
    const [change] = here.changesSince(before);
    return complaint ?? (change === undefined ? null : `changed ${change}`);
  },
  close,
};
