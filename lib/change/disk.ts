/**
 * The one door to the disk: all that the change engine reads or writes goes through a {@link Disk},
 * so that tests can put a simulated one behind it. This file imports nothing of ours; it also owns
 * the system calls that Node lacks (`renameat2`, `syncfs`, `flock`, …), reached through `bun:ffi`.
 */

import { dlopen, type FFIFunction, type Pointer, read } from "bun:ffi";
import * as fs from "node:fs";
import { dirname } from "node:path";
import { getSystemErrorMap } from "node:util";

/** What `lstat` says, links not followed. Numbers that may exceed 2^53 are bigints. */
export interface FileStat {
  kind: "file" | "directory" | "symlink" | "other";
  /** Permission bits, `0o7777` at most. */
  mode: number;
  uid: number;
  gid: number;
  size: number;
  dev: bigint;
  ino: bigint;
  mtimeNs: bigint;
}

/** An append-only file; its lines become durable with `sync`. */
export interface Appender {
  append(text: string): void;
  sync(): void;
  close(): void;
}

/** A kernel lock, freed by `close` or by the death of the process, whichever comes first. */
export interface DiskLock {
  /** Replaces the content of the lock file. */
  write(text: string): void;
  close(): void;
}

/**
 * Synchronous file operations. Failures throw a system error with its `code`; none of them follows
 * a symlink at the last name of a path, except `realPath`.
 */
export interface Disk {
  /** Null when nothing is there. */
  lstat(path: string): FileStat | null;
  readFile(path: string): Uint8Array;
  /** SHA-256 of a file's content, 64 hex digits; reads files of any size in small parts. */
  hashFile(path: string): string;
  /** Names, unsorted. */
  readDir(path: string): string[];
  readLink(path: string): string;
  realPath(path: string): string;
  makeDir(path: string, mode?: number): void;
  /** Fails unless the directory is empty. */
  removeDir(path: string): void;
  /** Creates a file that must not exist and writes all of it, or leaves nothing behind. */
  writeNew(path: string, content: Iterable<Uint8Array>, options: WriteOptions): void;
  /** Opens for appending, created if need be, cut to `length` bytes first. */
  openAppend(path: string, length: number): Appender;
  /** Moves within one device; `EEXIST` when something is there, `EXDEV` across devices. */
  renameNoReplace(from: string, to: string): void;
  /** Swaps two existing paths atomically; `ENOTSUP` where the file system cannot. */
  exchange(a: string, b: string): void;
  /** Moves and replaces a file: only for file systems that lack `exchange`. */
  replace(from: string, to: string): void;
  link(existing: string, path: string): void;
  unlink(path: string): void;
  /** Sets the modification time to now. */
  touch(path: string): void;
  chmod(path: string, mode: number): void;
  /** Copies one file or symlink to a path that must not exist; attributes are not copied. */
  copyFile(from: string, to: string): void;
  /** Copies owner, mode, modification time and (best effort) extended attributes. */
  copyAttributes(from: string, to: string): void;
  /** Makes contents of files and entries of directories durable; what is gone is skipped. */
  sync(files: readonly string[], dirs: readonly string[]): void;
  /** Null when another process holds it. The file is created if need be. */
  tryLock(path: string): DiskLock | null;
}

export interface WriteOptions {
  mode: number;
  /** Default: whatever the system gives a new file. */
  owner?: { uid: number; gid: number };
  /** A file whose extended attributes are copied, best effort. */
  attributesOf?: string;
}

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = fs.constants;

/** From this many paths on, one flush of the whole file system beats a flush of each. */
const fewPaths = 24;
const isMac = process.platform === "darwin";

/** The functions of libc that are there, each opened alone so that one missing spares the rest. */
function libc<Name extends string>(files: readonly string[], table: Record<Name, FFIFunction>) {
  const found: Partial<Record<Name, (...values: unknown[]) => number>> = {};
  for (const name of Object.keys(table) as Name[]) {
    for (const file of files) {
      try {
        found[name] ??= dlopen(file, { [name]: table[name] }).symbols[name] as never;
      } catch {
        // Not in this library: its caller has a fallback.
      }
    }
  }
  return found;
}

