/**
 * A real disk with real git worktrees and tmux on which the scripts run as processes, and what must
 * hold on it whatever they did.
 */

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { listMigrations, type MigrationSummary } from "../../lib/change/history.ts";
import { verifyWorktree } from "../../lib/git.ts";
import { makeDisk } from "../disk/build.ts";
import type { Disk, ProjectSpec } from "../disk/spec.ts";
import { stateOf } from "../lib/storage/journey.ts";
import { root as repository, runScript, type ScriptResult } from "../process.ts";
import { sandboxOf } from "../scripts/migrate/call.ts";
import { diffTrees, readTree, type Tree } from "../tree.ts";
import { trace } from "./strace.ts";

/** A process is killed before this call; `nth` counts those of that name. */
export interface Kill {
  syscall: string;
  nth: number;
}

/** A session that was made here. */
export interface Made {
  id: string;
  tmuxName: string;
}

const runtime = [process.execPath, "--no-env-file", "--no-install", "--config=/dev/null"];
const timeoutMs = 120_000;

export class Site implements Disposable {
  readonly disk: Disk;
  readonly original: Tree;
  readonly made: Made[] = [];
  /** Nobody but the migrations has changed anything. */
  isUntouched = true;
  /** A rollback had to keep something, or a session's maker or killer died. */
  isMessy = false;
  #serial = 0;
  readonly #words = new Set<string>();
  readonly #digests: Set<string>;
  readonly #worktrees: Set<string>;

  constructor(projects: ProjectSpec[]) {
    this.disk = makeDisk({ projects });
    this.original = stateOf(this.disk);
    this.#digests = new Set(this.#bytes().keys());
    this.#worktrees = new Set(this.worktrees().map(sessionOf));
  }

  [Symbol.dispose](): void {
    this.disk.cleanup();
  }

  nextWord(): string {
    this.#serial += 1;
    return `word-${this.#serial}.`;
  }

