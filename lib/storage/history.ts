/** Agents' own history follows a worktree: Claude keeps it by path slug, Codex by `cwd`. */

import { claudeSlugs } from "../agents.ts";
import type { Operation } from "../change/operation.ts";
import type { Inventory } from "./inventory.ts";
import type { WorktreeMove } from "./shape.ts";
import { realOf } from "./spelling.ts";

type Way = Pick<WorktreeMove, "from" | "to">;

/** The chats of a disk. It is asked in the order of the plan: what has moved is in another's way. */
export class History {
  /** Chats that stay where nobody will look for them, and why. */
  readonly warnings: string[] = [];
  readonly #present: Set<string>;
  /** How many worktrees may have chats of that name. */
  readonly #owners = new Map<string, number>();

  constructor(readonly inventory: Inventory) {
    this.#present = new Set(inventory.claudeProjects);
    if (this.#present.size === 0) return;
    for (const { path } of inventory.worktrees) {
      const names = this.#spellings({ from: path, to: path }).map(({ from }) => claudeSlugs(from));
      for (const name of new Set(names.flat())) {
        this.#owners.set(name, (this.#owners.get(name) ?? 0) + 1);
      }
    }
  }

  /** Operations that keep the chat history of a moved worktree reachable from its new place. */
  follow(move: Way): Operation[] {
    return [...this.#followClaude(move), ...this.#followCodex(move)];
  }

  /** Agents name the directory they run in with links resolved; AO names it as it was told. */
  #spellings(move: Way): Way[] {
    const { realPlaces } = this.inventory;
    if (realPlaces === undefined) return [move];
    return [{ from: realOf(move.from, realPlaces), to: realOf(move.to, realPlaces) }, move];
  }

  #followClaude(move: Way): Operation[] {
    const dir = `${this.inventory.places.claudeDir}/projects`;
    return this.#spellings(move).flatMap(({ from, to }) => {
      const [name = ""] = claudeSlugs(to);
      return claudeSlugs(from).flatMap((formerly): Operation[] => {
        if (formerly === name || !this.#present.has(formerly)) return [];
        // Of `a_b` and `a-b` nobody knows whose they are.
        if ((this.#owners.get(formerly) ?? 0) > 1) {
          return this.#leave(move, formerly, "another worktree's path reads the same to Claude");
        }
        if (this.#present.has(name)) return this.#leave(move, formerly, `${name} is there already`);
        this.#present.delete(formerly);
        this.#present.add(name);
        return [{ op: "move", from: `${dir}/${formerly}`, to: `${dir}/${name}` }];
      });
    });
  }

  #leave({ from }: Way, name: string, reason: string): Operation[] {
    this.warnings.push(`Claude's chats of ${from} stay in ${name}: ${reason}`);
    return [];
  }

  #followCodex(move: Way): Operation[] {
    const ways = this.#spellings(move);
    return this.inventory.codexRollouts.flatMap(({ path, cwd }): Operation[] => {
      const way = ways.find(({ from }) => cwd === from || cwd.startsWith(`${from}/`));
      if (way === undefined) return [];
      const after = way.to + cwd.slice(way.from.length);
      const edits = [{ pointer: "/payload/cwd", before: cwd, after }];
      return [{ op: "patchJson", path, line: 1, edits }];
    });
  }
}
