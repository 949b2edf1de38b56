/**
 * The one door to the disk: everything the change engine reads or writes goes through a
 * {@link Disk}, so that tests can put a simulated one behind the engine.
 *
 * This file imports nothing of ours. It therefore also owns the few system calls that Node does
 * not offer (`renameat2`, `syncfs`, `flock`, extended attributes), reached through `bun:ffi`.
 */

import { dlopen, type FFIFunction, type Pointer, read } from "bun:ffi";
import * as fs from "node:fs";
import * as os from "node:os";
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
  writeNew(path: string, content: readonly Uint8Array[], options: WriteOptions): void;
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
function libc<Name extends string>(
  table: Record<Name, FFIFunction>,
): Partial<Record<Name, (...values: unknown[]) => number>> {
  const files = isMac
    ? ["libSystem.B.dylib"]
    : ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];
  const found: Partial<Record<Name, (...values: unknown[]) => number>> = {};
  for (const name of Object.keys(table) as Name[]) {
    for (const file of files) {
      if (found[name] !== undefined) break;
      try {
        found[name] = dlopen(file, { [name]: table[name] }).symbols[name] as never;
      } catch {
        // Not in this library: its caller has a fallback.
      }
    }
  }
  return found;
}

const native = libc({
  renameat2: { args: ["i32", "ptr", "i32", "ptr", "u32"], returns: "i32" },
  renamex_np: { args: ["ptr", "ptr", "u32"], returns: "i32" },
  syncfs: { args: ["i32"], returns: "i32" },
  fcntl: { args: ["i32", "i32"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  // Sizes here stay below 64 KB, so the low half of the returned ssize_t says all.
  llistxattr: { args: ["ptr", "ptr", "u64"], returns: "i32" },
  lgetxattr: { args: ["ptr", "ptr", "ptr", "u64"], returns: "i32" },
  lsetxattr: { args: ["ptr", "ptr", "ptr", "u64", "i32"], returns: "i32" },
  listxattr: { args: ["ptr", "ptr", "u64", "i32"], returns: "i32" },
  getxattr: { args: ["ptr", "ptr", "ptr", "u64", "u32", "i32"], returns: "i32" },
  setxattr: { args: ["ptr", "ptr", "ptr", "u64", "u32", "i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
  __error: { args: [], returns: "ptr" },
});

/** The place of errno belongs to the thread for good, so it is asked for once. */
const errnoPlace = (native.__errno_location ?? native.__error)?.() as Pointer | undefined;

/**
 * The code of the call that just failed. It must be the very next thing after that call: a plain
 * memory read runs no system call, so nothing comes between.
 */
function lastError(): string {
  const errno = errnoPlace === undefined ? 0 : read.i32(errnoPlace, 0);
  return getSystemErrorMap().get(-errno)?.[0] ?? "EIO";
}

function systemError(code: string, call: string, from: string, to?: string): Error {
  const errno = os.constants.errno[code as keyof typeof os.constants.errno];
  const text = getSystemErrorMap().get(-errno)?.[1] ?? "input/output error";
  const paths = to === undefined ? `'${from}'` : `'${from}' -> '${to}'`;
  return Object.assign(new Error(`${code}: ${text}, ${call} ${paths}`), { code, syscall: call });
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? "";
}

const pathBytes = 4096;
const firstPath = Buffer.alloc(pathBytes);
const secondPath = Buffer.alloc(pathBytes);

function cString(buffer: Buffer, path: string): Buffer {
  // Three bytes a UTF-16 unit is the most that UTF-8 needs; only long paths are measured.
  if (path.length * 3 >= pathBytes && Buffer.byteLength(path) >= pathBytes) {
    throw systemError("ENAMETOOLONG", "rename", path);
  }
  if (path.includes("\0")) throw systemError("EINVAL", "rename", path);
  buffer[buffer.write(path)] = 0;
  return buffer;
}

const atCwd = -100;
const unsupported = new Set(["EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

/** A rename with flags; false where this system or file system has none. */
function flaggedRename(kind: "keep" | "swap", from: string, to: string): boolean {
  const a = cString(firstPath, from);
  const b = cString(secondPath, to);
  let failed: boolean;
  if (native.renameat2 !== undefined) {
    failed = native.renameat2(atCwd, a, atCwd, b, kind === "keep" ? 1 : 2) !== 0;
  } else if (native.renamex_np !== undefined) {
    failed = native.renamex_np(a, b, kind === "keep" ? 4 : 2) !== 0;
  } else return false;
  if (!failed) return true;
  const code = lastError();
  if (unsupported.has(code)) return false;
  throw systemError(code, "rename", from, to);
}

/** Without the flag, a hard link refuses an existing name just as atomically; else a check must do. */
function checkedRename(from: string, to: string): void {
  const stat = lstat(from);
  if (stat === null) throw systemError("ENOENT", "rename", from, to);
  if (stat.kind === "file") {
    try {
      fs.linkSync(from, to);
      fs.unlinkSync(from);
      return;
    } catch (error) {
      if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(codeOf(error)))
        throw error;
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
    for (;;) {
      const length = fs.readSync(fd, hashBuffer, 0, hashBuffer.length, null);
      if (length === 0) return hasher.digest("hex");
      hasher.update(hashBuffer.subarray(0, length));
    }
  } finally {
    fs.closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; ) {
    offset += fs.writeSync(fd, bytes, offset, bytes.length - offset);
  }
}

function writeNew(path: string, content: readonly Uint8Array[], options: WriteOptions): void {
  const fd = fs.openSync(path, "wx", options.mode & 0o700);
  try {
    for (const chunk of content) writeAll(fd, chunk);
    if (options.attributesOf !== undefined) copyXattrs(options.attributesOf, path);
    if (options.owner !== undefined) fs.fchownSync(fd, options.owner.uid, options.owner.gid);
    // After the change of owner, which clears the set-id bits.
    fs.fchmodSync(fd, options.mode);
    fs.closeSync(fd);
  } catch (error) {
    quietly(() => fs.closeSync(fd));
    quietly(() => fs.unlinkSync(path));
    throw error;
  }
}

/** For cleaning up behind an error that is already on its way. */
function quietly(step: () => void): void {
  try {
    step();
  } catch {
    // The first error is the one that counts.
  }
}

function openAppend(path: string, length: number): Appender {
  const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o644);
  if (fs.fstatSync(fd).size > length) fs.ftruncateSync(fd, length);
  return {
    append: (text) => writeAll(fd, Buffer.from(text)),
    sync: () => flush(fd, path),
    close: () => fs.closeSync(fd),
  };
}

const fullFsync = 51; // F_FULLFSYNC: macOS' fsync leaves the data in the drive's cache

function flush(fd: number, path: string): void {
  if (isMac && native.fcntl?.(fd, fullFsync) === 0) return;
  try {
    fs.fsyncSync(fd);
  } catch (error) {
    // Some file systems cannot flush a directory; there is nothing better to do for them.
    if (codeOf(error) !== "EINVAL" || lstat(path)?.kind !== "directory") throw error;
  }
}

/** An open file or directory, or the directory of a file that may not be read. */
function openToSync(path: string): { fd: number; isWhole: boolean } | null {
  try {
    return { fd: fs.openSync(path, "r"), isWhole: false };
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    if (code !== "EACCES" && code !== "EPERM") throw error;
    return { fd: fs.openSync(dirname(path), "r"), isWhole: true };
  }
}

function sync(files: readonly string[], dirs: readonly string[]): void {
  const isMany = files.length + dirs.length > fewPaths && native.syncfs !== undefined;
  const flushed = new Set<bigint>();
  // A file is on the file system of its directory.
  for (const path of isMany ? new Set([...dirs, ...files.map(dirname)]) : [...files, ...dirs]) {
    const dev = isMany ? lstat(path)?.dev : undefined;
    if (isMany && (dev === undefined || flushed.has(dev))) continue;
    if (dev !== undefined) flushed.add(dev);
    const opened = openToSync(path);
    if (opened === null) continue;
    try {
      if (!(isMany || opened.isWhole)) flush(opened.fd, path);
      else if (native.syncfs?.(opened.fd) !== 0) throw systemError(lastError(), "syncfs", path);
    } finally {
      fs.closeSync(opened.fd);
    }
  }
}

const lockExclusiveNow = 2 | 4;

function tryLock(path: string): DiskLock | null {
  if (native.flock === undefined) throw systemError("ENOTSUP", "flock", path);
  // Node opens with O_CLOEXEC: a child process that outlives us does not keep the lock.
  const fd = fs.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
  if (native.flock(fd, lockExclusiveNow) !== 0) {
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
    write(text) {
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
  const source = cString(firstPath, from);
  const target = cString(secondPath, to);
  const room = xattrBuffer.length;
  // macOS has no `l` variants; it takes an offset and flags (1: do not follow links) instead.
  const listed =
    llistxattr?.(source, xattrBuffer, room) ?? listxattr?.(source, xattrBuffer, room, 1);
  if (listed === undefined || listed <= 0) return;
  const names = Buffer.from(xattrBuffer.subarray(0, listed));
  for (let start = 0; start < listed; ) {
    const name = Buffer.from(names.subarray(start, names.indexOf(0, start) + 1));
    const size =
      lgetxattr?.(source, name, xattrBuffer, room) ??
      getxattr?.(source, name, xattrBuffer, room, 0, 1) ??
      -1;
    if (size >= 0 && lsetxattr !== undefined) lsetxattr(target, name, xattrBuffer, size, 0);
    else if (size >= 0) setxattr?.(target, name, xattrBuffer, size, 0, 1);
    start += name.length;
  }
}

function copyAttributes(from: string, to: string): void {
  const stat = fs.lstatSync(from);
  const times = [stat.atimeMs / 1000, stat.mtimeMs / 1000] as const;
  const owned = fs.lstatSync(to);
  if (owned.uid !== stat.uid || owned.gid !== stat.gid) fs.lchownSync(to, stat.uid, stat.gid);
  if (stat.isSymbolicLink()) {
    fs.lutimesSync(to, ...times);
    return;
  }
  copyXattrs(from, to);
  fs.chmodSync(to, stat.mode & 0o7777);
  fs.utimesSync(to, ...times);
}

/** The real disk. `flags: false` behaves as on a file system without rename flags. */
export function openDisk(options: { flags: boolean }): Disk {
  return {
    lstat,
    readFile: (path) => fs.readFileSync(path),
    hashFile,
    readDir: (path) => fs.readdirSync(path),
    readLink: (path) => fs.readlinkSync(path),
    realPath: (path) => fs.realpathSync(path),
    makeDir: (path, mode = 0o755) => void fs.mkdirSync(path, { mode }),
    removeDir: (path) => fs.rmdirSync(path),
    writeNew,
    openAppend,
    renameNoReplace(from, to) {
      if (!(options.flags && flaggedRename("keep", from, to))) checkedRename(from, to);
    },
    exchange(a, b) {
      if (!(options.flags && flaggedRename("swap", a, b))) {
        throw systemError("ENOTSUP", "exchange", a, b);
      }
    },
    replace: (from, to) => fs.renameSync(from, to),
    link: (existing, path) => fs.linkSync(existing, path),
    unlink: (path) => fs.unlinkSync(path),
    touch: (path) => fs.utimesSync(path, new Date(), new Date()),
    copyFile(from, to) {
      if (lstat(from)?.kind === "symlink") fs.symlinkSync(fs.readlinkSync(from), to);
      else fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL);
    },
    copyAttributes,
    sync,
    tryLock,
  };
}

export const realDisk: Disk = openDisk({ flags: true });
