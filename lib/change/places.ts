/**
 * Where the engine keeps its own files: all names inside a migration's directory, and the names
 * beside a target when that is on another device, where nothing can be renamed from or to.
 */

import { basename, dirname, join } from "node:path";

/** Longest file name that the common file systems take, in bytes. */
const nameBytes = 255;

/** Names of migrations that are being written or thrown away begin with it. */
export const draftPrefix = ".new-";

/** A kind of private file of one operation. */
export type PrivateKind =
  | "staged" // new content, waiting for its place
  | "trash" // what was replaced or thrown away
  | "copy"; // a copy across devices that is not complete yet

/** The files of one migration. */
export class Places {
  readonly id: string;
  readonly manifest: string;
  readonly plan: string;
  readonly summary: string;
  readonly journal: string;
  readonly staging: string;
  readonly trash: string;
  /** Migrations that are part of this one's rollback: what came later and follows it. */
  readonly after: string;
  /** One for all migrations of a directory. */
  readonly lock: string;
  /** Content of AO's lock files while we hold them; linked into place. */
  readonly lockToken: string;

  constructor(readonly dir: string) {
    this.id = basename(dir);
    this.manifest = join(dir, "manifest.json");
    this.plan = join(dir, "plan.json");
    this.summary = join(dir, "plan.md");
    this.journal = join(dir, "journal.jsonl");
    this.staging = join(dir, "staging");
    this.trash = join(dir, "trash");
    this.after = join(dir, "after");
    this.lock = join(dirname(dir), ".lock");
    this.lockToken = join(dir, "ao-lock");
  }

  /** Where the migration is written before it appears under its name. */
  draft(): Places {
    return new Places(join(dirname(this.dir), `${draftPrefix}${this.id}`));
  }

  /**
   * A private path for `target`; `tag` tells operations, and the runs of an undo, apart.
   *
   * @param near beside the target instead of in the migration's directory
   * @param name shown in it
   */
  private(
    kind: PrivateKind,
    tag: string,
    target: string,
    near: boolean,
    name: string = basename(target),
  ): string {
    if (near || kind === "copy") {
      const end = `.ao-${this.id}-${tag}.${kind}`;
      return join(dirname(target), shorten(`.${name}`, end));
    }
    if (kind === "staged") return join(this.staging, tag);
    return join(this.trash, shorten(`${tag}-${name}`, ""));
  }
}

/** Whether a name is one of those that the engine puts beside a target; scans skip them. */
export function isPrivateName(name: string): boolean {
  return /^\..*\.ao-[a-z0-9-]+-\d{8}T\d{6}Z-[0-9a-f]+-[a-z0-9.-]+\.(staged|trash|copy)$/i.test(
    name,
  );
}

/** `name` cut, at a character, so that with `end` it fits a file name. */
function shorten(name: string, end: string): string {
  let short = name;
  // An end that is too long by itself cannot be helped: the disk will refuse the name.
  while (short !== "" && Buffer.byteLength(short + end) > nameBytes)
    short = [...short].slice(0, -1).join("");
  return short + end;
}
