/** A migration with every kind of operation, in every state, and copies of it that were edited. */

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Operation } from "../../../lib/change/operation.ts";
import { planDigest } from "../../../lib/change/plan.ts";
import { applyPlan, undo } from "../../../lib/change/transaction.ts";
import type { Json } from "../../../lib/edits.ts";
import { sha256 } from "../../../lib/hash.ts";
import { contentOf, type PlacedFile, Site } from "../place.ts";
import { homeWord, outsideWord } from "../samples.ts";

/** `interrupted` and `undoing` stopped before the last line of their journal. */
export const states = ["planned", "interrupted", "done", "undoing", "undone"] as const;
export type State = (typeof states)[number];

/** What is other than in the migration as the engine left it. */
export interface Tampered {
  state: State;
  plan?: Json;
  manifest?: Json;
  /** The records of each line. */
  journal?: Json;
  /** Digest and checksums are computed again, so that they fit. */
  seal?: boolean;
  /** Another name of its directory, and in its manifest. */
  id?: string;
  /** A file of it, whatever is in there. */
  raw?: readonly [name: string, content: PlacedFile[1]];
  /** A link in the place of a file or directory. */
  link?: readonly [place: string, target: string];
  /** Chooses what is run. */
  seed?: number;
}

const id = "v3-20260420T100000Z-abcdef";
const base = ".agent-orchestrator";

const userFiles: readonly PlacedFile[] = [
  [`${base}/config.yaml`, "projects:\n  web:\n    path: ~/repos/web # ours\n"],
  [`${base}/projects/web/sessions/web-1.json`, '{"project":"web","status":"working"}\n'],
  [`${base}/projects/web/sessions/web-2.json`, '{"project":"web"}\n'],
  [`${base}/projects/web/log.jsonl`, '{"a":1}\n{"a":2}\n'],
  [`${base}/aabbccddeeff-old/sessions/old-1`, "project=old\n"],
  [".worktrees/web/web-1/.git", "gitdir: old\n"],
  ["repos/integrator/.git/HEAD", "ref: refs/heads/main\n"],
  ["repos/integrator/.git/objects/x", ""],
  ["repos/integrator/.git/worktrees/web-1/gitdir", "old\n"],
  ["precious/file", "alive\n"],
  ["precious/file.json", '{"alive":true}\n'],
];

function operations(home: string): Operation[] {
  const at = (name: string) => `${home}/${base}/${name}`;
  const link = `${home}/repos/integrator/.git/worktrees/web-1/gitdir`;
  return [
    { op: "makeDir", path: at("projects/web_0123456789") },
    { op: "create", path: at("projects/web_0123456789/identity.json"), content: "{}\n" },
    { op: "move", from: at("projects/web/sessions"), to: at("projects/web_0123456789/sessions") },
    {
      op: "patchJson",
      path: at("projects/web_0123456789/sessions/web-1.json"),
      edits: [{ pointer: "/project", before: "web", after: "web_0123456789" }],
    },
    {
      op: "patchJson",
      path: at("projects/web/log.jsonl"),
      line: 2,
      edits: [{ pointer: "/a", before: 2, after: 3 }],
    },
    {
      op: "patchYaml",
      path: at("config.yaml"),
      edits: [{ pointer: "/projects/web", rename: "web_0123456789" }],
    },
    { op: "trash", path: at("aabbccddeeff-old") },
    {
      op: "relinkWorktree",
      repo: `${home}/repos/integrator`,
      worktree: `${home}/.worktrees/web/web-1`,
      files: [
        { path: link, before: "old\n", after: "new\n" },
        {
          path: `${home}/.worktrees/web/web-1/.git`,
          before: "gitdir: old\n",
          after: "gitdir: n\n",
        },
      ],
    },
    { op: "renameTmux", from: "aabbccddeeff-web-1", to: "web-1" },
  ];
}

interface Template {
  files: PlacedFile[];
  dirs: string[];
  plan: Json;
  manifest: Json;
  journal: Json[];
}

/** A disk on which the migration is put in any state. */
export class MigrationSite extends Site {
  readonly #templates = new Map<State, Template>();

  static async open(): Promise<MigrationSite> {
    const site = new MigrationSite();
    await site.#make();
    return site;
  }