const muslFiles = ["libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];
// Arguments differ by system. Sizes stay below 64 KB: the low half of a returned ssize_t says all.
const onLinux = libc(isMac ? [] : ["libc.so.6", ...muslFiles], {
  renameat2: { args: ["i32", "ptr", "i32", "ptr", "u32"], returns: "i32" },
  syncfs: { args: ["i32"], returns: "i32" },
  llistxattr: { args: ["ptr", "ptr", "u64"], returns: "i32" },
  lgetxattr: { args: ["ptr", "ptr", "ptr", "u64"], returns: "i32" },
  lsetxattr: { args: ["ptr", "ptr", "ptr", "u64", "i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
  flock: { args: ["i32", "i32"], returns: "i32" },
});
const onMac = libc(isMac ? ["libSystem.B.dylib"] : [], {
  renamex_np: { args: ["ptr", "ptr", "u32"], returns: "i32" },
  fcntl: { args: ["i32", "i32"], returns: "i32" },
  listxattr: { args: ["ptr", "ptr", "u64", "i32"], returns: "i32" },
  getxattr: { args: ["ptr", "ptr", "ptr", "u64", "u32", "i32"], returns: "i32" },
  setxattr: { args: ["ptr", "ptr", "ptr", "u64", "u32", "i32"], returns: "i32" },
  __error: { args: [], returns: "ptr" },
  flock: { args: ["i32", "i32"], returns: "i32" },
});
const native = { ...onLinux, ...onMac };

/** The place of errno belongs to the thread for good, so it is asked for once. */
const errnoPlace = (native.__errno_location ?? native.__error)?.() as Pointer | undefined;

/** The code of the call that just failed; a plain read of memory, so that nothing comes between. */
function lastError(): string {
  const errno = errnoPlace === undefined ? 0 : read.i32(errnoPlace, 0);
  return getSystemErrorMap().get(-errno)?.[0] ?? "EIO";
}

const errorTexts = new Map(getSystemErrorMap().values());

function systemError(code: string, call: string, ...paths: string[]): Error {
  const names = paths.map((path) => `'${path}'`).join(" -> ");
  const message = `${code}: ${errorTexts.get(code) ?? "it failed"}, ${call} ${names}`;
  return Object.assign(new Error(message), { code, syscall: call });
}

const codeOf = (error: unknown) => (error as { code?: string }).code ?? "";

const [firstPath, secondPath] = [Buffer.alloc(4096), Buffer.alloc(4096)];

function cString(buffer: Buffer, path: string): Buffer {
  if (Buffer.byteLength(path) >= buffer.length) throw systemError("ENAMETOOLONG", "open", path);
  if (path.includes("\0")) throw systemError("EINVAL", "open", path);
  buffer[buffer.write(path)] = 0;
  return buffer;
}

const unsupported = new Set(["EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

/** A rename with flags (-100 is AT_FDCWD); false where this system or file system has none. */
function flaggedRename(kind: "keep" | "swap", from: string, to: string): boolean {
  const a = cString(firstPath, from);
  const b = cString(secondPath, to);
  const result =
    native.renameat2?.(-100, a, -100, b, kind === "keep" ? 1 : 2) ??
    native.renamex_np?.(a, b, kind === "keep" ? 4 : 2);
  if (result === undefined) return false;
  if (result === 0) return true;
  const code = lastError();
  if (unsupported.has(code)) return false;
  throw systemError(code, "rename", from, to);
}

const noLinks = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** Without the flag, a hard link refuses an existing name just as atomically; else a check must do. */
function checkedRename(from: string, to: string): void {
  if (lstat(from)?.kind === "file") {
    try {
      fs.linkSync(from, to);
      fs.unlinkSync(from);
      return;
    } catch (error) {
      if (!noLinks.has(codeOf(error))) throw error;
    }
  }
  if (lstat(to) !== null) throw systemError("EEXIST", "rename", from, to);
  fs.renameSync(from, to);
}

/** File types by the high bits of a mode. */
const kinds: Record<number, FileStat["kind"]> = { 4: "directory", 8: "file", 10: "symlink" };

function lstat(path: string): FileStat | null {
  let stat: fs.BigIntStats | undefined;
  try {
    stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (codeOf(error) !== "ENOTDIR") throw error;
  }
  if (stat === undefined) return null;
  const kind = kinds[Number(stat.mode) >> 12] ?? "other";
  const mode = Number(stat.mode) & 0o7777;
  const [uid, gid, size] = [Number(stat.uid), Number(stat.gid), Number(stat.size)];
  return { kind, mode, uid, gid, size, dev: stat.dev, ino: stat.ino, mtimeNs: stat.mtimeNs };
}

const hashBuffer = Buffer.alloc(128 * 1024);

function hashFile(path: string): string {
  const hasher = new Bun.CryptoHasher("sha256");
  // A link is not followed, and a named pipe does not keep us waiting.
  const fd = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    for (let length = -1; length !== 0; ) {
      length = fs.readSync(fd, hashBuffer, 0, hashBuffer.length, null);
      hasher.update(hashBuffer.subarray(0, length));
    }
    return hasher.digest("hex");
  } finally {
    fs.closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; ) {
    offset += fs.writeSync(fd, bytes, offset, bytes.length - offset);
  }
}

function writeNew(path: string, content: Iterable<Uint8Array>, options: WriteOptions): void {
  const fd = fs.openSync(path, "wx", options.mode & 0o700);
  try {
    for (const chunk of content) writeAll(fd, chunk);
    if (options.attributesOf !== undefined) copyXattrs(options.attributesOf, path);
    if (options.owner !== undefined) fs.fchownSync(fd, options.owner.uid, options.owner.gid);
    // After the change of owner, which clears the set-id bits.
    fs.fchmodSync(fd, options.mode);
  } catch (error) {
    try {
      fs.closeSync(fd);
      fs.unlinkSync(path);
    } catch {
      // The first error is the one that counts.
    }
    throw error;
  }
  fs.closeSync(fd);
}

function openAppend(path: string, length: number): Appender {
  const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o644);
  if (fs.fstatSync(fd).size > length) fs.ftruncateSync(fd, length);
  return {
    append: (text) => writeAll(fd, Buffer.from(text)),
    sync: () => (isMac ? flushDevice(fd, path) : flush(fd, path)),
    close: () => fs.closeSync(fd),
  };
}

function flush(fd: number, path: string): void {
  try {
    fs.fsyncSync(fd);
  } catch (error) {
    // Some file systems cannot flush a directory; there is nothing better to do for them.
    if (codeOf(error) !== "EINVAL" || lstat(path)?.kind !== "directory") throw error;
  }
}

/** Flushes a file system, or on macOS (F_FULLFSYNC) the drive's cache, where fsync leaves data. */
function flushDevice(fd: number, path: string): void {
  if (native.fcntl?.(fd, 51) === 0) return;
  if (native.syncfs === undefined) flush(fd, path);
  else if (native.syncfs(fd) !== 0) throw systemError(lastError(), "syncfs", path);
}

/** Runs `step` on what is at a path, if anything; false when it may not be opened. */
function withOpen(path: string, step: (fd: number) => void): boolean {
  let fd: number;
  try {
    fd = fs.openSync(path, "r");
  } catch (error) {
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM") return false;
    if (code === "ENOENT" || code === "ENOTDIR") return true;
    throw error;
  }
  try {
    step(fd);
  } finally {
    fs.closeSync(fd);
  }
  return true;
}

function sync(files: readonly string[], dirs: readonly string[]): void {
  let isWhole = files.length + dirs.length > fewPaths && native.syncfs !== undefined;
  for (const path of isWhole ? [] : [...files, ...dirs]) {
    if (!withOpen(path, (fd) => flush(fd, path))) isWhole = true;
  }
  if (!(isWhole || isMac)) return;
  const flushed = new Set<bigint>();
  // A file is on the file system of its directory.
  for (const path of new Set([...dirs, ...files.map(dirname)])) {
    const dev = lstat(path)?.dev;
    if (dev === undefined || flushed.has(dev)) continue;
    if (withOpen(path, (fd) => flushDevice(fd, path))) flushed.add(dev);
  }
}

function tryLock(path: string): DiskLock | null {
  if (native.flock === undefined) throw systemError("ENOTSUP", "flock", path);
  // Node opens with O_CLOEXEC: a child process that outlives us does not keep the lock.
  const fd = fs.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
  if (native.flock(fd, 2 | 4 /* LOCK_EX | LOCK_NB */) !== 0) {
    const code = lastError();
    fs.closeSync(fd);
    if (code === "EAGAIN" || code === "EWOULDBLOCK") return null;
    throw systemError(code, "flock", path);
  }
  if (lstat(path)?.ino !== fs.fstatSync(fd, { bigint: true }).ino) {
    // Somebody put another file there between the two calls; the lock on ours is worth nothing.
    fs.closeSync(fd);
    return tryLock(path);
  }
  return {
    write: (text) => {
      fs.ftruncateSync(fd, 0);
      fs.writeSync(fd, text, 0);
    },
    close: () => fs.closeSync(fd),
  };
}

const xattrBuffer = Buffer.alloc(64 * 1024);

/** Copies extended attributes as far as the file system and our rights allow. */
function copyXattrs(from: string, to: string): void {
  const { llistxattr, lgetxattr, lsetxattr, listxattr, getxattr, setxattr } = native;
  const [source, target] = [cString(firstPath, from), cString(secondPath, to)];
  const [value, room] = [xattrBuffer, xattrBuffer.length];
  // macOS has no `l` variants; it takes an offset and flags (1: do not follow links) instead.
  const listed = llistxattr?.(source, value, room) ?? listxattr?.(source, value, room, 1) ?? 0;
  if (listed <= 0) return;
  const names = Buffer.from(value.subarray(0, listed));
  for (let start = 0; start < listed; ) {
    const name = Buffer.from(names.subarray(start, names.indexOf(0, start) + 1));
    start += name.length;
    const size =
      lgetxattr?.(source, name, value, room) ?? getxattr?.(source, name, value, room, 0, 1) ?? -1;
    if (size < 0) continue;
    lsetxattr?.(target, name, value, size, 0) ?? setxattr?.(target, name, value, size, 0, 1);
  }
}

function copyAttributes(from: string, to: string): void {
  const stat = fs.lstatSync(from);
  const times = [stat.atimeMs / 1000, stat.mtimeMs / 1000] as const;
  const owned = fs.lstatSync(to);
  if (owned.uid !== stat.uid || owned.gid !== stat.gid) fs.lchownSync(to, stat.uid, stat.gid);
  if (!stat.isSymbolicLink()) {
    copyXattrs(from, to);
    fs.chmodSync(to, stat.mode & 0o7777);
  }
  fs.lutimesSync(to, ...times);
}

const common = { lstat, hashFile, writeNew, openAppend, copyAttributes, sync, tryLock };

/** The real disk. `flags: false` behaves as on a file system without rename flags. */
export function openDisk({ flags }: { flags: boolean }): Disk {
  return {
    ...common,
    readFile: (path) => fs.readFileSync(path),
    readDir: (path) => fs.readdirSync(path),
    readLink: (path) => fs.readlinkSync(path),
    realPath: (path) => fs.realpathSync(path),
    makeDir: (path, mode = 0o755) => void fs.mkdirSync(path, { mode }),
    removeDir: (path) => fs.rmdirSync(path),
    renameNoReplace(from, to) {
      if (!(flags && flaggedRename("keep", from, to))) checkedRename(from, to);
    },
    exchange(a, b) {
      if (!(flags && flaggedRename("swap", a, b))) throw systemError("ENOTSUP", "rename", a, b);
    },
    replace: (from, to) => fs.renameSync(from, to),
    link: (existing, path) => fs.linkSync(existing, path),
    unlink: (path) => fs.unlinkSync(path),
    chmod: (path, mode) => fs.chmodSync(path, mode),
    touch: (path) => fs.utimesSync(path, new Date(), new Date()),
    copyFile(from, to) {
      if (lstat(from)?.kind === "symlink") fs.symlinkSync(fs.readlinkSync(from), to);
      else fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL);
    },
  };
}

export const realDisk: Disk = openDisk({ flags: true });
