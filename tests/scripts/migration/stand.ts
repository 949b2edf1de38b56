/** A home with an empty root and the `migration` script run in it, and scripts that play agents. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { realDisk } from "../../../lib/change/disk.ts";
import type { Site } from "../../../lib/planning/site.ts";
import {
  type PlanSpec,
  type Told,
  testNow,
  toApproval,
  writePlan,
  writeText,
} from "../../lib/planning/site.ts";
import { makeSandbox, runScript } from "../../process.ts";

export const needsHuman: Told = [
  ...toApproval.slice(0, 4),
  ["final-review", "approve-needs-human"],
];
export const waiting = { awaitingHumanReview: true, humanReviewReason: "It moves 3 sessions." };

/** A home with an empty root, and the script run in it. */
export function stand() {
  const sandbox = makeSandbox();
  const root = join(sandbox.home, "root");
  mkdirSync(root);
  const site: Site = {
    root,
    stateDir: join(sandbox.home, ".local/state"),
    disk: realDisk,
    env: sandbox.env,
    now: () => testNow,
  };
  const run = (...args: string[]) =>
    runScript("scripts/migration.ts", args, { sandbox, cwd: root, timeoutMs: 20_000 });
  const json = async <S extends v.GenericSchema>(schema: S, ...args: string[]) => {
    const { code, stdout, stderr } = await run(...args, "--json");
    return { code, stderr, document: v.parse(schema, JSON.parse(stdout)) };
  };
  const plan = (slug: string, spec: PlanSpec = {}) => writePlan(site, slug, spec);
  return {
    sandbox,
    root,
    site,
    run,
    json,
    plan,
    [Symbol.dispose]: () => sandbox[Symbol.dispose](),
  };
}

/** A shell script that plays an agent; it reads its prompt first. */
export function agent(home: string, text: string): string {
  const file = join(home, "agent.sh");
  writeText(file, `cat > prompt-was-here.txt; rm prompt-was-here.txt\n${text}\n`);
  return `sh ${file}`;
}

export const wholeAgent = `
case "$MIGRATION_ROLE" in
  planning.approaches) mkdir -p approaches; echo '# A' > approaches/a.md; echo 'one way';;
  planning.pick-best) echo 'a is best';;
  planning.expand) printf '# Plan\\n' > plan.md; printf '%s' "$PHASE" > phase-1-sort.md; echo expanded;;
  planning.revise) printf '# Revised\\n' > plan.md; echo revised;;
  planning.review|planning.review-2) echo 'no findings';;
  planning.final-review) echo 'final-decision: approve-auto - fine';;
  phase.ready-check) echo 'ready: yes';;
  phase.execute) printf '%s\\n' '\`\`\`json' "{\\"operations\\":[{\\"op\\":\\"create\\",\\"path\\":\\"$OUT\\",\\"content\\":\\"x\\"}]}" '\`\`\`';;
esac
`;
