import type { Check, Report } from "../check.ts";
import { pass } from "../check.ts";

const variables = ["AO_GITHUB_TOKEN", "GITHUB_TOKEN"];

export const githubToken: Check = {
  id: "AO-TL-006",
  section: "tools",
  title: "GitHub token",
  cost: "program",
  explain: {
    what: "Whether AO would find a token for GitHub. The token itself is never shown or kept.",
    why: "Without one, pull requests are neither found nor followed; the rewrite's observer stays off until it is restarted.",
    found:
      "AO_GITHUB_TOKEN, then GITHUB_TOKEN (blank counts as unset), then whether `gh auth token` prints anything. GitHub is not asked whether the token is good.",
    mended: "`gh auth login`, or set AO_GITHUB_TOKEN where AO is started.",
    source: "The rewrite's order of credentials.",
  },
  async run(facts) {
    const named = variables.find((name) => facts.env[name]?.trim());
    if (named !== undefined) return pass(`a token in ${named}`);
    const answer = await facts.ask("gh", "auth", "token");
    const none = (message: string): Report => ({
      summary: "no token",
      findings: [{ level: "warn", message, remedy: "gh auth login" }],
    });
    if (answer.state === "missing") return none(`No ${variables.join(" or ")}, and no gh to ask`);
    if (answer.state === "timed-out") {
      return none(`gh does not answer in ${answer.limitMs / 1000} s when asked for its token`);
    }
    if (answer.state === "failed" || answer.exitCode !== 0) {
      return none("No token in the environment, and gh is not logged in");
    }
    return answer.stdout.trim() === "" ? none("gh gives an empty token") : pass("a token of gh");
  },
};
