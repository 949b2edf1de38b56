import type { Check, Finding } from "../check.ts";
import { configPlaces } from "../config-files.ts";

export const configInForce: Check = {
  id: "AO-CF-008",
  section: "config",
  title: "registry in force",
  cost: "files",
  explain: {
    what: "The registry that AO takes, what decides that, and others that it therefore ignores.",
    why: "A project that was added to an ignored file is missing without a word.",
    found: "AO's order: AO_GLOBAL_CONFIG, then XDG_CONFIG_HOME, then the base directory.",
    mended:
      "Unset the variable (or leave --config out), or move what the ignored file says to the one in force.",
    source: "AO's config loader.",
  },
  run(facts) {
    const candidates = configPlaces(facts);
    const winner = candidates.find(({ wins }) => wins);
    const summary = `${winner?.path} (${winner?.source})`;
    const ignored = candidates.filter(({ wins, exists }) => !wins && exists);
    const findings = ignored.map(
      ({ path }): Finding => ({
        level: winner?.exists ? "info" : "warn",
        message: winner?.exists
          ? `${path} is ignored: ${winner.source} decides for ${winner.path}`
          : `${winner?.source} decides for ${winner?.path}, which is not there; ${path} is ignored`,
        ref: path,
      }),
    );
    const hasState = facts.inventory.projects.length > 0;
    if (winner?.exists === false && hasState && ignored.length === 0) {
      const message = `${winner.path} is not there, but ${facts.places.baseDir} has projects`;
      findings.push({ level: "warn", message, ref: winner.path });
    }
    return { summary, findings };
  },
};
