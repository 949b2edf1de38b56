/** The doctor of staged plans: every finding of one migration, or of all and what surrounds them. */

import { join } from "node:path";
import { checkMigration, type Finding } from "./consistency.ts";
import { describeOwner, isLockHeld, lockPathOf, readOwner } from "./publish-lock.ts";
import { isUnsettled } from "./recover.ts";
import {
  migrationDirOf,
  type Site,
  transactionsDirOf,
  transactionsName,
  visibleSlugs,
} from "./site.ts";
import { leftovers } from "./transactions.ts";

export interface SlugFinding extends Finding {
  slug: string;
}

/** Findings of one migration. Reads only. */
export function examine(site: Site, slug: string): SlugFinding[] {
  const dir = migrationDirOf(site, slug);
  const found = checkMigration({ disk: site.disk, dir, slug, mode: "doctor" });
  return found.map((finding) => ({ slug, ...finding }));
}

/** Findings of every migration, and of what publishing has left. Reads only. */
export function examineAll(site: Site): SlugFinding[] {
  return [
    ...visibleSlugs(site).flatMap((slug) => examine(site, slug)),
    ...examineTransactions(site),
  ];
}

function examineTransactions(site: Site): SlugFinding[] {
  const { disk } = site;
  const root = transactionsDirOf(site);
  const finding = (code: Finding["code"], path: string, message: string): SlugFinding => {
    return { slug: transactionsName, severity: "error", mode: "doctor", code, path, message };
  };
  const stat = disk.lstat(root);
  if (stat === null) return [];
  if (stat.kind !== "directory") {
    return [finding("transaction-root-invalid", root, `it is a ${stat.kind}, not a directory`)];
  }
  const found: SlugFinding[] = [];
  const lock = lockPathOf(site);
  const lockStat = disk.lstat(lock);
  if (lockStat !== null) {
    const since = new Date(Number(lockStat.mtimeNs / 1_000_000n)).toISOString();
    const state = isLockHeld(site, lock) ? "held" : "left behind";
    const message = `${state} since ${since}: ${describeOwner(lock, readOwner(site, lock))}`;
    found.push(finding("publish-lock-present", lock, message));
  }
  for (const leftover of leftovers(site)) {
    const { record, dir } = leftover;
    const what =
      record === null
        ? "nothing says whose it is"
        : `${record.operation} of "${record.slug}", ${record.state}, ${record.createdAt}`;
    const next = isUnsettled(leftover) ? "the next command settles it" : "kept for a look";
    found.push(finding("transaction-leftover", join(dir), `${what}; ${next}`));
  }
  return found;
}
