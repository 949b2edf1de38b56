/** What mends session files that AO cannot read: the operations, each for one file. */

import type { Operation } from "../change/operation.ts";
import { keyValueToJson, parseKeyValue } from "../metadata.ts";
import type { Issue } from "../storage/drift.ts";
import type { SessionFile } from "../storage/inventory.ts";
import type { Facts } from "./facts.ts";
import { fileOf } from "./views.ts";

/** Every session file of the disk, by path. */
export function sessionFiles({ inventory }: Facts): Map<string, SessionFile> {
  const files = new Map<string, SessionFile>();
  for (const dir of [...inventory.projects, ...inventory.hashDirs]) {
    const single = dir.orchestrator === undefined ? [] : [dir.orchestrator];
    for (const file of [...dir.sessions, ...dir.archives, ...single]) files.set(file.path, file);
  }
  return files;
}

/** The text becomes the JSON that AO would have read from it; the original goes to the trash. */
export function convert(file: SessionFile): Operation[] {
  const { path, text = "" } = file;
  const content = `${JSON.stringify(keyValueToJson(parseKeyValue(text)), null, 2)}\n`;
  return [
    { op: "trash", path },
    { op: "create", path, content },
  ];
}

/** Whether an issue is about a live session's JSON file, which AO itself would set aside. */
export function isSessionJson(issue: Issue): boolean {
  return /\/sessions\/[^/]+\.json$/.test(fileOf(issue));
}

/** AO's own way: the file steps aside under a name that says when. */
export function setAside(path: string, now: Date): Operation {
  return { op: "move", from: path, to: `${path}.corrupt-${now.getTime()}` };
}
