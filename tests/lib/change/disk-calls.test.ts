/** The real disk where the system answers in rare ways, and that nothing stays open. */

import { afterAll, afterEach, describe, expect, mock, spyOn, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { openDisk, realDisk } from "../../../lib/change/disk.ts";
import { errorCode } from "../../../lib/errors.ts";
import { makeTemp } from "../../temp.ts";

const dir = makeTemp("disk-calls");
const original = { ...fs };
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));
afterEach(() => mock.restore());

let serial = 0;
function fresh(): string {
  serial += 1;
  fs.mkdirSync(join(dir, `${serial}`));
  return join(dir, `${serial}`);
}

function errorOf(step: () => unknown): Error {
  try {
    step();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it succeeded");
}

const codeOf = (step: () => unknown) => errorCode(errorOf(step));
const failure = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });
const bytes = (text: string) => [Buffer.from(text)];

describe("an error", () => {
  test("reads like those of Node, with both paths", () => {
    const at = fresh();
    const [from, to] = [`${at}/none`, `${at}/b`];
    const [ours, nodes] = [
      errorOf(() => realDisk.renameNoReplace(from, to)),
      errorOf(() => fs.renameSync(from, to)),
    ];
    expect(ours.message).toBe(nodes.message);
    expect(ours).toMatchObject({ code: "ENOENT", syscall: "rename" });
    const long = `${at}/${"x".repeat(4096)}`;
    expect(errorOf(() => realDisk.renameNoReplace(from, long)).message).toContain(`'${long}'`);
    expect(codeOf(() => realDisk.renameNoReplace(`${at}/a\0b`, to))).toBe("EINVAL");
  });

  test("in looking is not the same as nothing to be seen", () => {
    const at = fresh();
    expect(codeOf(() => realDisk.lstat(`${at}/${"x".repeat(300)}`))).toBe("ENAMETOOLONG");
    fs.symlinkSync("loop", `${at}/loop`);
    expect(codeOf(() => realDisk.lstat(`${at}/loop/x`))).toBe("ELOOP");
  });
});

describe("without rename flags", () => {
  const plain = openDisk({ flags: false });

  test("a file moves also where links are refused, and replaces nothing there either", () => {
    const at = fresh();
    fs.writeFileSync(`${at}/a`, "1");
    fs.writeFileSync(`${at}/taken`, "2");
    for (const code of ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]) {
      spyOn(fs, "linkSync").mockImplementation(() => {
        throw failure(code);
      });
      expect(codeOf(() => plain.renameNoReplace(`${at}/a`, `${at}/taken`))).toBe("EEXIST");
      plain.renameNoReplace(`${at}/a`, `${at}/b`);
      expect(fs.readdirSync(at).sort()).toEqual(["b", "taken"]);
      fs.renameSync(`${at}/b`, `${at}/a`);
    }
    spyOn(fs, "linkSync").mockImplementation(() => {
      throw failure("EIO");
    });
    expect(codeOf(() => plain.renameNoReplace(`${at}/a`, `${at}/b`))).toBe("EIO");
    expect(fs.readFileSync(`${at}/taken`, "utf8")).toBe("2");
  });

  test("the message of an exchange names both files", () => {
    const at = fresh();
    const { message } = errorOf(() => plain.exchange(`${at}/a`, `${at}/b`));
    expect(message).toContain(`rename '${at}/a' -> '${at}/b'`);
  });
});

