/** Task sessions and their definitions: one by one, and whole `.workflow` directories. */

import { ToolkitError } from "../../../lib/errors.ts";
import { readTaskSession } from "../../../lib/tasks/session.ts";
import { decodeUtf8 } from "../../../lib/utf8.ts";
import migrateSessions from "../../../scripts/migrate-sessions.ts";
import rollback from "../../../scripts/rollback.ts";
import { hostileText } from "../hostile.ts";
import type { Grammar } from "../hunt.ts";
import { type Form, inputOf } from "../mutate.ts";
import {
  contentOf,
  formatPlaced,
  type Placed,
  type PlacedFile,
  parsePlaced,
  Site,
} from "../place.ts";
import type { Random } from "../random.ts";
import { complaintOf, runInside } from "../run.ts";
import { homeWord, outsideWord, some } from "../samples.ts";
import { yamlText } from "../write.ts";

const stamps = [
  "2025-12-16T11:00:00",
  "2025-12-16 11:00",
  "2025-12-16T11:00:00.123456789Z",
  "2025-13-41T99:99:99",
  "0000-00-00",
  "+999999-01-01T00:00:00Z",
  "9999-12-31T23:59:59+23:59",
];

function operation(random: Random) {
  return some(random, {
    timestamp: random.pick(stamps),
    operation: random.pick(["CREATE", "UPDATE", "delete"]),
    target_type: "file",
    target_id: random.chance(0.8) ? "auth.ts" : hostileText(random),
    path: "app/lib/auth.ts",
    summary: random.chance(0.8) ? "Created it" : hostileText(random),
  });
}

const session: Form = {
  value: (random) =>
    some(random, {
      task_id: "task_design",
      title: random.chance(0.8) ? "Design it" : hostileText(random),
      description: "Two lines\nof it: 'quoted'\n",
      status: random.pick(["completed", "active", ""]),
      agent: "backend",
      attempt: 12_345_678_901_234,
      started_at: random.pick(stamps),
      operations: random.times(random.int(5), () => operation(random)),
    }),
  write: yamlText,
};

const definition: Form = {
  value: (random) =>
    some(random, {
      id: "task_design",
      title: "Design it",
      snapshotted_at: random.pick(stamps),
      source_path: "x",
      steps: [{ name: "one" }, "two"],
    }),
  write: yamlText,
};

export const taskSession: Grammar = {
  name: "task-yaml",
  make: (random) => inputOf(random, session),
  check(input) {
    const decoded = decodeUtf8(input);
    if ("fault" in decoded) return null;
    try {
      const { fields, operations, remarks } = readTaskSession(decoded.text, "a.yml");
      const lines = decoded.text.split(/\n/).length;
      const lost = remarks.find(({ place }) => (place.line ?? 1) > lines);
      if (lost !== undefined) return `a remark beyond the end: ${JSON.stringify(lost)}`;
      const odd = operations.find(({ time }) => time !== null && !Number.isFinite(time));
      if (odd !== undefined) return `no time: ${JSON.stringify(odd)}`;
      return [...fields.values()].some(({ text }) => typeof text !== "string") ? "no text" : null;
    } catch (error) {
      if (error instanceof ToolkitError && error.outcome === "invalid") return null;
      throw error;
    }
  },
};

function taskName(random: Random): string {
  const name = random.chance(0.8) ? `task_${random.int(9)}` : hostileText(random).slice(0, 60);
  return name.replace(/\//g, "_");
}

function file(random: Random): PlacedFile {
  const version = random.pick(["v001", "v002", "v\x1b[1m"]);
  const dir = `.workflow/versions/${version}`;
  const end = random.pick([".yml", ".yml", ".yaml"]);
  const name = taskName(random);
  return random.oneOf<PlacedFile>([
    [6, () => [`${dir}/task_sessions/${name}${end}`, contentOf(inputOf(random, session))]],
    [4, () => [`${dir}/tasks/${name}${end}`, contentOf(inputOf(random, definition))]],
    [1, () => [`${dir}/task_sessions/${name}/session.yml`, "status: completed\n"]],
    [1, () => [`${dir}/task_sessions/${name}/task.yml`, hostileText(random)]],
    [1, () => [`${dir}/task_sessions/${name}/operations.log`, hostileText(random)]],
    [1, () => [`${dir}/task_sessions/${name}`, "no directory"]],
  ]);
}

function workflow(random: Random): Placed {
  const links = [
    ".workflow",
    ".workflow/versions",
    ".workflow/versions/v001",
    ".workflow/versions/v003",
    ".workflow/versions/v001/task_sessions",
    ".workflow/versions/v001/task_sessions/task_1",
    ".workflow/versions/v001/task_sessions/task_2.yml",
    ".workflow/versions/v001/tasks",
    ".workflow/versions/v001/tasks/task_2.yml",
  ];
  const targets = [outsideWord, `${outsideWord}/deep`, `${outsideWord}/canary`, homeWord, "."];
  return {
    files: random.times(8 + random.int(16), () => file(random)),
    links: random.chance(0.25) ? [[random.pick(links), random.pick(targets)]] : [],
    dirs: [".workflow/versions/v001/task_sessions"],
  };
}

let site: Site | undefined;

export const taskSessions: Grammar = {
  name: "task-sessions",
  files: (input) => parsePlaced(input)?.files.length ?? 0,
  make: (random) => formatPlaced(workflow(random)),
  async check(input) {
    const placed = parsePlaced(input);
    if (placed === null) return null;
    site ??= new Site();
    site.place(placed);
    const before = site.tree();
    const json = input.length % 2 === 0 ? ["--json"] : [];
    const codes: number[] = [];
    for (const [script, ...argv] of [
      [migrateSessions, "--dry-run", ...json],
      [migrateSessions, "--yes", ...json],
      [rollback, "--root", ".", "--list"],
      [rollback, "--root", ".", "--yes", ...json],
    ] as const) {
      const ran = await runInside(script, argv, site);
      const complaint = complaintOf(ran, argv);
      if (complaint !== null) return `${script.name}: ${complaint}`;
      codes.push(ran.code);
      const named = codes.length === 1 ? [] : ["home/.workflow"];
      const [change] = site.changesSince(before, named);
      if (change !== undefined) return `${script.name} ${argv.join(" ")} changed ${change}`;
    }
    const left = site.changesSince(before, ["home/.workflow/migrations"]);
    if (codes[3] !== 0 || left.length === 0) return null;
    return `after going back: ${left.slice(0, 3).join("; ")}`;
  },
  close() {
    site?.close();
    site = undefined;
  },
};
