/** Every check, in the order of the report. */

import type { Check } from "./check.ts";
import { registryReadable } from "./checks/cf-001-registry-readable.ts";
import { registryEntries } from "./checks/cf-002-registry-entries.ts";
import { projectPaths } from "./checks/cf-003-project-paths.ts";
import { prefixes } from "./checks/cf-004-prefixes.ts";
import { localConfig } from "./checks/cf-005-local-config.ts";
import { storageKey } from "./checks/cf-006-storage-key.ts";
import { sameRepository } from "./checks/cf-007-same-repository.ts";
import { configInForce } from "./checks/cf-008-config-in-force.ts";
import { interrupted } from "./checks/mg-001-interrupted.ts";
import { partlyRolledBack } from "./checks/mg-002-partly-rolled-back.ts";
import { trash } from "./checks/mg-003-trash.ts";
import { marker } from "./checks/mg-004-marker.ts";
import { runFile } from "./checks/rt-001-run-file.ts";
import { locks } from "./checks/rt-002-locks.ts";
import { sessionLocks } from "./checks/rt-003-session-locks.ts";
import { orphanTmux } from "./checks/rt-004-orphan-tmux.ts";
import { tmuxNames } from "./checks/rt-005-tmux-names.ts";
import { dataDir } from "./checks/rw-001-data-dir.ts";
import { writable } from "./checks/rw-002-writable.ts";
import { daemon } from "./checks/rw-003-daemon.ts";
import { probes } from "./checks/rw-004-probes.ts";
import { integrity } from "./checks/rw-005-integrity.ts";
import { schema } from "./checks/rw-006-schema.ts";
import { foreignKeys } from "./checks/rw-007-foreign-keys.ts";
import { storeWorkspaces } from "./checks/rw-008-workspaces.ts";
import { corrupt } from "./checks/se-001-corrupt.ts";
import { empty } from "./checks/se-002-empty.ts";
import { keyValue } from "./checks/se-003-key-value.ts";
import { corruptCopies } from "./checks/se-004-corrupt-copies.ts";
import { ids } from "./checks/se-005-ids.ts";
import { projectFields } from "./checks/se-006-project-fields.ts";
import { duplicateKeys } from "./checks/se-007-duplicate-keys.ts";
import { names } from "./checks/se-008-names.ts";
import { readable } from "./checks/st-001-readable.ts";
import { hashDirs } from "./checks/st-002-hash-dirs.ts";
import { bareNames } from "./checks/st-003-bare-names.ts";
import { strandedDirs } from "./checks/st-004-stranded-dirs.ts";
import { identity } from "./checks/st-005-identity.ts";
import { counter } from "./checks/st-006-counter.ts";
import { observability } from "./checks/st-007-observability.ts";
import { orchestrators } from "./checks/st-008-orchestrators.ts";
import { metadata } from "./checks/st-009-metadata.ts";
import { strandedWorktrees } from "./checks/st-010-stranded-worktrees.ts";
import { owners } from "./checks/st-011-owners.ts";
import { leftAlone } from "./checks/st-012-left-alone.ts";
import { bun } from "./checks/tl-001-bun.ts";
import { git } from "./checks/tl-002-git.ts";
import { tmux } from "./checks/tl-003-tmux.ts";
import { zellij } from "./checks/tl-004-zellij.ts";
import { gh } from "./checks/tl-005-gh.ts";
import { githubToken } from "./checks/tl-006-github-token.ts";
import { claude } from "./checks/tl-007-claude.ts";
import { codex } from "./checks/tl-008-codex.ts";
import { opencode } from "./checks/tl-009-opencode.ts";
import { links } from "./checks/wt-001-links.ts";
import { lostLinks } from "./checks/wt-002-lost-links.ts";
import { adminEntries } from "./checks/wt-003-admin-entries.ts";
import { keptEntries } from "./checks/wt-004-kept-entries.ts";
import { workspaces } from "./checks/wt-005-workspaces.ts";
import { strays } from "./checks/wt-006-strays.ts";
import { unsavedWork } from "./checks/wt-007-unsaved-work.ts";
import { diskUsed } from "./checks/wt-008-disk-used.ts";

export const allChecks: readonly Check[] = [
  bun,
  git,
  tmux,
  zellij,
  gh,
  githubToken,
  claude,
  codex,
  opencode,
  registryReadable,
  registryEntries,
  projectPaths,
  prefixes,
  localConfig,
  storageKey,
  sameRepository,
  configInForce,
  readable,
  hashDirs,
  bareNames,
  strandedDirs,
  identity,
  counter,
  observability,
  orchestrators,
  metadata,
  strandedWorktrees,
  owners,
  leftAlone,
  corrupt,
  empty,
  keyValue,
  corruptCopies,
  ids,
  projectFields,
  duplicateKeys,
  names,
  links,
  lostLinks,
  adminEntries,
  keptEntries,
  workspaces,
  strays,
  unsavedWork,
  diskUsed,
  runFile,
  locks,
  sessionLocks,
  orphanTmux,
  tmuxNames,
  interrupted,
  partlyRolledBack,
  trash,
  marker,
  dataDir,
  writable,
  daemon,
  probes,
  integrity,
  schema,
  foreignKeys,
  storeWorkspaces,
];
