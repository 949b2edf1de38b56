/**
 * Runs a program under strace: to learn which system calls change a tree, and to make one of them
 * fail, or kill the program right before it.
 *
 * Only the main thread counts. The scripts do all their writing there, one call after the other,
 * so "the Nth `renameat2`" means the same call in every run on the same tree.
 */

import { existsSync, readFileSync } from "node:fs";

/** What happens at a call instead of the call: it fails, or the process is killed before it. */
export const faults = ["SIGKILL", "ENOSPC", "EIO", "EACCES"] as const;
export type Fault = (typeof faults)[number];

/** Calls that can change what is on a disk, or make a change durable. */
const mutating = [
  ..."creat write pwrite64 writev pwritev pwritev2 truncate ftruncate fallocate".split(" "),
  ..."copy_file_range sendfile rename renameat renameat2 link linkat symlink symlinkat".split(" "),
  ..."unlink unlinkat mkdir mkdirat rmdir chmod fchmod fchmodat chown fchown lchown".split(" "),
  ..."fchownat utimensat utimes futimesat setxattr lsetxattr fsetxattr fsync fdatasync".split(" "),
  ..."syncfs sync sync_file_range flock".split(" "),
];

/** One call of the main thread. */
export interface Call {
  syscall: string;
  /** Its number among the calls of that name, from 1: what strace's `when=` counts. */
  nth: number;
  /** The line of the log from the name on. */
  text: string;
}

export interface Injection {
  syscall: string;
  nth: number;
  fault: Fault;
}

export interface Traced {
  /** 137 when it was killed. */
  code: number;
  stdout: string;
  stderr: string;
  calls: Call[];
  /** Lines of other threads and of child processes. */
  others: string[];
}

export interface TraceOptions {
  env: Record<string, string>;
  cwd: string;
  /** Where strace writes; overwritten. */
  log: string;
  inject?: Injection;
  /** Milliseconds. @default 60000 */
  timeoutMs?: number;
}

/** @throws Error that says how to install it */
export function findStrace(): string {
  const strace = Bun.which("strace");
  if (strace !== null) return strace;
  throw new Error("the crash sweep needs strace: apt-get install strace (Linux only)");
}

/** Whether a call changes something below a directory. */
export function changes({ text, syscall }: Call, root: string): boolean {
  if (!text.includes(`${root}/`)) return false;
  return syscall !== "openat" || /\bO_(WRONLY|RDWR|CREAT|TRUNC)\b/.test(text);
}

/** The log of a run; without process ids when nothing but the main thread was followed. */
export function parseLog(log: string): Pick<Traced, "calls" | "others"> {
  const calls: Call[] = [];
  const others: string[] = [];
  const counts = new Map<string, number>();
  let main: string | undefined;
  for (const line of log.split("\n")) {
    const [, pid = "", rest = ""] = /^(?:(\d+) +)?(.*)$/.exec(line) ?? [];
    if (rest === "" || rest.startsWith("+++") || rest.startsWith("---")) continue;
    main ??= pid;
    if (pid !== main) {
      others.push(rest);
      continue;
    }
    const name = /^(\w+)\(/.exec(rest)?.[1];
    const last = calls.at(-1);
    if (name !== undefined) {
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      calls.push({ syscall: name, nth, text: rest });
    } else if (last !== undefined && rest.startsWith(`<... ${last.syscall} resumed>`)) {
      last.text += ` ${rest}`;
    }
  }
  return { calls, others };
}

/** The call that met the fault; undefined when the run had none of that number. */
export function injectedCall(calls: readonly Call[], { syscall, nth, fault }: Injection) {
  const call = calls.findLast((each) => each.syscall === syscall && each.nth === nth);
  if (call === undefined) return undefined;
  // strace marks errors; a call that the process did not live to make has no result.
  const marked = fault === "SIGKILL" ? / = \?$/ : new RegExp(` ${fault} .*\\(INJECTED\\)$`);
  return marked.test(call.text) ? call : undefined;
}

/** Runs a program to its end. @throws Error when it does not end in time */
export async function trace(words: readonly string[], options: TraceOptions): Promise<Traced> {
  const { env, cwd, log, inject, timeoutMs = 60_000 } = options;
  const child = Bun.spawn([findStrace(), ...flagsFor(inject), "-o", log, ...words], {
    ...{ env, cwd },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    process.kill(-child.pid, "SIGKILL");
  }, timeoutMs);
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  await child.exited;
  clearTimeout(timer);
  if (expired) throw new Error(`it did not end within ${timeoutMs / 1000} s\n${stdout}${stderr}`);
  const code = child.signalCode === null ? (child.exitCode ?? -1) : 137;
  const text = existsSync(log) ? readFileSync(log, "latin1") : "";
  return { code, stdout, stderr, ...parseLog(text) };
}

function flagsFor(inject: Injection | undefined): string[] {
  const common = ["-y", "-qq", "-s", "0", "-e", "signal=none"];
  const quick = ["-f", "--seccomp-bpf"];
  if (inject === undefined) return [...quick, ...common, "-e", `trace=openat,${mutating.join()}`];
  const { syscall, nth, fault } = inject;
  const what = fault === "SIGKILL" ? "signal=SIGKILL" : `error=${fault}`;
  const flags = [
    ...common,
    ...["-e", `trace=${syscall}`],
    ...["-e", `inject=${syscall}:${what}:when=${nth}`],
  ];
  // The filter of seccomp stops only at calls of that name, which is much faster, but it reaches
  // other threads (which write to each other) and delivers no signals.
  return fault === "SIGKILL" || syscall === "write" ? flags : [...quick, ...flags];
}
