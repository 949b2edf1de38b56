/** A git repository at a test's root, without anybody's own configuration. */

import type { TestSite } from "./site.ts";

/** Makes the root a work tree and returns a way to call git in it. */
export function makeRepository(site: TestSite): (...args: string[]) => string {
  const identity = ["-c", "user.name=tester", "-c", "user.email=tester@localhost"];
  const git = (...args: string[]) => {
    const result = Bun.spawnSync(["git", ...identity, "-C", site.root, ...args], {
      env: { ...site.env, GIT_CONFIG_NOSYSTEM: "1" },
      stderr: "pipe",
    });
    if (result.exitCode !== 0) throw new Error(result.stderr.toString());
    return result.stdout.toString();
  };
  git("init", "-q", "-b", "main");
  git("config", "user.name", "tester");
  git("config", "user.email", "tester@localhost");
  return git;
}
