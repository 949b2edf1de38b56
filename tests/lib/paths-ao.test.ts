import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import fc from "fast-check";
import {
  archiveDir,
  configHash,
  expandHome,
  feedbackDir,
  instanceName,
  originFile,
  parseHashDir,
  parseTmuxNameV1,
  sessionIdOf,
  sessionPrefixOf,
  sessionsDir,
  tmuxNameV1,
  worktreesDir,
} from "../../lib/paths.ts";
import * as ao from "../../node_modules/@composio/ao-core/dist/paths.js";
import { makeTemp } from "../temp.ts";

const runs = { numRuns: 1000 };
const root = makeTemp("paths");
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Names that a directory can have, odd ones included. */
const fileName = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.stringMatching(/^[A-Za-z0-9._ -]{1,24}$/),
  )
  .filter((name) => !/[/\0]/.test(name) && name !== "." && name !== "..");

/** Project ids as users make them, weighted towards the marks that the prefix rules look at. */
const projectName = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^[A-Za-z_-]{0,12}$/),
  fc
    .array(fc.constantFrom("a", "B", "-", "_", "--", "9", ".", "İ", "ß", "😀", "web"))
    .map((parts) => parts.join("")),
);

describe("compared with AO's own core", () => {
  test("config hash and instance name are AO's, through links as well", () => {
    let count = 0;
    fc.assert(
      fc.property(fileName, fileName, fc.constantFrom("file", "dir", "none"), (dir, name, link) => {
        count++;
        const real = join(root, String(count), dir);
        mkdirSync(real, { recursive: true });
        let config = join(real, "agent-orchestrator.yaml");
        writeFileSync(config, "");
        if (link === "file") {
          symlinkSync(config, join(root, `link-${count}.yaml`));
          config = join(root, `link-${count}.yaml`);
        } else if (link === "dir") {
          symlinkSync(real, join(root, `link-${count}`));
          config = join(root, `link-${count}`, "agent-orchestrator.yaml");
        }
        expect(configHash(config)).toBe(ao.generateConfigHash(config));
        const project = join("/repos", name);
        expect(instanceName(config, project)).toBe(ao.generateInstanceId(config, project));
      }),
      runs,
    );
  });

  test("the paths of a V1 state directory are AO's", () => {
    const config = join(root, "agent-orchestrator.yaml");
    writeFileSync(config, "");
    fc.assert(
      fc.property(fileName, (name) => {
        const project = join("/repos", name);
        const state = join(homedir(), ".agent-orchestrator", instanceName(config, project));
        expect(state).toBe(ao.getProjectBaseDir(config, project));
        expect(sessionsDir(state)).toBe(ao.getSessionsDir(config, project));
        expect(archiveDir(state)).toBe(ao.getArchiveDir(config, project));
        expect(worktreesDir(state)).toBe(ao.getWorktreesDir(config, project));
        expect(feedbackDir(state)).toBe(ao.getFeedbackReportsDir(config, project));
        expect(originFile(state)).toBe(ao.getOriginFilePath(config, project));
        const parts = parseHashDir(basename(ao.getObservabilityBaseDir(config)));
        expect(parts).toMatchObject({ hash: configHash(config), observability: true });
      }),
      runs,
    );
  });

  test("session prefixes are AO's", () => {
    fc.assert(
      fc.property(projectName, (name) => {
        expect(sessionPrefixOf(name)).toBe(ao.generateSessionPrefix(name));
      }),
      { numRuns: 3000 },
    );
  });

  test("session and tmux names are AO's", () => {
    const config = join(root, "names.yaml");
    writeFileSync(config, "");
    const hash = configHash(config);
    fc.assert(
      fc.property(projectName, fc.nat(), (prefix, number) => {
        expect(sessionIdOf(prefix, number)).toBe(ao.generateSessionName(prefix, number));
        expect(tmuxNameV1(hash, prefix, number)).toBe(ao.generateTmuxName(config, prefix, number));
      }),
      runs,
    );
  });

  test("tmux names are taken apart as AO does", () => {
    const hash = fc.stringMatching(/^[0-9a-f]{11,13}$/);
    const name = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .tuple(hash, projectName, fc.oneof(fc.nat().map(String), fc.stringMatching(/^\d{0,30}$/)))
        .map((parts) => parts.join("-")),
    );
    fc.assert(
      fc.property(name, (text) => {
        const theirs = ao.parseTmuxName(text);
        const ours = parseTmuxNameV1(text);
        expect(ours && { hash: ours.hash, prefix: ours.prefix, num: ours.number }).toEqual(theirs);
      }),
      { numRuns: 3000 },
    );
  });

  test("a path with ~ is expanded as AO does", () => {
    const path = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `~/${rest}`),
      fc.constantFrom("~", "~user/x", "~//a", "~/../x", "/~/x", "a/~/b"),
    );
    fc.assert(
      fc.property(path, (text) => {
        expect(expandHome(text, homedir())).toBe(ao.expandHome(text));
      }),
      runs,
    );
  });
});
