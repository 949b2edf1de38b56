/** What lies directly below the base dir, sorted into what each name is for. */

import { parseHashDir } from "../../paths.ts";
import type { Leftover } from "../inventory.ts";
import { linkDetail, specialDetail } from "./entries.ts";
import type { Listing, Reader } from "./reader.ts";

/** The names below the base dir by purpose; each list sorted. */
export interface BaseDir {
  /** Not there, or empty. */
  nothingThere: boolean;
  /** Real directories of AO's own and of this toolkit: `projects`, `migrations`, … */
  knownDirs: Set<string>;
  /** V1 state: `{h12}`, `{h12}-{name}` and `.migrated`. */
  hashDirs: string[];
  /** `{h12}-observability`: records, unless a project has that name. */
  observability: { name: string; hash: string }[];
  knownFiles: string[];
  leftovers: Leftover[];
  /** Paths of locks younger than AO lets them grow. */
  heldLocks: string[];
}

/** Age in milliseconds at which AO takes a lock of the base dir over. */
const staleLockMs = 60_000;

const knownDirs = new Set([
  "projects",
  "migrations",
  "observability",
  "plugins",
  "portfolio",
  ".bun-tmp",
]);
const knownFile =
  /^(config\.ya?ml|running\.json|last-stop\.json|daemon-children\.json|windows-pty-hosts\.json|activity-events\.db(-wal|-shm|-journal)?|recovery\.log|\.DS_Store)$/;

/** Lists the base dir and sorts what is in it. */
export function scanBaseDir(reader: Reader, path: string, now: number): BaseDir {
  const base: BaseDir = {
    nothingThere: false,
    knownDirs: new Set(),
    hashDirs: [],
    observability: [],
    knownFiles: [],
    leftovers: [],
    heldLocks: [],
  };
  const faultsBefore = reader.faults.length;
  const listing = reader.list(path);
  if (listing === null) {
    // A link that leads nowhere lists like a directory that is not there.
    if (reader.faults.length === faultsBefore && reader.stat(path) !== null) {
      reader.fault("symlink", path, "a symbolic link that leads nowhere");
    }
    base.nothingThere = reader.faults.length === faultsBefore;
    return base;
  }
  base.nothingThere = Object.values(listing).every((names) => names.length === 0);
  for (const name of listing.dirs) {
    const parts = parseHashDir(name);
    if (parts === null) {
      if (knownDirs.has(name)) base.knownDirs.add(name);
      else addLeftover(reader, base, path, name, "unknown");
    } else if (parts.observability) {
      base.observability.push({ name, hash: parts.hash });
    } else {
      base.hashDirs.push(name);
    }
  }
  for (const name of listing.files) scanFile(reader, base, path, name, now);
  faultOddEntries(reader, path, listing);
  return base;
}

function scanFile(reader: Reader, base: BaseDir, path: string, name: string, now: number): void {
  if (name === ".migration-in-progress") {
    addLeftover(reader, base, path, name, "migration-marker");
  } else if (name === "config.yaml.pre-migration") {
    addLeftover(reader, base, path, name, "pre-migration-config");
  } else if (name.endsWith(".lock")) {
    const modifiedMs = reader.stat(`${path}/${name}`)?.mtimeMs ?? now;
    if (now - modifiedMs < staleLockMs) base.heldLocks.push(`${path}/${name}`);
    else base.leftovers.push({ path: `${path}/${name}`, kind: "lock", modifiedMs });
  } else if (knownFile.test(name)) {
    base.knownFiles.push(name);
  } else {
    addLeftover(reader, base, path, name, "unknown");
  }
}

function addLeftover(
  reader: Reader,
  base: BaseDir,
  path: string,
  name: string,
  kind: Leftover["kind"],
): void {
  const stats = reader.stat(`${path}/${name}`);
  if (stats === null) return;
  base.leftovers.push({ path: `${path}/${name}`, kind, modifiedMs: stats.mtimeMs });
}

function faultOddEntries(reader: Reader, path: string, listing: Listing): void {
  for (const name of listing.symlinks) {
    // A registry kept elsewhere is read through its link, as AO does.
    const detail =
      name === "config.yaml" ? "a symbolic link; the file it names is read" : linkDetail;
    reader.fault("symlink", `${path}/${name}`, detail);
  }
  for (const name of listing.specials) {
    reader.fault("not-a-file", `${path}/${name}`, specialDetail);
  }
}
