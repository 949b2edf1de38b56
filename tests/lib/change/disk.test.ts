import { afterAll, describe, expect, test } from "bun:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { openDisk, realDisk } from "../../../lib/change/disk.ts";
import { errorCode } from "../../../lib/errors.ts";
import { makeTemp } from "../../temp.ts";

const dir = makeTemp("disk");
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

let serial = 0;
function fresh(): string {
  serial += 1;
  fs.mkdirSync(join(dir, `${serial}`));
  return join(dir, `${serial}`);
}

function codeOf(step: () => void): string {
  try {
    step();
  } catch (error) {
    return errorCode(error) ?? String(error);
  }
  return "none";
}

const bytes = (text: string) => [Buffer.from(text)];

describe.each([{ flags: true }, { flags: false }])("a rename with flags: $flags", ({ flags }) => {
  const disk = openDisk({ flags });

  test("moves files, directories and links", () => {
    const at = fresh();
    fs.writeFileSync(`${at}/file`, "1");
    fs.mkdirSync(`${at}/dir`);
    fs.writeFileSync(`${at}/dir/x`, "2");
    fs.symlinkSync("nowhere", `${at}/link`);
    for (const name of ["file", "dir", "link"])
      disk.renameNoReplace(`${at}/${name}`, `${at}/${name}2`);
    expect(fs.readdirSync(at).sort()).toEqual(["dir2", "file2", "link2"]);
    expect(fs.readFileSync(`${at}/dir2/x`, "utf8")).toBe("2");
    expect(fs.readlinkSync(`${at}/link2`)).toBe("nowhere");
  });

  test.each(["file", "dir", "link", "empty"])("never replaces what is there: %s", (kind) => {
    const at = fresh();
    fs.writeFileSync(`${at}/source`, "1");
    fs.mkdirSync(`${at}/sourceDir`);
    if (kind === "file") fs.writeFileSync(`${at}/target`, "2");
    else if (kind === "link") fs.symlinkSync("nowhere", `${at}/target`);
    else fs.mkdirSync(`${at}/target`);
    if (kind === "dir") fs.writeFileSync(`${at}/target/x`, "2");
    for (const source of ["source", "sourceDir"]) {
      expect(codeOf(() => disk.renameNoReplace(`${at}/${source}`, `${at}/target`))).toBe("EEXIST");
    }
    expect(fs.readdirSync(at).sort()).toEqual(["source", "sourceDir", "target"]);
  });

  test("says what is missing", () => {
    const at = fresh();
    fs.writeFileSync(`${at}/a`, "1");
    expect(codeOf(() => disk.renameNoReplace(`${at}/none`, `${at}/b`))).toBe("ENOENT");
    expect(codeOf(() => disk.renameNoReplace(`${at}/a`, `${at}/none/b`))).toBe("ENOENT");
    expect(codeOf(() => disk.renameNoReplace(`${at}/a\0`, `${at}/b`))).not.toBe("none");
    const long = `${at}/${"x".repeat(5000)}`;
    expect(codeOf(() => disk.renameNoReplace(`${at}/a`, long))).toBe("ENAMETOOLONG");
  });
});

test("the error of a system call is its own, however many there are", () => {
  const at = fresh();
  fs.writeFileSync(`${at}/a`, "1");
  fs.writeFileSync(`${at}/b`, "2");
  const wrong: string[] = [];
  for (let round = 0; round < 20_000; round += 1) {
    const [to, expected] = round % 2 === 0 ? ["b", "EEXIST"] : ["none/b", "ENOENT"];
    const code = codeOf(() => realDisk.renameNoReplace(`${at}/a`, `${at}/${to}`));
    if (code !== expected) wrong.push(code);
  }
  expect(wrong).toEqual([]);
});

test("files on different devices are told apart", () => {
  const [here, there] = [makeTemp("disk"), fs.mkdtempSync("/tmp/ao-disk-")];
  try {
    const isSame = fs.statSync(here).dev === fs.statSync(there).dev;
    fs.writeFileSync(`${here}/a`, "1");
    const code = codeOf(() => realDisk.renameNoReplace(`${here}/a`, `${there}/a`));
    expect(code).toBe(isSame ? "none" : "EXDEV");
  } finally {
    fs.rmSync(here, { recursive: true });
    fs.rmSync(there, { recursive: true });
  }
});

test("exchange swaps two files with everything they are", () => {
  const at = fresh();
  fs.writeFileSync(`${at}/a`, "1", { mode: 0o600 });
  fs.writeFileSync(`${at}/b`, "2", { mode: 0o644 });
  const [a, b] = [realDisk.lstat(`${at}/a`), realDisk.lstat(`${at}/b`)];
  realDisk.exchange(`${at}/a`, `${at}/b`);
  expect(realDisk.lstat(`${at}/a`)).toEqual(b);
  expect(realDisk.lstat(`${at}/b`)).toEqual(a);
  expect(codeOf(() => realDisk.exchange(`${at}/a`, `${at}/none`))).toBe("ENOENT");
  const plain = openDisk({ flags: false });
  expect(codeOf(() => plain.exchange(`${at}/a`, `${at}/b`))).toBe("ENOTSUP");
});