  /** Makes the templates; the engine itself does what it is tested on. */
  async #make(): Promise<void> {
    const roots = [
      `${this.home}/${base}`,
      `${this.home}/.worktrees`,
      `${this.home}/repos/integrator/.git/worktrees`,
    ];
    const options = {
      migrationDir: `${this.home}/${base}/migrations/${id}`,
      roots,
      commands: { resume: "resume", rollback: "rollback" },
      now: () => new Date("2026-04-20T10:00:00.000Z"),
    };
    const plan = { script: "migrate", title: "V3", operations: operations(this.home), roots };
    this.place({ files: [...userFiles] });
    const before = this.#capture();
    await applyPlan({ ...options, plan, toolVersion: "0.0.0" });
    const done = this.#capture();
    await undo(options);
    const undone = this.#capture();
    const cut = (template: Template) => ({ ...template, journal: template.journal.slice(0, -1) });
    this.#templates.set("done", done);
    this.#templates.set("interrupted", cut(done));
    this.#templates.set("undone", undone);
    this.#templates.set("undoing", cut(undone));
    this.#templates.set("planned", { ...done, files: before.files, journal: [] });
  }

  documents(state: State): Pick<Template, "plan" | "manifest" | "journal"> {
    const template = this.#templates.get(state);
    if (template === undefined) throw new Error("the templates are not made");
    return template;
  }

  #capture(): Template {
    const files: PlacedFile[] = [];
    const dirs: string[] = [];
    const visit = (name: string) => {
      for (const entry of readdirSync(join(this.home, name))) {
        const path = name === "" ? entry : `${name}/${entry}`;
        if (statSync(join(this.home, path)).isDirectory()) {
          dirs.push(path);
          visit(path);
        } else files.push([path, contentOf(readFileSync(join(this.home, path)))]);
      }
    };
    visit("");
    const own = files.filter(([path]) => path.includes(`/${id}/`) && path.split("/").length === 4);
    const text = (name: string) =>
      String(own.find(([path]) => path.endsWith(`/${name}`))?.[1] ?? "null").replaceAll(
        this.home,
        homeWord,
      );
    const lines = text("journal.jsonl").split("\n").slice(0, -1);
    return {
      files: files.filter((file) => !own.includes(file)),
      dirs,
      plan: JSON.parse(text("plan.json")),
      manifest: JSON.parse(text("manifest.json")),
      journal: lines.map((line) => JSON.parse(line).records),
    };
  }

  /** Puts an edited migration on the disk. */
  prepare(tampered: Tampered): void {
    const template = this.documents(tampered.state) as Template;
    const { id: name = id, raw, link } = tampered;
    const dir = `${base}/migrations/${name}`;
    const own = Object.entries(this.#sealed(tampered, template));
    const files: PlacedFile[] = own.map(([file, text]) => [`${dir}/${file}`, text]);
    if (raw !== undefined) files.push([`${dir}/${raw[0]}`, raw[1]]);
    const moved = (path: string) => path.replace(`${base}/migrations/${id}`, dir);
    this.place({
      files: [
        ...template.files.map(([path, content]) => [moved(path), content] as const),
        ...files,
      ],
      dirs: [...template.dirs.map(moved), `${dir}/staging`, `${dir}/trash`],
    });
    if (link === undefined) return;
    const [where, target] = link;
    const path = where.replace("MIGRATION", dir).replace("BASE", base);
    this.#replace(join(this.home, path), target);
  }

  /** What stood there goes to the target, when that is a directory, so that it is still found. */
  #replace(path: string, target: string): void {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(`${this.home}/aside`, { recursive: true, force: true });
    try {
      renameSync(path, `${this.home}/aside`);
    } catch {
      // There is nothing to take away.
    }
    const to = target === "." ? `${this.home}/aside` : target;
    this.place({ files: [], links: [[path.slice(this.home.length + 1), to]] }, true);
  }

  /** The texts of its files, sealed as the engine seals them if the input says so. */
  #sealed(tampered: Tampered, template: Template): Record<string, string> {
    const fill = (value: Json) =>
      JSON.stringify(value)
        .replaceAll(homeWord, JSON.stringify(this.home).slice(1, -1))
        .replaceAll(outsideWord, JSON.stringify(this.outside).slice(1, -1));
    const plan = fill(tampered.plan ?? template.plan);
    let manifest = fill(tampered.manifest ?? template.manifest);
    if (tampered.id !== undefined)
      manifest = manifest.replace(id, JSON.stringify(tampered.id).slice(1, -1));
    const digest = digestOf(plan);
    if (tampered.seal === true && digest !== null) {
      manifest = manifest.replace(/("planDigest":")[0-9a-f]{64}/, `$1${digest}`);
      const count = JSON.parse(plan).operations.length;
      if (tampered.manifest === undefined) {
        manifest = manifest.replace(/("operations":)\d+/, `$1${count}`);
      }
    }
    let sum: string = /"planDigest":"([0-9a-f]{64})/.exec(manifest)?.[1] ?? "";
    const lines = tampered.journal ?? template.journal;
    const journal = (Array.isArray(lines) ? lines : [lines]).map((records) => {
      const body = fill(records);
      sum = sha256(sum + body).slice(0, 32);
      return `{"sum":"${sum}","records":${body}}\n`;
    });
    return { "plan.json": plan, "manifest.json": manifest, "journal.jsonl": journal.join("") };
  }
}

/** Null for what is no plan at all. */
function digestOf(plan: string): string | null {
  try {
    return planDigest(JSON.parse(plan).operations);
  } catch {
    return null;
  }
}
