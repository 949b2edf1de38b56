/**
 * What the checks look at. Each fact is found out once, when the first check asks for it, so that
 * sixty checks cost one scan.
 */

import { join } from "node:path";
import { type DamagedMigration, listMigrations, type MigrationSummary } from "../change/history.ts";
import { gitEnv, harmless, linkFilesForMove } from "../git.ts";
import type { ListedRepositories } from "../git-links.ts";
import type { Places } from "../paths.ts";
import type { Env } from "../process.ts";
import { Decisions } from "../storage/decisions.ts";
import { type Drift, findDrift, type Issue, type IssueKind } from "../storage/drift.ts";
import { identify } from "../storage/identity.ts";
import type { Inventory } from "../storage/inventory.ts";
import { type StepId, selectSteps } from "../storage/options.ts";
import { planStorage, type StoragePlan } from "../storage/plan.ts";
import { scan } from "../storage/scan.ts";
import { type Answer, ask } from "./probe.ts";
import { redactor } from "./redact.ts";
import { type RewritePlaces, rewritePlaces } from "./rewrite-places.ts";
import { readStore, type Store } from "./store.ts";

export interface FactsOptions {
  places: Places;
  env: Env;
  now: Date;
  /** A command of this toolkit that can be pasted: `("migrate", "--execute")`. */
  command: (script: string, ...words: string[]) => string;
  /** Milliseconds until a program that is asked something is killed. @default 5000 */
  programLimitMs?: number;
}

/** The facts of one moment; after a change new ones are made. */
export class Facts {
  readonly places: Places;
  readonly env: Env;
  readonly now: Date;
  readonly command: FactsOptions["command"];
  readonly redact: (text: string) => string;
  /** Where the Go rewrite keeps its state. */
  readonly rewrite: RewritePlaces;
  readonly programLimitMs: number;
  readonly #kept = new Map<string, unknown>();
  readonly #listed: ListedRepositories = new Map();

  constructor({ places, env, now, command, programLimitMs = 5000 }: FactsOptions) {
    this.places = places;
    this.env = env;
    this.now = now;
    this.command = command;
    this.redact = redactor(env);
    this.rewrite = rewritePlaces(places, env);
    this.programLimitMs = programLimitMs;
  }

  get inventory(): Inventory {
    const { places, env } = this;
    return this.#once("inventory", () => scan(places, { tmux: true, sizes: false, env }));
  }

  get drift(): Drift {
    const { inventory } = this;
    return this.#once("drift", () => findDrift(inventory, identify(inventory, noDecisions())));
  }

  /** Issues of these kinds, wherever they are. */
  issues(kinds: readonly IssueKind[]): Issue[] {
    const all = this.#once("issues", () => {
      const { byDir, config, disk } = this.drift;
      return Map.groupBy([...[...byDir.values()].flat(), ...config, ...disk], ({ kind }) => kind);
    });
    return kinds.flatMap((kind) => all.get(kind) ?? []);
  }

  /**
   * The plan of one storage step and of what it needs; undecided questions get their default. Projects
   * that stand under a bare name count too, and wherever metadata changes live sessions follow.
   */
  stepPlan(step: StepId): StoragePlan {
    const steps: StepId[] = [step, "rekey-v1-entries", "rename-tmux-sessions"];
    return this.#once(`step ${step}`, () => this.#plan(selectSteps(steps, [])));
  }

  /** The plan of all storage steps. */
  get wholePlan(): StoragePlan {
    return this.#once("plan", () => this.#plan(selectSteps([], [])));
  }

  #plan(steps: ReadonlySet<StepId>): StoragePlan {
    const { now } = this;
    return planStorage(this.inventory, {
      now,
      steps,
      answers: new Map(),
      linkFiles: (move) => linkFilesForMove(move, this.#listed),
    });
  }

  get migrationsDir(): string {
    return join(this.places.baseDir, "migrations");
  }

  get migrations(): Promise<{ migrations: MigrationSummary[]; damaged: DamagedMigration[] }> {
    return this.#once("migrations", () => listMigrations(this.migrationsDir));
  }

  /** The rewrite's database, read once from a private copy or as it stands; null when there is none. */
  get store(): Promise<Store | null> {
    return this.#once("store", () => readStore(this.rewrite.database));
  }

  /** Asks a program; the same question is asked once. */
  ask(program: string, ...args: string[]): Promise<Answer> {
    const { env, programLimitMs: limitMs } = this;
    return this.#once(`ask ${program} ${args.join(" ")}`, () =>
      ask(program, args, { env, limitMs }),
    );
  }

  /** Asks git in a directory, so that it writes nothing there and runs nothing that a config names. */
  askGit(dir: string, words: string[]): Promise<Answer> {
    const { programLimitMs: limitMs } = this;
    return ask("git", harmless(dir, words), { env: gitEnv(this.env), limitMs });
  }

  #once<Value>(key: string, find: () => Value): Value {
    if (!this.#kept.has(key)) {
      try {
        this.#kept.set(key, { value: find() });
      } catch (error) {
        this.#kept.set(key, { error });
      }
    }
    const kept = this.#kept.get(key) as { value: Value } | { error: unknown };
    if ("error" in kept) throw kept.error;
    return kept.value;
  }
}

function noDecisions(): Decisions {
  return new Decisions(new Map());
}
