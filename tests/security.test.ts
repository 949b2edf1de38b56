/** What SECURITY.md promises of the network, seen by strace. */

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../lib/process.ts";
import { disks } from "./disk.ts";
import { root } from "./process.ts";

const calls = [
  ["migrate"],
  ["migrate", "--rehearse"],
  ["migrate", "--execute", "--yes"],
  ["rollback", "--yes"],
  ["doctor"],
  ["repair", "stranded-dirs", "--yes"],
  ["sessions", "list"],
  ["sessions", "info"],
  ["migration", "list"],
  ["migrate-sessions", "--dry-run"],
];

const strace = findProgram("strace", process.env);

// Where there is no strace there is nothing to see; tests/tools.test.ts knows where it has to be.
test.if(strace !== null)(
  "no script opens a connection to anywhere",
  () => {
    const make = disks.everyLayout;
    if (make === undefined) throw new Error("no disk");
    using tidy = new DisposableStack();
    const disk = tidy.adopt(make(), (made) => made.cleanup());
    const log = join(disk.root, "calls.txt");
    const trace = [
      strace ?? "",
      "-f",
      "--seccomp-bpf",
      "-qq",
      "-e",
      "trace=connect,sendto,bind",
      "-o",
      log,
    ];
    for (const words of calls) {
      const program = [process.execPath, "--no-env-file", join(root, "scripts/aokit.ts"), ...words];
      const { exitCode } = Bun.spawnSync([...trace, ...program], {
        ...{ cwd: disk.root, env: disk.env, stdout: "ignore", stderr: "ignore", timeout: 30_000 },
      });
      const found = readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line.includes("AF_INET"));
      expect({ words, found, ended: [0, 1].includes(exitCode) }).toEqual({
        ...{ words, found: [], ended: true },
      });
    }
  },
  60_000,
);
