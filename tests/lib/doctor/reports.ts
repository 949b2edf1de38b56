/** Reports of the doctor made up for tests of what is made of them. */

import type { DoctorDocument } from "../../../lib/doctor/document.ts";

type Checked = DoctorDocument["checks"][number];

/** A check that found these messages, each at `/w/config.yaml:3`. */
export function checked(
  id: string,
  status: Checked["status"],
  messages: readonly string[] = [],
): Checked {
  const level = status === "fail" || status === "info" ? status : "warn";
  return {
    ...{ id, section: "storage", title: `title of ${id}`, status, summary: "so it is" },
    findings: messages.map((message) => ({
      ...{ level, message, ref: "/w/config.yaml:3", remedy: "mend it" },
    })),
    milliseconds: 1,
  };
}

export function report(...checks: Checked[]): DoctorDocument {
  const totals = { pass: 0, info: 0, warn: 0, fail: 0, skip: 0, crash: 0 };
  for (const { status } of checks) totals[status] += 1;
  return {
    ...{ schemaVersion: 1, toolkitVersion: "1.0.0", checkedAt: "2026-11-21T10:00:00.000Z" },
    ...{ home: "/h", baseDir: "/h/ao", healthy: totals.fail + totals.crash === 0, totals, checks },
  };
}