  /** Runs a script, to its end or until it is killed. */
  async run(script: string, args: string[], kill: Kill | null): Promise<ScriptResult> {
    const sandbox = sandboxOf(this.disk);
    const result =
      kill === null || Bun.which("strace") === null
        ? await runScript(`scripts/${script}.ts`, args, { sandbox, timeoutMs })
        : await trace([...runtime, join(repository, "scripts", `${script}.ts`), ...args], {
            env: sandbox.env,
            cwd: repository,
            log: join(this.disk.root, "tmux", "strace.log"),
            inject: { ...kill, fault: "SIGKILL" },
            timeoutMs,
          });
    const { code, stdout, stderr } = result;
    if (code === 70 || /^\s+at .+:\d+:\d+\)?$/m.test(stderr)) {
      throw new Error(`${script} ${args.join(" ")} broke (${code}):\n${stdout}${stderr}`);
    }
    return { code, stdout, stderr };
  }

  async migrations(): Promise<MigrationSummary[]> {
    const { migrations, damaged } = await listMigrations(join(this.disk.baseDir, "migrations"));
    const [broken] = damaged;
    if (broken !== undefined) throw broken.error;
    return migrations;
  }

  /** Those that stand half-way. */
  async open(): Promise<MigrationSummary[]> {
    const isOpen = ({ state }: MigrationSummary) =>
      state === "interrupted" || state === "rolling-back";
    return (await this.migrations()).filter(isOpen);
  }

  isLive(): boolean {
    const env = this.disk.env;
    const { stdout } = Bun.spawnSync(["tmux", "list-sessions", "-F", "#{session_name}"], { env });
    return stdout.toString().trim() !== "";
  }

  /** Changes a file as a user or AO does; the word must be there ever after. */
  edit(path: string, word: string, change: (text: string) => string): void {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    this.#digests.delete(new Bun.CryptoHasher("sha256").update(text).digest("hex"));
    const changed = change(text);
    for (const each of this.#words) {
      if (text.includes(each) && !changed.includes(each)) this.#words.delete(each);
    }
    writeFileSync(`${path}.tmp`, changed);
    renameSync(`${path}.tmp`, path);
    this.#words.add(word);
    this.isUntouched = false;
  }

  /** As AO does it: under the session's lock, or not at all. */
  writeAsAo(path: string, word: string): void {
    const lock = `${path}.lock`;
    if (existsSync(lock)) return;
    closeSync(openSync(lock, "wx"));
    this.edit(path, word, (text) =>
      path.endsWith(".json")
        ? `${JSON.stringify({ ...(JSON.parse(text) as object), summary: word }, null, 2)}\n`
        : `${text.replace(/^summary=.*\n/m, "")}summary=${word}\n`,
    );
    unlinkSync(lock);
  }

  /** Session files of any layout. */
  sessions(): string[] {
    return this.#filesBelow(this.disk.baseDir).filter((path) => {
      const isHome = basename(dirname(path)) === "sessions";
      return isHome && /^[a-z]+-\d+(\.json)?$/.test(basename(path));
    });
  }

  worktrees(): string[] {
    const tops = [this.disk.baseDir, this.disk.worktreeRoot].filter((dir) => existsSync(dir));
    return tops
      .flatMap((dir) => this.#filesBelow(dir))
      .filter((path) => basename(path) === ".git")
      .map(dirname);
  }

  #filesBelow(dir: string): string[] {
    const records = join(this.disk.baseDir, "migrations");
    return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return path === records ? [] : this.#filesBelow(path);
      return entry.isFile() ? [path] : [];
    });
  }

  /** Digest → path of everything but git's own files and the records of migrations. */
  #bytes(): Map<string, string> {
    const skip = (path: string) =>
      path === "tmux" ||
      /(^|\/)\.git(\/|$)/.test(path) ||
      // A counter counts, and its old value is nobody's.
      /\.(lock|tmp)$|\/\.next-session-id\.json$/.test(path);
    const tree = readTree(this.disk.root, { skip });
    const found = new Map<string, string>();
    for (const [path, { kind, digest = "" }] of tree) if (kind === "file") found.set(digest, path);
    return found;
  }

  /** @throws Error with what is wrong */
  async expectAll(): Promise<void> {
    const found = this.#bytes();
    const lost = [...this.#digests].filter((digest) => !found.has(digest));
    const first = [...this.original].find(([, { digest }]) => digest === lost[0])?.[0];
    if (lost.length > 0) throw new Error(`${lost.length} contents are gone, such as ${first}`);
    this.#expectWords([...found.values()], "anywhere");
    if ((await this.open()).length === 0) this.#expectGit();
  }

  #expectWords(paths: string[], where: string): void {
    const texts = paths.map((path) => readFileSync(join(this.disk.root, path), "latin1"));
    const gone = [...this.#words].filter((word) => !texts.some((text) => text.includes(word)));
    if (gone.length > 0) throw new Error(`not ${where}: ${gone.join(" ")}`);
  }

  /** Those worktrees that were there at first still are, and all are sound, wherever they are. */
  #expectGit(): void {
    const paths = this.worktrees();
    const left = paths.filter((path) => this.#worktrees.has(sessionOf(path)));
    if (left.length < this.#worktrees.size) throw new Error(`worktrees are gone: ${left}`);
    for (const path of paths) {
      const complaint = verifyWorktree(path, this.disk.env);
      if (complaint !== null) throw new Error(`${path}: ${complaint}`);
    }
  }

  /** When everything was taken back. @throws Error with what is wrong */
  expectOriginal(): void {
    if (this.isUntouched) {
      const lines = diffTrees(this.original, stateOf(this.disk));
      if (lines.length > 0) throw new Error(`not as at first:\n${lines.join("\n")}`);
    }
    if (this.isMessy) return;
    const paths = [...this.#bytes().values()];
    const inTree = paths.filter((path) => !path.includes("/.agent-orchestrator/migrations/"));
    this.#expectWords(inTree, "where the user looks");
  }
}

/** The session of a worktree; of two of one id, one gets a longer name. */
function sessionOf(worktree: string): string {
  return basename(worktree).replace(/__from-.*/, "");
}
