/** The human gate: approving a plan that waits for a person, alone or with an agent, or holding one. */

import { join } from "node:path";
import { ToolkitError } from "../errors.ts";
import { printable, printableLines, shellWord } from "../text.ts";
import { type Agent, AgentError } from "./agent.ts";
import { blocks, checkMigration, codesOf, type Mode } from "./consistency.ts";
import { rolledBackPhases, withRollbacks } from "./executed-file.ts";
import { isUnderWay } from "./execution-file.ts";
import { loadManifest, type Manifest, requireManifest, saveManifest } from "./manifest.ts";
import { reviewPrompt } from "./prompts.ts";
import { type PublishResult, publish } from "./publish.ts";
import { underRunLock } from "./publish-lock.ts";
import { recover } from "./recover.ts";
import { isRefinable } from "./refine.ts";
import { migrationDirOf, type Site, stamp } from "./site.ts";
import { loadState, planningName } from "./state-file.ts";
import {
  changedFiles,
  closeWorkspace,
  fingerprints,
  openWorkspace,
  type Workspace,
} from "./workspace.ts";

export interface ReviewResult {
  slug: string;
  notes: string[];
}

/** A plan as a reviewer sees it before deciding, with what was rolled back open again. */
export interface Reviewable {
  slug: string;
  manifest: Manifest;
  /** Text of plan.md. */
  plan: string;
}

/**
 * The plan that waits for a review.
 *
 * @throws ToolkitError `refused` when it does not, with what can be done instead
 */
export async function reviewable(site: Site, slug: string): Promise<Reviewable> {
  const dir = migrationDirOf(site, slug);
  const live = loadManifest(site.disk, dir);
  if (live === null) {
    throw new ToolkitError("usage", `Cannot review "${slug}": it has no manifest`);
  }
  const manifest = withRollbacks(live, await rolledBackPhases(site, slug, live));
  // Whoever cannot read all of a plan has no business changing it.
  loadState({ disk: site.disk, slug, dir });
  if (!manifest.awaitingHumanReview) {
    const limits = "refine changes only plans of which no phase has run";
    const hint = isRefinable(site, slug) ? `refine ${shellWord(slug)} changes it` : limits;
    throw new ToolkitError("usage", `Cannot review "${slug}": it does not await a review`, {
      hint: `list --awaiting-review shows those that do; ${hint}`,
    });
  }
  const file = join(dir, "plan.md");
  const isThere = site.disk.lstat(file)?.kind === "file";
  const plan = isThere ? new TextDecoder().decode(site.disk.readFile(file)) : "";
  return { slug, manifest, plan };
}

/**
 * Holds a plan back with a reason, or has it approved by an agent's user or by whoever is asked.
 *
 * @param options.ask shows the text and asks; false is no
 * @throws ToolkitError as {@link hold}, {@link reviewWith} and {@link approve}; `cancelled` when
 * the answer is no
 */
export async function review(
  site: Site,
  slug: string,
  options: {
    hold: string | undefined;
    agent: Agent | null;
    ask(text: string): Promise<boolean>;
    signal?: AbortSignal;
  },
): Promise<ReviewResult> {
  if (options.hold !== undefined) return hold(site, slug, options.hold);
  if (options.agent !== null) return reviewWith(site, slug, options.agent, options.signal);
  const { manifest, plan } = await reviewable(site, slug);
  const why = printable(manifest.humanReviewReason ?? "no reason was given");
  if (!(await options.ask(`${printableLines(plan.trimEnd(), "")}\n\nWhy you are asked: ${why}`))) {
    throw new ToolkitError("cancelled", "Cancelled: it still awaits its review");
  }
  return approve(site, slug);
}

/**
 * Reviews with an agent, which works in a copy and clears the flag when its user approves.
 *
 * @throws ToolkitError as {@link reviewable}; AgentError with the agent's exit code; `refused` for
 * a copy that is not consistent or still waits; PublishError
 */
