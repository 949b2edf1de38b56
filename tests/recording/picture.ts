/**
 * The picture of the README: the dry run, the migration and its rollback on the demo's disk, as the
 * programs really write them. `npm run picture` makes it again.
 *
 * What differs from run to run (time, ids, the name of the temporary directory and the hashes made of
 * it) is replaced by values of the same length, so that the same code makes the same picture.
 */

import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDemoDisk } from "../../lib/demo/disk.ts";
import { configHash, projectIdOf } from "../../lib/paths.ts";
import { root } from "../process.ts";
import { type Moment, record, type Scene } from "./record.ts";
import { drawSvg } from "./svg.ts";

/** Where the picture is. */
export const pictureFile = join(root, "docs/picture.svg");

const columns = 80;

/** The last that is drawn of a question. */
const expect = "└\x1b[39m\r\n";
const yes = { expect, send: "y" };
/** The second of several answers: what is drawn again ends like a question. */
const second = [
  { expect, send: "\x1b[B" },
  { expect, send: "\r" },
];

/** As long as the real one, which mkdtemp makes. */
const shownRoot = "/tmp/ao-demo-sample";

const story: readonly (Omit<Scene, "argv"> & { words: string[] })[] = [
  { command: "npx aokit migrate", words: ["migrate"], hold: 4500 },
  {
    command: "npx aokit migrate --execute",
    words: ["migrate", "--execute"],
    answers: [...second, yes],
    hold: 4500,
  },
  { command: "npx aokit migrate", words: ["migrate"], hold: 3000 },
  {
    command: "npx aokit rollback",
    words: ["rollback"],
    answers: [yes],
    hold: 4500,
  },
];

/** Records the story on a disk of its own, which is removed. */
export async function recordStory(): Promise<Moment[]> {
  const sandbox = realpathSync(mkdtempSync("/tmp/ao-demo-"));
  const env = {
    PATH: process.env.PATH ?? "",
    HOME: join(sandbox, "home"),
    TMPDIR: sandbox,
    TMUX_TMPDIR: sandbox,
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    TZ: "UTC",
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
    // What npx tells the programs that it runs.
    npm_lifecycle_event: "npx",
    npm_lifecycle_script: "aokit",
  };
  try {
    makeDemoDisk(sandbox, env);
    const runtime = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];
    const program = [...runtime, join(root, "scripts/aokit.ts")];
    const scenes = story.map(({ words, ...scene }) => ({ ...scene, argv: [...program, ...words] }));
    return await record(scenes, { columns, env, cwd: root, mask: maskOf(sandbox) });
  } finally {
    rmSync(sandbox, { recursive: true, force: true });
  }
}

function maskOf(sandbox: string): (text: string) => string {
  const shown = namesOf(shownRoot);
  const changed = namesOf(sandbox).map((real, at) => ({ real, shown: shown[at] ?? real }));
  return (text) =>
    changed
      .reduce((rest, name) => rest.replaceAll(name.real, name.shown), text)
      .replace(/v3-\d{8}T\d{6}Z-[0-9a-f]{6}/g, "v3-20260102T030405Z-6789ab")
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "2026-01-02T03:04:05.678Z");
}

/** Everything that is made of the directory's name, in an order of its own. */
function namesOf(place: string): string[] {
  const code = join(place, "home/code");
  const ids = ["integrator", "web-shop", "web-shop-2", "api-server"].map((name) =>
    projectIdOf({
      path: join(code, name),
      originUrl: `https://github.com/example/${name.replace("-2", "")}.git`,
    }),
  );
  return [place, configHash(join(code, "agent-orchestrator.yaml")), ...ids];
}

/** The picture of a recording. */
export function drawStory(moments: readonly Moment[]): string {
  return drawSvg(moments, {
    title: "A terminal: npx aokit migrate, then --execute, then rollback",
    description:
      "A recording. The dry run lists what is on a disk, what drifted and a plan of ten steps. The migration asks what becomes of a repository that is registered twice, and asks once more before it carries out 49 operations; then it verifies that nothing is left to do. The rollback takes all 49 back.",
    columns,
    rows: 26,
    still: moments.findIndex(({ typed }) => typed?.text.endsWith("--execute")) + 4,
  });
}

if (import.meta.main) writeFileSync(pictureFile, drawStory(await recordStory()));