describe("a flush", () => {
  const flushed = () => {
    const names = new Map<number, string>();
    const opened: string[] = [];
    const seen: string[] = [];
    spyOn(fs, "openSync").mockImplementation((path, flags, mode) => {
      const fd = original.openSync(path, flags, mode);
      names.set(fd, String(path));
      opened.push(String(path));
      return fd;
    });
    spyOn(fs, "fsyncSync").mockImplementation((fd) => void seen.push(names.get(fd) ?? ""));
    return { opened, seen };
  };

  test("is of each path while they are few, and of a whole file system when they are many", () => {
    const at = fresh();
    const files = Array.from({ length: 24 }, (_, number) => `${at}/${number}`);
    for (const file of files) fs.writeFileSync(file, "");
    fs.mkdirSync(`${at}/sub`);
    const { opened, seen } = flushed();
    const few = files.slice(1);
    realDisk.sync(few, [at]);
    expect(seen).toEqual([...few, at]);
    if (process.platform !== "darwin") expect(opened).toEqual(seen);
    seen.length = 0;
    realDisk.sync([`${at}/0`, `${at}/none`, `${at}/0/none`], [at, `${at}/gone`]);
    expect(seen).toEqual([`${at}/0`, at]);
    if (process.platform !== "darwin") {
      seen.length = 0;
      opened.length = 0;
      realDisk.sync([...files, `${at}/gone/x`], [`${at}/gone`, at, `${at}/sub`]);
      // One of its directories is enough.
      expect([seen, opened]).toEqual([[], [at]]);
    }
  });

  test("is of the whole where a file may not be opened; other failures are told", () => {
    const at = fresh();
    fs.writeFileSync(`${at}/a`, "");
    const opened: string[] = [];
    let code = "";
    spyOn(fs, "openSync").mockImplementation((path, flags, mode) => {
      opened.push(String(path));
      if (String(path).endsWith("/a")) throw failure(code);
      return original.openSync(path, flags, mode);
    });
    for (code of ["EACCES", "EPERM"]) {
      opened.length = 0;
      realDisk.sync([`${at}/a`], []);
      expect(opened).toEqual([`${at}/a`, at]);
    }
    for (code of ["EIO", "EMFILE"]) {
      expect(codeOf(() => realDisk.sync([`${at}/a`], []))).toBe(code);
    }
  });

  test("that fails is told, unless a directory cannot be flushed at all", () => {
    const at = fresh();
    fs.writeFileSync(`${at}/a`, "");
    let code = "EINVAL";
    spyOn(fs, "fsyncSync").mockImplementation(() => {
      throw failure(code);
    });
    realDisk.sync([], [at]);
    expect(codeOf(() => realDisk.sync([`${at}/a`], []))).toBe("EINVAL");
    code = "EIO";
    expect(codeOf(() => realDisk.sync([], [at]))).toBe("EIO");
    if (process.platform === "darwin") return;
    const log = realDisk.openAppend(`${at}/log`, 0);
    expect(codeOf(() => log.sync())).toBe("EIO");
    log.close();
  });
});

test("what the system writes in pieces is written whole", () => {
  const at = fresh();
  const piece = (fd: number, buffer: Uint8Array, offset: number, length: number) =>
    original.writeSync(fd, buffer, offset, Math.min(length, 2));
  spyOn(fs, "writeSync").mockImplementation(piece as never);
  realDisk.writeNew(`${at}/a`, [...bytes("one "), ...bytes("two")], { mode: 0o600 });
  const log = realDisk.openAppend(`${at}/log`, 0);
  log.append("äöü");
  log.close();
  mock.restore();
  expect(fs.readFileSync(`${at}/a`, "utf8")).toBe("one two");
  expect(fs.readFileSync(`${at}/log`, "utf8")).toBe("äöü");
});

describe("a new file", () => {
  test("is nobody else's to read before it is whole, and ours to write although it may not be", () => {
    const at = fresh();
    const modes: number[] = [];
    function* content() {
      modes.push(fs.statSync(`${at}/a`).mode & 0o7777);
      yield Buffer.from("1");
    }
    realDisk.writeNew(`${at}/a`, content(), { mode: 0o4755 });
    expect([...modes, fs.statSync(`${at}/a`).mode & 0o7777]).toEqual([0o700, 0o4755]);
  });

  test("has the owner that it is to have, and what marks its mode all the same", () => {
    const at = fresh();
    const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    // Only root gives files away.
    const others = own.uid === 0 ? [{ uid: 1234 }, { gid: 4321 }, { uid: 1234, gid: 4321 }] : [{}];
    for (const [number, other] of others.entries()) {
      const owner = { ...own, ...other };
      const [a, b] = [`${at}/a${number}`, `${at}/b${number}`];
      realDisk.writeNew(a, [], { mode: 0o4755, owner });
      expect(realDisk.lstat(a)).toMatchObject({ mode: 0o4755, ...owner });
      fs.writeFileSync(b, "");
      realDisk.copyAttributes(a, b);
      expect(realDisk.lstat(b)).toMatchObject({ mode: 0o4755, ...owner });
    }
  });
});

test("a copy has both times of the original", () => {
  const at = fresh();
  fs.writeFileSync(`${at}/a`, "");
  fs.writeFileSync(`${at}/b`, "");
  fs.utimesSync(`${at}/a`, 1_000_000_002.5, 1_000_000_001.25);
  realDisk.copyAttributes(`${at}/a`, `${at}/b`);
  const { atimeMs, mtimeMs } = fs.statSync(`${at}/b`);
  expect([atimeMs, mtimeMs]).toEqual([1_000_000_002_500, 1_000_000_001_250]);
});