describe("a new file", () => {
  test("has all its parts, its mode whatever the umask, and replaces nothing", () => {
    const at = fresh();
    const umask = process.umask(0o077);
    try {
      const content = [...bytes("one "), ...bytes("two")];
      realDisk.writeNew(`${at}/a`, content, { mode: 0o664 });
    } finally {
      process.umask(umask);
    }
    expect(fs.readFileSync(`${at}/a`, "utf8")).toBe("one two");
    expect(fs.statSync(`${at}/a`).mode & 0o7777).toBe(0o664);
    expect(codeOf(() => realDisk.writeNew(`${at}/a`, [], { mode: 0o600 }))).toBe("EEXIST");
    expect(fs.readFileSync(`${at}/a`, "utf8")).toBe("one two");
  });

  test("is not left behind in part", () => {
    const at = fresh();
    const broken = { length: 3 } as unknown as Uint8Array;
    const write = () => realDisk.writeNew(`${at}/a`, [...bytes("one"), broken], { mode: 0o600 });
    expect(write).toThrow();
    expect(fs.readdirSync(at)).toEqual([]);
  });
});

test("lstat follows no link and takes what is missing for nothing", () => {
  const at = fresh();
  fs.writeFileSync(`${at}/file`, "12345");
  fs.symlinkSync("file", `${at}/link`);
  expect(realDisk.lstat(`${at}/file`)).toMatchObject({ kind: "file", size: 5 });
  expect(realDisk.lstat(`${at}/link`)).toMatchObject({ kind: "symlink" });
  expect(realDisk.lstat(at)).toMatchObject({ kind: "directory" });
  expect(realDisk.lstat(`${at}/none`)).toBeNull();
  expect(realDisk.lstat(`${at}/file/none`)).toBeNull();
  expect(realDisk.lstat("/dev/null")).toMatchObject({ kind: "other" });
});

test("hashFile hashes large files, and neither links nor named pipes", () => {
  const at = fresh();
  const content = Buffer.alloc(300_001, "abc");
  fs.writeFileSync(`${at}/file`, content);
  fs.symlinkSync("file", `${at}/link`);
  const expected = new Bun.CryptoHasher("sha256").update(content).digest("hex");
  expect(realDisk.hashFile(`${at}/file`)).toBe(expected);
  expect(codeOf(() => realDisk.hashFile(`${at}/link`))).toBe("ELOOP");
  Bun.spawnSync(["mkfifo", `${at}/pipe`]);
  const empty = new Bun.CryptoHasher("sha256").digest("hex");
  expect(realDisk.hashFile(`${at}/pipe`)).toBe(empty);
});

describe("an appender", () => {
  test("cuts what is beyond the length and adds at the end", () => {
    const at = fresh();
    fs.writeFileSync(`${at}/log`, "one\ntor");
    const log = realDisk.openAppend(`${at}/log`, 4);
    log.append("two\n");
    log.sync();
    log.close();
    expect(fs.readFileSync(`${at}/log`, "utf8")).toBe("one\ntwo\n");
  });

  test("does not write through a link", () => {
    const at = fresh();
    fs.writeFileSync(`${at}/other`, "other");
    fs.symlinkSync("other", `${at}/log`);
    expect(codeOf(() => realDisk.openAppend(`${at}/log`, 0))).toBe("ELOOP");
    expect(fs.readFileSync(`${at}/other`, "utf8")).toBe("other");
  });
});

test("a copy has the content, mode and time of the original", () => {
  const at = fresh();
  fs.writeFileSync(`${at}/a`, "1", { mode: 0o640 });
  fs.utimesSync(`${at}/a`, 1_000_000_000.5, 1_000_000_001.25);
  fs.symlinkSync("a", `${at}/link`);
  for (const name of ["a", "link"]) {
    realDisk.copyFile(`${at}/${name}`, `${at}/${name}2`);
    realDisk.copyAttributes(`${at}/${name}`, `${at}/${name}2`);
  }
  const copy = fs.statSync(`${at}/a2`);
  expect([copy.mode & 0o7777, copy.mtimeMs]).toEqual([0o640, 1_000_000_001_250]);
  expect(fs.readlinkSync(`${at}/link2`)).toBe("a");
  expect(codeOf(() => realDisk.copyFile(`${at}/a`, `${at}/a2`))).toBe("EEXIST");
});

test("sync takes few paths and many, and skips what is gone", () => {
  const at = fresh();
  const files = Array.from({ length: 40 }, (_, number) => `${at}/${number}`);
  for (const file of files) fs.writeFileSync(file, file);
  fs.chmodSync(`${at}/0`, 0o200);
  realDisk.sync([`${at}/0`, `${at}/1`, `${at}/none`], [at, `${at}/none`]);
  realDisk.sync([...files, `${at}/none`], [at]);
  expect(fs.readFileSync(`${at}/1`, "utf8")).toBe(`${at}/1`);
});

test("a link keeps its own times when it is copied, and its target is left alone", () => {
  const at = fresh();
  fs.writeFileSync(`${at}/target`, "");
  fs.chmodSync(`${at}/target`, 0o600);
  fs.utimesSync(`${at}/target`, 1_000, 1_000);
  for (const target of ["target", "nowhere"]) {
    const link = `${at}/to-${target}`;
    fs.symlinkSync(target, link);
    fs.lutimesSync(link, 2_000, 2_000);
    realDisk.copyFile(link, `${link}2`);
    realDisk.copyAttributes(link, `${link}2`);
    expect(fs.readlinkSync(`${link}2`)).toBe(target);
    expect(fs.lstatSync(`${link}2`).mtimeMs).toBe(2_000_000);
  }
  expect(realDisk.lstat(`${at}/target`)).toMatchObject({
    mode: 0o600,
    mtimeNs: 1_000_000_000_000n,
  });
});
