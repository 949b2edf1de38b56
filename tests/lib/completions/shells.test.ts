import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Sandbox } from "../../process.ts";
import { makeCompletionHome, offered, type Shell, shells } from "./shells.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await makeCompletionHome();
});
afterAll(() => sandbox[Symbol.dispose]());

const migrations = ["v3-20260101-000000", "v3-20260202-000000"];

/** A command line and all that may come at its end. */
const cases: readonly (readonly [what: string, line: string, offers: readonly string[]])[] = [
  ["commands", "aokit mig", ["migrate", "migrate-sessions", "migration"]],
  ["commands inside one", "aokit migration re", ["refine", "review"]],
  ["flags", "aokit --no-color migrate --re", ["--rehearse", "--resume"]],
  ["a program that is one command", "ao-rollback --dry", ["--dry-run"]],
  ["values of a list", "aokit migrate --only re", ["reconcile-counter", "rekey-v1-entries"]],
  ["values behind =", "ao-migrate --only=write", ["write-identity-json"]],
  ["checks", "aokit doctor explain AO-MG-", ["AO-MG-001", "AO-MG-002", "AO-MG-003", "AO-MG-004"]],
  ["fixes, again and again", "aokit doctor --fix locks worktree-l", ["worktree-links"]],
  ["migration ids", "aokit rollback ", migrations],
  ["ids of another base", "ao-rollback --base-dir other/base ", ["v9-other"]],
  ["ids of another base behind =", "ao-rollback --base-dir=other/base ", ["v9-other"]],
  ["session ids of every layout", "ao-sessions info ", ["shop-7", "web-1", "web-2"]],
  ["projects", "aokit sessions spawn we", ["web_0123456789"]],
  ["staged plans", "aokit migration show --root work ", ["2026-plan"]],
  ["directories", "aokit migrate --home wo", ["work"]],
  ["files", "aokit migrate --plan completions.b", ["completions.bash"]],
  ["words that are all there are", "aokit completions ", ["bash", "fish", "zsh"]],
  ["nothing after a word too many", "aokit rollback one ", []],
  ["no flags after --", "aokit rollback -- --dry", []],
];

/** zsh starts a terminal for each, which takes most of a second; these show every way it has. */
const zshCases = new Set([
  "commands inside one",
  "values behind =",
  "session ids of every layout",
  "files",
]);

/** Offers that begin with what was typed: fish also offers what merely contains it. */
function matching(shell: Shell, line: string, offers: string[]): string[] {
  const typed = line.split(" ").at(-1) ?? "";
  const word = typed.replace(/^.*=/, "");
  const plain = shell === "fish" ? offers.map((offer) => offer.replace(/^--.*=/, "")) : offers;
  return plain.filter((offer) => offer.startsWith(word)).sort();
}

for (const shell of shells) {
  describe(shell, () => {
    for (const [what, line, offers] of cases) {
      if (shell === "zsh" && !zshCases.has(what)) continue;
      test(`offers ${what}`, () => {
        const found = matching(shell, line, offered(shell, line, sandbox));
        const wanted = what === "values of a list" ? found.filter((x) => /^re[ck]/.test(x)) : found;
        expect(wanted).toEqual([...offers]);
      });
    }
  });
}

test("names on the disk are never evaluated", () => {
  const found = [...new Bun.Glob("**/pwned").scanSync({ cwd: sandbox.home, dot: true })];
  expect(found).toEqual([]);
});