test("an appender adds nothing to a file that is shorter than expected but what it is given", () => {
  const at = fresh();
  fs.writeFileSync(`${at}/log`, "ab");
  const log = realDisk.openAppend(`${at}/log`, 5);
  log.append("c");
  log.close();
  expect(fs.readFileSync(`${at}/log`, "utf8")).toBe("abc");
});

describe("a lock", () => {
  test("on a file that was replaced meanwhile is taken on the one that is there", () => {
    const at = fresh();
    const file = `${at}/lock`;
    fs.writeFileSync(file, "old");
    spyOn(fs, "openSync").mockImplementationOnce((path, flags, mode) => {
      const fd = original.openSync(path, flags, mode);
      fs.writeFileSync(`${at}/new`, "new");
      fs.renameSync(`${at}/new`, file);
      return fd;
    });
    const open = fs.readdirSync("/dev/fd").length;
    const lock = realDisk.tryLock(file);
    expect(fs.readdirSync("/dev/fd").length).toBe(open + 1);
    expect(realDisk.tryLock(file)).toBeNull();
    lock?.write("held by somebody");
    lock?.write("held");
    expect(fs.readFileSync(file, "utf8")).toBe("held");
    lock?.close();
    const again = realDisk.tryLock(file);
    expect(again).not.toBeNull();
    again?.close();
  });

  test("does not follow a link", () => {
    const at = fresh();
    fs.writeFileSync(`${at}/other`, "");
    fs.symlinkSync("other", `${at}/lock`);
    expect(codeOf(() => realDisk.tryLock(`${at}/lock`))).toBe("ELOOP");
  });
});

test("nothing stays open", () => {
  const at = fresh();
  const file = `${at}/a`;
  const open = () => fs.readdirSync("/dev/fd").length;
  const before = open();
  realDisk.writeNew(file, bytes("1"), { mode: 0o600 });
  const broken = { length: 3 } as unknown as Uint8Array;
  expect(() => realDisk.writeNew(`${at}/b`, [broken], { mode: 0o600 })).toThrow();
  realDisk.hashFile(file);
  expect(() => realDisk.hashFile(at)).toThrow();
  realDisk.sync([file], [at]);
  realDisk.openAppend(file, 1).close();
  const lock = realDisk.tryLock(file);
  expect(realDisk.tryLock(file)).toBeNull();
  lock?.close();
  expect(open()).toBe(before);
});

test("plain calls do what they are called", () => {
  const at = fresh();
  const umask = process.umask(0);
  try {
    realDisk.makeDir(`${at}/dir`);
    realDisk.makeDir(`${at}/mine`, 0o700);
  } finally {
    process.umask(umask);
  }
  expect(realDisk.lstat(`${at}/dir`)?.mode).toBe(0o755);
  expect(realDisk.lstat(`${at}/mine`)?.mode).toBe(0o700);
  expect(codeOf(() => realDisk.makeDir(`${at}/dir`))).toBe("EEXIST");
  fs.writeFileSync(`${at}/dir/x`, "x");
  fs.utimesSync(`${at}/dir/x`, 1, 1);
  realDisk.touch(`${at}/dir/x`);
  const age = Date.now() - fs.statSync(`${at}/dir/x`).mtimeMs;
  expect(Math.abs(age)).toBeLessThan(60_000);
  realDisk.link(`${at}/dir/x`, `${at}/y`);
  expect(realDisk.lstat(`${at}/y`)).toEqual(realDisk.lstat(`${at}/dir/x`));
  expect(codeOf(() => realDisk.removeDir(`${at}/dir`))).toBe("ENOTEMPTY");
  expect(codeOf(() => realDisk.copyFile(`${at}/none`, `${at}/z`))).toBe("ENOENT");
  fs.symlinkSync("dir/x", `${at}/link`);
  expect(realDisk.readLink(`${at}/link`)).toBe("dir/x");
  expect(realDisk.realPath(`${at}/link`)).toBe(`${at}/dir/x`);
  realDisk.unlink(`${at}/link`);
  realDisk.unlink(`${at}/dir/x`);
  realDisk.removeDir(`${at}/dir`);
  fs.writeFileSync(`${at}/z`, "z");
  realDisk.replace(`${at}/z`, `${at}/y`);
  expect(realDisk.readDir(at).sort()).toEqual(["mine", "y"]);
  expect(Buffer.from(realDisk.readFile(`${at}/y`)).toString()).toBe("z");
});
