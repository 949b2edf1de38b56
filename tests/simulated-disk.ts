/**
 * A disk in memory that can lose power.
 *
 * What was not flushed is a list of pending effects: bytes of files, attributes, and atomic sets of
 * directory entries. `afterPowerCut` keeps any of them and drops the others, in an order that only
 * respects what physically builds on each other, and tears the last write to a file. That is harsher
 * than ext4 or APFS, which keep more order than they promise.
 */

import { join } from "node:path";
import type { Appender, Disk, DiskLock, FileStat, WriteOptions } from "../lib/change/disk.ts";
import {
  applyEffect,
  copyInode,
  type Effect,
  type Entry,
  type EntryChange,
  type Inode,
  type Random,
  rootIno,
  survivorsOf,
} from "./change/effects.ts";
import { basename, dirname } from "./change/paths.ts";

export interface SimulationOptions {
  /** Names that differ in case only are the same. */
  caseless?: boolean;
  /** The file system cannot exchange two files. */
  noExchange?: boolean;
}

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, '${path}'`), { code });
}

export class SimulatedDisk implements Disk {
  readonly #inodes = new Map<bigint, Inode>();
  readonly #options: SimulationOptions;
  readonly #locks = new Set<string>();
  /** What the medium holds, and what is on its way there. */
  #durable = new Map<bigint, Inode>();
  #pending: Effect[] = [];
  #nextIno = 2n;
  #clock = 1_000_000_000_000_000_000n;
  /** Flushes so far; the engine is judged by how few it needs. */
  flushes = 0;

  constructor(options: SimulationOptions = {}) {
    this.#options = options;
    this.#inodes.set(rootIno, this.#inode("directory", 0o755, { dev: 1n, mount: 1 }));
    this.#durable.set(rootIno, copyInode(this.#must(rootIno)));
  }

  // ——— Disk ———

  lstat(path: string): FileStat | null {
    const ino = this.#find(path);
    if (ino === undefined) return null;
    const { kind, mode, uid, gid, mtimeNs, data, dev } = this.#must(ino);
    return { kind, mode, uid, gid, size: data.length, dev, ino, mtimeNs };
  }

  readFile(path: string): Uint8Array {
    return Buffer.from(this.#expect(path, "file").data);
  }

  hashFile(path: string): string {
    const { data } = this.#expect(path, "file");
    return new Bun.CryptoHasher("sha256").update(data).digest("hex");
  }

  readDir(path: string): string[] {
    return [...this.#expect(path, "directory").entries.values()].map((entry) => entry.name);
  }

  readLink(path: string): string {
    return this.#expect(path, "symlink").target;
  }

  realPath(path: string): string {
    if (path === "/") return "/";
    const parent = this.realPath(dirname(path));
    const here = join(parent, basename(path));
    const ino = this.#find(here);
    if (ino === undefined) throw failure("ENOENT", path);
    const node = this.#must(ino);
    if (node.kind !== "symlink") return here;
    return this.realPath(node.target.startsWith("/") ? node.target : join(parent, node.target));
  }

  makeDir(path: string, mode = 0o755): void {
    this.#add(path, this.#inode("directory", mode, this.#must(this.#parent(path))));
  }

  removeDir(path: string): void {
    const node = this.#expect(path, "directory");
    if (node.entries.size > 0) throw failure("ENOTEMPTY", path);
    this.#change([this.#entryChange(path, undefined)]);
  }

  writeNew(path: string, content: Iterable<Uint8Array>, options: WriteOptions): void {
    const parent = this.#must(this.#parent(path));
    const ino = this.#add(path, this.#inode("file", options.mode & 0o700, parent));
    for (const bytes of content) this.#write(ino, bytes);
    this.#attributes(ino, { mode: options.mode, ...options.owner });
  }

  openAppend(path: string, length: number): Appender {
    const there = this.#find(path);
    const parent = this.#must(this.#parent(path));
    const ino = there ?? this.#add(path, this.#inode("file", 0o644, parent));
    if (this.#must(ino).data.length > length) this.#truncate(ino, length);
    return {
      append: (text) => this.#write(ino, Buffer.from(text)),
      sync: () => this.#flushFile(ino),
      close: () => undefined,
    };
  }

  renameNoReplace(from: string, to: string): void {
    this.#rename(from, to, false);
  }

  replace(from: string, to: string): void {
    this.#rename(from, to, true);
  }

  exchange(a: string, b: string): void {
    if (this.#options.noExchange === true) throw failure("ENOTSUP", a);
    const first = this.#entryChange(a, undefined);
    const second = this.#entryChange(b, undefined);
    if (first.from === undefined || second.from === undefined) throw failure("ENOENT", a);
    this.#sameMount(a, b);
    first.to = { name: first.from.name, ino: second.from.ino };
    second.to = { name: second.from.name, ino: first.from.ino };
    this.#change([first, second]);
  }

  link(existing: string, path: string): void {
    const ino = this.#find(existing);
    if (ino === undefined) throw failure("ENOENT", existing);
    this.#sameMount(existing, path);
    const change = this.#entryChange(path, { name: basename(path), ino });
    if (change.from !== undefined) throw failure("EEXIST", path);
    this.#change([change]);
  }

  unlink(path: string): void {
    const change = this.#entryChange(path, undefined);
    if (change.from === undefined) throw failure("ENOENT", path);
    if (this.#must(change.from.ino).kind === "directory") throw failure("EISDIR", path);
    this.#change([change]);
  }

  touch(path: string): void {
    const ino = this.#find(path);
    if (ino === undefined) throw failure("ENOENT", path);
    this.#attributes(ino, { mtimeNs: BigInt(Date.now()) * 1_000_000n });
  }

  chmod(path: string, mode: number): void {
    this.#attributes(this.#find(path) ?? 0n, { mode });
  }

  copyFile(from: string, to: string): void {
    const node = this.#must(this.#find(from) ?? 0n);
    if (node.kind === "symlink") this.makeSymlink(node.target, to);
    else this.writeNew(to, [node.data], { mode: 0o600 });
  }

  copyAttributes(from: string, to: string): void {
    const { mode, uid, gid, mtimeNs } = this.#must(this.#find(from) ?? 0n);
    this.#attributes(this.#find(to) ?? 0n, { mode, uid, gid, mtimeNs });
  }

  sync(files: readonly string[], dirs: readonly string[]): void {
    this.flushes += 1;
    for (const path of [...files, ...dirs]) {
      const ino = this.#find(path);
      if (ino === undefined) continue;
      if (this.#must(ino).kind === "directory") this.#flushDir(ino);
      else this.#flushFile(ino);
    }
  }

  tryLock(path: string): DiskLock | null {
    if (this.#locks.has(path)) return null;
    if (this.#find(path) === undefined) this.writeNew(path, [], { mode: 0o644 });
    this.#locks.add(path);
    const ino = this.#find(path) ?? 0n;
    return {
      write: (text) => {
        this.#truncate(ino, 0);
        this.#write(ino, Buffer.from(text));
      },
      close: () => this.#locks.delete(path),
    };
  }

  // ——— For tests ———

  makeSymlink(target: string, path: string): void {
    const node = this.#inode("symlink", 0o777, this.#must(this.#parent(path)));
    this.#add(path, { ...node, target });
  }

  /** Replaces a file's content in place, as a careless program would. */
  overwrite(path: string, content: string): void {
    const ino = this.#find(path) ?? 0n;
    this.#truncate(ino, 0);
    this.#write(ino, Buffer.from(content));
  }

  /** Makes a directory another file system, or (`bind`) another mount of the same one. */
  mount(path: string, kind: "device" | "bind"): void {
    const mount = this.#inodes.size + 1;
    const visit = (node: Inode): void => {
      node.mount = mount;
      if (kind === "device") node.dev = BigInt(mount);
      for (const entry of node.entries.values()) visit(this.#must(entry.ino));
    };
    visit(this.#expect(path, "directory"));
  }

  /** Everything becomes durable. */
  flushAll(): void {
    for (const effect of this.#pending) this.#persist(effect);
    this.#pending = [];
  }

  /** The disk as a new process finds it after this one was killed: nothing is lost. */
  afterKill(): SimulatedDisk {
    this.#locks.clear();
    return this;
  }

  /** A disk as it may be after a power cut now; by default on the harshest of file systems. */
  afterPowerCut(random: Random, survivors = survivorsOf): SimulatedDisk {
    const disk = new SimulatedDisk(this.#options);
    disk.#nextIno = this.#nextIno + 1000n;
    disk.#clock = this.#clock + 1_000_000_000n;
    for (const [ino, node] of survivors(this.#durable, this.#pending, random)) {
      disk.#inodes.set(ino, node);
      disk.#durable.set(ino, copyInode(node));
    }
    return disk;
  }

  // ——— Paths ———

  #key(name: string): string {
    return this.#options.caseless === true ? name.toLowerCase() : name;
  }

  #must(ino: bigint): Inode {
    const node = this.#inodes.get(ino);
    if (node === undefined) throw failure("ENOENT", `inode ${ino}`);
    return node;
  }

  /** The inode of a path; links are followed on the way, not at its end. */
  #find(path: string, hops = 0): bigint | undefined {
    if (path === "/") return rootIno;
    if (hops > 40) throw failure("ELOOP", path);
    let dir = this.#find(dirname(path), hops + 1);
    if (dir !== undefined && this.#must(dir).kind === "symlink") {
      try {
        dir = this.#find(this.realPath(dirname(path)), hops + 1);
      } catch {
        dir = undefined;
      }
    }
    if (dir === undefined) return undefined;
    return this.#must(dir).entries.get(this.#key(basename(path)))?.ino;
  }

  #expect(path: string, kind: FileStat["kind"]): Inode {
    const ino = this.#find(path);
    if (ino === undefined) throw failure("ENOENT", path);
    const node = this.#must(ino);
    if (node.kind === kind) return node;
    throw failure(kind === "directory" ? "ENOTDIR" : "EISDIR", path);
  }

  #parent(path: string): bigint {
    const dir = this.#find(dirname(path));
    if (dir === undefined) throw failure("ENOENT", path);
    if (this.#must(dir).kind === "symlink") {
      return this.#parent(join(this.realPath(dirname(path)), basename(path)));
    }
    if (this.#must(dir).kind !== "directory") throw failure("ENOTDIR", path);
    return dir;
  }

  #sameMount(a: string, b: string): void {
    const mountOf = (path: string) => this.#must(this.#parent(path)).mount;
    if (mountOf(a) !== mountOf(b)) throw failure("EXDEV", a);
  }

  // ——— Changes: seen at once, durable later ———

  #inode(kind: Inode["kind"], mode: number, like: { dev: bigint; mount: number }): Inode {
    this.#clock += 1000n;
    const { dev, mount } = like;
    const empty = { data: new Uint8Array(), target: "", entries: new Map() };
    return { kind, mode, uid: 0, gid: 0, mtimeNs: this.#clock, ...empty, dev, mount };
  }

  #add(path: string, node: Inode): bigint {
    const ino = this.#nextIno;
    const change = this.#entryChange(path, { name: basename(path), ino });
    if (change.from !== undefined) throw failure("EEXIST", path);
    this.#nextIno += 1n;
    this.#inodes.set(ino, node);
    // An inode nobody names does no harm; its content and names are what can be lost.
    this.#durable.set(ino, copyInode({ ...node, data: new Uint8Array(), entries: new Map() }));
    this.#change([change]);
    return ino;
  }

  #entryChange(path: string, to: Entry | undefined): EntryChange {
    const dir = this.#parent(path);
    const key = this.#key(basename(path));
    return { dir, key, from: this.#must(dir).entries.get(key), to };
  }

  #change(changes: EntryChange[]): void {
    const effect: Effect = { kind: "entries", changes };
    applyEffect(this.#inodes, effect);
    this.#pending.push(effect);
  }

  #rename(from: string, to: string, replaces: boolean): void {
    const source = this.#entryChange(from, undefined);
    if (source.from === undefined) throw failure("ENOENT", from);
    const { ino } = source.from;
    const target = this.#entryChange(to, { name: basename(to), ino });
    if (target.from !== undefined && !replaces) throw failure("EEXIST", to);
    if (`${to}/`.startsWith(`${from}/`) && from !== to) throw failure("EINVAL", to);
    this.#sameMount(from, to);
    if (source.dir === target.dir && source.key === target.key) this.#change([target]);
    else this.#change([source, target]);
  }

  #write(ino: bigint, bytes: Uint8Array): void {
    const effect: Effect = { kind: "data", ino, offset: this.#must(ino).data.length, bytes };
    applyEffect(this.#inodes, effect);
    this.#pending.push(effect);
    this.#clock += 1000n;
    this.#attributes(ino, { mtimeNs: this.#clock });
  }

  #truncate(ino: bigint, length: number): void {
    const bytes = new Uint8Array();
    const effect: Effect = { kind: "data", ino, offset: length, bytes, cut: true };
    applyEffect(this.#inodes, effect);
    this.#pending.push(effect);
  }

  #attributes(ino: bigint, set: Partial<Inode>): void {
    const effect: Effect = { kind: "attributes", ino, set };
    applyEffect(this.#inodes, effect);
    this.#pending.push(effect);
  }

  // ——— Durability ———

  #persist(effect: Effect): void {
    applyEffect(this.#durable, effect);
  }

  #flushFile(ino: bigint): void {
    this.#flush((effect) => effect.kind !== "entries" && effect.ino === ino);
  }

  /** Attributes and entries of the directory, and whatever they build on. */
  #flushDir(dir: bigint): void {
    const chosen = new Set<Effect>();
    const needed = new Set<string>();
    for (const effect of this.#pending.toReversed()) {
      if (effect.kind === "attributes" && effect.ino === dir) chosen.add(effect);
      if (effect.kind !== "entries") continue;
      const names = effect.changes.map((change) => `${change.dir} ${change.key}`);
      const isHere = effect.changes.some((change) => change.dir === dir);
      if (!isHere && !names.some((name) => needed.has(name))) continue;
      chosen.add(effect);
      for (const name of names) needed.add(name);
    }
    this.#flush((effect) => chosen.has(effect));
  }

  #flush(isFlushed: (effect: Effect) => boolean): void {
    const rest: Effect[] = [];
    for (const effect of this.#pending) {
      if (isFlushed(effect)) this.#persist(effect);
      else rest.push(effect);
    }
    this.#pending = rest;
  }
}