export function reviewWith(
  site: Site,
  slug: string,
  agent: Agent,
  signal?: AbortSignal,
): Promise<ReviewResult> {
  return underRunLock(site, slug, "review", async () => {
    const notes = recover(site);
    const { manifest, plan } = await reviewable(site, slug);
    const workspace = openWorkspace(site, slug);
    saveManifest(site.disk, workspace.dir, manifest);
    const live = migrationDirOf(site, slug);
    const { disk, root } = site;
    const { taste = null } = agent;
    const logDir = join(workspace.logDir, "attempt-001", "review");
    const before = fingerprints(disk, workspace.dir);
    await agent.ask({
      role: "migration.review",
      slug,
      prompt: reviewPrompt({ ...{ manifest, plan, root, live, taste }, workspace: workspace.dir }),
      cwd: workspace.dir,
      logDir,
      effort: "high",
      facts: { manifest },
      ...(signal === undefined ? {} : { signal }),
    });
    const stray = changedFiles(before, fingerprints(disk, workspace.dir)).find((path) =>
      path.startsWith(`${planningName}/`),
    );
    if (stray !== undefined) {
      throw new AgentError("agent-infra-failure", "review", `the agent changed ${stray}`, logDir);
    }
    return finish(site, workspace, notes);
  });
}

/** Approves by a person's own word. */
export function approve(site: Site, slug: string): Promise<ReviewResult> {
  return underRunLock(site, slug, "review", async () => {
    const notes = recover(site);
    const { manifest } = await reviewable(site, slug);
    const workspace = openWorkspace(site, slug);
    const approved = { awaitingHumanReview: false, humanReviewReason: null };
    saveManifest(site.disk, workspace.dir, {
      ...manifest,
      ...approved,
      lastTouch: stamp(site.now()),
    });
    return finish(site, workspace, notes);
  });
}

/**
 * Holds a migration back until it is reviewed: neither steps nor phases of it run meanwhile.
 *
 * @throws ToolkitError `refused` for one that has come to its end
 */
export function hold(site: Site, slug: string, reason: string): Promise<ReviewResult> {
  return underRunLock(site, slug, "hold", async () => {
    const notes = recover(site);
    const dir = migrationDirOf(site, slug);
    const live = requireManifest(site.disk, dir);
    loadState({ disk: site.disk, slug, dir });
    const manifest = withRollbacks(live, await rolledBackPhases(site, slug, live));
    if (manifest.status === "done" || manifest.status === "skipped") {
      throw new ToolkitError("refused", `Cannot hold "${slug}": it is ${manifest.status}`);
    }
    if (reason.trim() === "") {
      throw new ToolkitError("usage", `Cannot hold "${slug}": the reason is blank`);
    }
    if (await isUnderWay(site, slug)) {
      throw new ToolkitError("refused", `Cannot hold "${slug}": a phase of it is under way`);
    }
    const workspace = openWorkspace(site, slug);
    const held = { awaitingHumanReview: true, humanReviewReason: reason };
    saveManifest(site.disk, workspace.dir, { ...manifest, ...held, lastTouch: stamp(site.now()) });
    return publishReview(site, workspace, "migration.hold", notes);
  });
}

/** Demands an approval that is complete, and publishes it. */
function finish(site: Site, workspace: Workspace, notes: string[]): ReviewResult {
  const { slug, dir } = workspace;
  const refuse = (detail: string): never => {
    throw new ToolkitError("refused", `Cannot approve "${slug}": ${detail}`);
  };
  const findings = checkMigration({ disk: site.disk, dir, slug, mode: modeOf(site, dir) });
  if (blocks(findings)) refuse(`the reviewed copy is not consistent: ${codesOf(findings)}`);
  const manifest = requireManifest(site.disk, dir);
  if (manifest.awaitingHumanReview) refuse("awaiting_human_review is still true");
  if (manifest.humanReviewReason !== null) refuse("human_review_reason is still there");
  return publishReview(site, workspace, "migration.review", notes);
}

function publishReview(
  site: Site,
  workspace: Workspace,
  operation: string,
  notes: string[],
): ReviewResult {
  const { slug, dir, baseDigest } = workspace;
  const mode = modeOf(site, dir);
  const result: PublishResult = publish(site, {
    slug,
    workspace: dir,
    baseDigest,
    mode,
    operation,
  });
  closeWorkspace(site, workspace);
  if (result.cleanupError !== undefined) notes.push(`cleaning up failed: ${result.cleanupError}`);
  return { slug, notes: [...notes, ...result.recovered] };
}

/** A plan in progress that was held is still one when it is let go. */
function modeOf(site: Site, dir: string): Mode {
  const manifest = loadManifest(site.disk, dir);
  return manifest?.status === "planning" ? "planning-snapshot" : "ready-publish";
}
