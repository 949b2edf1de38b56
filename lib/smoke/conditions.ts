/**
 * Decides whether a step or action applies to the build, machine and mode at hand.
 */
import type { Condition, Generation, requirements, Step } from "./schema.ts";

/** What conditions can ask about. */
export interface Circumstances {
  generation: Generation;
  runtime: "zellij" | "tmux";
  os: string;
  root: boolean;
  github: "fake" | "real" | "none";
  agents: "fake" | "real";
  /** Programs that can be found: `git`, the multiplexer, `gh`. */
  has(program: string): boolean;
}

/** Why a condition does not hold; undefined when it does. */
export function unmet(condition: Condition | undefined, at: Circumstances): string | undefined {
  if (condition === undefined) return undefined;
  const { generation, root, ...exact } = condition;
  if (generation && !generation.includes(at.generation)) {
    return `only for AO generation ${generation.join(", ")}; this is ${at.generation}`;
  }
  if (root !== undefined && root !== at.root) return root ? "only as root" : "not as root";
  for (const key of ["runtime", "os", "github", "agents"] as const) {
    const wanted = exact[key];
    if (wanted !== undefined && wanted !== at[key])
      return `only with ${key} ${wanted}; here it is ${at[key]}`;
  }
  return undefined;
}

/** The requirement of a step that is missing here; undefined when none is. */
export function missingRequirement(step: Step, at: Circumstances): string | undefined {
  const missing = step.requires.find((one) => !isMet(one, at));
  return missing && `needs ${describe(missing, at)}`;
}

type Requirement = (typeof requirements)[number];

function isMet(requirement: Requirement, at: Circumstances): boolean {
  if (requirement === "github") return at.github !== "none";
  if (requirement === "agents") return at.agents === "fake" || at.has("claude");
  return at.has(requirement === "multiplexer" ? at.runtime : requirement);
}

function describe(requirement: Requirement, at: Circumstances): string {
  if (requirement === "github")
    return "GitHub (the fake one needs Linux; else --github OWNER/REPO)";
  if (requirement === "multiplexer") return `${at.runtime} on PATH`;
  return requirement === "agents" ? "an agent binary" : `${requirement} on PATH`;
}
