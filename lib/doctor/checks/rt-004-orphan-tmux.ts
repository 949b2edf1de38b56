import type { Check } from "../check.ts";
import { quoted } from "../shell.ts";
import { driftReport } from "../views.ts";

const kinds = ["orphan-tmux-session"] as const;

export const orphanTmux: Check = {
  id: "AO-RT-004",
  section: "runtime",
  title: "tmux sessions that no session names",
  cost: "scan",
  kinds,
  explain: {
    what: "Live tmux sessions with a name that AO would give, but which no metadata names.",
    why: "Their agents go on working, and spending, unseen.",
    found: "tmux lists its sessions; names are compared with all metadata, and with Go AO's ao.db.",
    mended: "Attach and look, then end it by hand. What runs in it is not ours to end.",
    source: "Reported by AO's users.",
  },
  async run(facts) {
    const { tmux, faults } = facts.inventory;
    const fault = faults.find(({ place }) => place.file === "tmux");
    if (fault !== undefined) {
      const message = `Nobody knows what runs in tmux: ${fault.detail}`;
      return { summary: "", findings: [{ level: "fail", message, remedy: "tmux list-sessions" }] };
    }
    if (tmux === null) return { skip: "tmux is not installed" };
    const store = await facts.store;
    const ofGo = store?.kind === "read" ? store.handles : new Set<string>();
    return driftReport(facts, kinds, {
      level: "warn",
      healthy: `none of ${tmux.length}`,
      where: ({ ref = "" }) => !ofGo.has(ref),
      remedy: ({ ref = "" }) => `tmux attach -t ${quoted(`=${ref}`)}`,
    });
  },
};
