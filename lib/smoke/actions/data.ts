/** Looks at what AO wrote: rows of its database, files, lines of its log. */
import { Database } from "bun:sqlite";
import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeError, errorCode } from "../../errors.ts";
import { readFrom } from "../log.ts";
import type { ActionType } from "./action.ts";

export const sql: ActionType<"sql"> = {
  title: ({ sql: query }) =>
    `sqlite3 "$AO_DATA_DIR/ao.db" '${query.trim().replaceAll(/\s+/g, " ")}'`,
  async observe({ sql: query }, { world }) {
    try {
      const database = new Database(join(world.sandbox.data, "ao.db"), {
        readonly: true,
        strict: true,
      });
      try {
        return { rows: database.query(query).all() };
      } finally {
        database.close();
      }
    } catch (error) {
      return { failure: describeError(error) };
    }
  },
};

/** Files beyond this are read up to it only. */
const fileLimit = 1_000_000;

export const file: ActionType<"file"> = {
  title: ({ file: path }) => `cat ${path}`,
  async observe({ file: path }) {
    try {
      const stat = lstatSync(path);
      const kind = stat.isDirectory() ? "directory" : stat.isFile() ? "file" : "other";
      const facts = { exists: true, kind, mode: (stat.mode & 0o777).toString(8).padStart(4, "0") };
      if (kind !== "file") return facts;
      const text = readFileSync(path, "utf8").slice(0, fileLimit);
      return { ...facts, size: stat.size, text, ...jsonOf(text) };
    } catch (error) {
      if (errorCode(error) === "ENOENT") return { exists: false };
      return { failure: describeError(error) };
    }
  },
};

export const write: ActionType<"write"> = {
  title: ({ write: path }) => `write ${path}`,
  async observe({ write: path, text }, { world }) {
    if (!path.startsWith(`${world.sandbox.root}/`)) return { failure: "is outside the sandbox" };
    writeFileSync(path, text);
    return { written: true };
  },
};

export const log: ActionType<"log"> = {
  title: ({ log: pattern }) => `grep -E '${pattern}' "$LOG"`,
  async observe({ log: pattern, since }, { world, logStart }) {
    const text = readFrom(world.sandbox.log, since === "start" ? 0 : logStart);
    const wanted = new RegExp(pattern, "m");
    const lines = text.split("\n").filter((line) => wanted.test(line));
    return { count: lines.length, lines: lines.slice(-50), last: lines.at(-1) ?? null };
  },
};

function jsonOf(text: string): { json?: unknown } {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return {};
  }
}
