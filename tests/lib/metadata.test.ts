import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ToolkitError } from "../../lib/errors.ts";
import {
  formatKeyValue,
  keyValueToJson,
  parseKeyValue,
  sessionFieldsOf,
  sniffSession,
} from "../../lib/metadata.ts";
import { parseKeyValueContent } from "../../node_modules/@composio/ao-core/dist/key-value.js";

const runs = { numRuns: 1000 };
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const plain = (record: object): [string, unknown][] => Object.entries(record);

const piece = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("=", "#", "\n", "\r\n", "\r", " ", "\t", "\ufeff", "\0", "a=b\n", "__proto__"),
  fc.constantFrom("status", "statePayload", "{", "}", "\ud800", "\u2028", "\u00a0"),
);
const kvText = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));

describe("key=value", () => {
  test("is read as AO's own core does", () => {
    fc.assert(
      fc.property(kvText, (text) => {
        // Theirs has a prototype and so loses this one key.
        const ours = plain(parseKeyValue(text)).filter(([key]) => key !== "__proto__");
        expect(ours).toEqual(plain(parseKeyValueContent(text)));
      }),
      { numRuns: 3000 },
    );
  });

  test("is one pair a line, split at the first =, trimmed, with comments and blanks left out", () => {
    const text = [
      "\ufeffproject = integrator ",
      "",
      "# status=killed",
      "  # branch=x",
      'runtimeHandle={"a":"b=c"}',
      "no pair here",
      "= no key",
      "empty=",
      "note=# kept",
      "project=last wins",
      "\tbranch\t=\tfeat/1\r",
    ].join("\r\n");
    expect(plain(parseKeyValue(text))).toEqual([
      ["project", "last wins"],
      ["runtimeHandle", '{"a":"b=c"}'],
      ["empty", ""],
      ["note", "# kept"],
      ["branch", "feat/1"],
    ]);
  });

  test("keys of Object.prototype are plain data", () => {
    const record = parseKeyValue("__proto__=a\nconstructor=b\n");
    expect(plain(record)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    expect(record.toString).toBeUndefined();
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });

  test("what was read is written so that it reads the same", () => {
    fc.assert(
      fc.property(kvText, (text) => {
        const record = parseKeyValue(text.toWellFormed().replaceAll("\0", ""));
        expect(plain(parseKeyValue(formatKeyValue(record)))).toEqual(plain(record));
      }),
      runs,
    );
    expect(formatKeyValue({ a: "1", b: "x=y", c: "" })).toBe("a=1\nb=x=y\nc=\n");
  });

  test.each([
    [{ "": "x" }],
    [{ "#a": "x" }],
    [{ "a=b": "x" }],
    [{ " a": "x" }],
    [{ a: "x\ny" }],
    [{ a: " x" }],
    [{ a: "\0" }],
    [{ a: "\ud800" }],
    [{ "a\nb": "x" }],
  ])("%p cannot be written and is refused", (record: Record<string, string>) => {
    expect(() => formatKeyValue(record)).toThrow(ToolkitError);
  });

  test("a value of a million characters is read", () => {
    const value = "x=".repeat(500_000);
    expect(parseKeyValue(`summary=${value}\nstatus=working`)).toMatchObject({
      summary: value,
      status: "working",
    });
  });
});

describe("key=value as JSON", () => {
  const convert = (text: string) => JSON.parse(JSON.stringify(keyValueToJson(parseKeyValue(text))));

  test("is what AO V2 reads", () => {
    const text = [
      "worktree=/w/int-1",
      "status=working",
      "prAutoDetect=off",
      'runtimeHandle={"id":"h-int-1","runtimeName":"tmux","data":{}}',
      'statePayload={"version":2,"session":{"state":"working"}}',
      "stateVersion=2",
      "terminalWsPort=3001",
      "agentReportedState=done",
      "reportWatcherTriggerCount=3",
      "detectingAttempts=2",
      "lifecycleEvidence=e",
      "myOwnKey=kept",
      "dashboardPort=3000",
      "directTerminalWsPort=3002",
    ].join("\n");
    expect(Object.entries(convert(text))).toEqual([
      ["worktree", "/w/int-1"],
      ["prAutoDetect", false],
      ["runtimeHandle", { id: "h-int-1", runtimeName: "tmux", data: {} }],
      ["lifecycle", { version: 2, session: { state: "working" } }],
      ["dashboard", { terminalWsPort: 3001, port: 3000, directTerminalWsPort: 3002 }],
      ["agentReportedState", "done"],
      ["reportWatcherTriggerCount", "3"],
      ["detectingAttempts", "2"],
      ["lifecycleEvidence", "e"],
      ["myOwnKey", "kept"],
    ]);
  });

  test("keeps status and stateVersion where there is no lifecycle", () => {
    const both = "status=working\nstateVersion=2";
    expect(convert(both)).toEqual({ status: "working", stateVersion: "2" });
    expect(convert(`${both}\nstatePayload={"cut`)).toEqual({
      status: "working",
      stateVersion: "2",
      statePayload: '{"cut',
    });
    expect(convert(`${both}\nstatePayload=[1]`)).toHaveProperty("statePayload", "[1]");
  });

  test("what is not the expected type stays text", () => {
    const odd = "prAutoDetect=maybe\nruntimeHandle=tmux\ndashboardPort=\nterminalWsPort=high";
    expect(convert(odd)).toEqual({
      prAutoDetect: "maybe",
      runtimeHandle: "tmux",
      dashboardPort: "",
      terminalWsPort: "high",
    });
    expect(convert("prAutoDetect=on")).toEqual({ prAutoDetect: true });
  });

  test("what a parsed field becomes wins over a key of that name", () => {
    expect(convert("dashboard=x\ndashboardPort=1")).toEqual({ dashboard: { port: 1 } });
    expect(convert("dashboardPort=1\ndashboard=x")).toEqual({ dashboard: { port: 1 } });
    expect(convert("statePayload={}\nlifecycle=x")).toEqual({ lifecycle: {} });
    expect(convert("lifecycle=x")).toEqual({ lifecycle: "x" });
  });

  test("keys of Object.prototype survive", () => {
    const json = JSON.stringify(keyValueToJson(parseKeyValue("__proto__=a\nconstructor=b")));
    expect(json).toBe('{"__proto__":"a","constructor":"b"}');
  });

  test("every other pair survives, in order", () => {
    fc.assert(
      fc.property(kvText, (text) => {
        const record = parseKeyValue(text);
        const special = /^(?:status|stateVersion|statePayload|runtimeHandle|\d+)$/;
        const rest = plain(record).filter(([key]) => !special.test(key));
        const kept = plain(keyValueToJson(record)).filter(([key]) => !special.test(key));
        expect(kept.filter(([key]) => key !== "lifecycle")).toEqual(rest);
      }),
      runs,
    );
  });
});

describe("a metadata file", () => {
  const sniff = (text: string, name: string) => sniffSession(bytesOf(text), name);

  test.each([
    ['{"project":"a"}', "int-1.json"],
    ['\ufeff  {"project":"a"}\r\n', "int-1.json"],
    ['{"project":"a"}', "int-1"],
  ])("with the object %p is json (%s)", (text, name) => {
    expect(sniff(text, name)).toEqual({ format: "json", object: { project: "a" } });
  });

  test("of key=value is kv, and kv-in-json when it is named .json", () => {
    const text = "# made by hand\r\nproject=a\r\n";
    expect(sniff(text, "int-1")).toEqual({ format: "kv", text });
    expect(sniff(text, "int-1.json")).toEqual({ format: "kv-in-json", text });
    expect(sniff("[section]\nproject=a", "int-1").format).toBe("kv");
    expect(sniff("\ufeffproject=a", "int-1_20260420T143052Z.json").format).toBe("kv-in-json");
  });

  test.each(["", " \r\n\t", "\ufeff", "\n"])("with nothing in it (%p) is empty", (text) => {
    expect(sniff(text, "int-1")).toEqual({ format: "empty" });
    expect(sniff(text, "int-1.json")).toEqual({ format: "empty" });
  });

  test.each([
    ["int-1.json", "[1]", 1, 1, "JSON, but not an object"],
    ["int-1.json", '\n "a=b"', 2, 2, "JSON, but not an object"],
    ["int-1.json", "null", 1, 1, "JSON, but not an object"],
    ["int-1.json", '{"a": 1,\n "b": "x', 2, 9, "JSON is cut off"],
    ["int-1.json", '{"a": 1,\n', 2, 1, "JSON is cut off"],
    ["int-1.json", '{"a": 1,\n  b=c}', 2, 3, "not JSON"],
    ["int-1.json", '\ufeff{"a" 1}', 1, 6, "not JSON"],
    ["int-1.json", '"cut=', 1, 6, "JSON is cut off"],
    ["int-1.json", "[section]\na=b", 1, 2, "not JSON"],
    ["int-1.json", "garbage", 1, 1, "not JSON"],
    ["int-1", '{"a": "b=c', 1, 11, "JSON is cut off"],
    ["int-1", "\n  just words\n# x=y", 2, 3, "no key=value pair"],
    ["int-1", "[1]", 1, 1, "no key=value pair"],
    ["int-1", "a=1\nb=\0", 2, 3, "NUL byte in text"],
    ["int-1.json", "\0\0\0", 1, 1, "NUL byte in text"],
    ["int-1.json", '{"a":"\0"}', 1, 7, "NUL byte in text"],
  ])("%s with %p is bad at %d:%d: %s", (name, text, line, column, detail) => {
    expect(sniff(text, name)).toEqual({ format: "bad", fault: { line, column, detail } });
  });

  test.each([
    [[0x61, 0x3d, 0xff, 0x62], 1, 3, 3],
    [[0x61, 0x3d, 0x0a, 0xc3, 0xbc, 0xe2, 0x28], 2, 2, 6],
    [[0x61, 0x3d, 0xe2, 0x82], 1, 3, 3],
    [[0xed, 0xa0, 0x80], 1, 1, 1],
    [[0xc0, 0x80], 1, 1, 1],
  ])("that is not UTF-8 (%p) is bad at %d:%d, byte %d", (bytes, line, column, byte) => {
    const fault = { line, column, detail: `not UTF-8 at byte ${byte}` };
    expect(sniffSession(new Uint8Array(bytes), "int-1.json")).toEqual({ format: "bad", fault });
  });

  test("the byte that is not UTF-8 is found wherever it stands", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (before, after) => {
        const start = bytesOf(before);
        const bytes = new Uint8Array([...start, 0xff, ...bytesOf(after)]);
        expect(sniffSession(bytes, "x").fault?.detail).toBe(
          `not UTF-8 at byte ${start.length + 1}`,
        );
      }),
      runs,
    );
  });

  test("that is nested beyond the parser's stack is bad, not an error", () => {
    const text = `{"a":${"[".repeat(500_000)}${"]".repeat(500_000)}}`;
    const result = sniff(text, "int-1.json");
    expect(["bad", "json"]).toContain(result.format);
    if (result.format === "bad") expect(result.fault).toEqual({ detail: "nested too deeply" });
  });

  test("of any bytes gives a result, never an error", () => {
    const bytes = fc.oneof(fc.uint8Array(), kvText.map(bytesOf), fc.json().map(bytesOf));
    fc.assert(
      fc.property(bytes, fc.constantFrom("int-1", "int-1.json"), (data, name) => {
        const { format, object, text, fault } = sniffSession(data, name);
        expect(object !== undefined).toBe(format === "json");
        expect(text !== undefined).toBe(format === "kv" || format === "kv-in-json");
        expect(fault !== undefined).toBe(format === "bad");
      }),
      runs,
    );
  });
});

describe("session fields", () => {
  test("come from a JSON object", () => {
    const object = {
      project: "app",
      projectId: "app_0123456789",
      sessionId: "int-1",
      status: "working",
      branch: "feat/1",
      issue: "1",
      role: "worker",
      kind: "worker",
      agent: "claude-code",
      createdAt: "2026-04-20T14:30:52Z",
      pr: "https://h/o/r/pull/1",
      tmuxName: "int-1",
      worktree: "/w/int-1",
      workspacePath: "/w/int-1",
      pipePath: "\\\\.\\pipe\\ao-pty-int-1",
      summary: "not one of them",
    };
    const { summary: _, ...expected } = object;
    const runtimeHandle = { id: "t", runtimeName: "tmux", data: { workspacePath: "/w/h" } };
    expect(sessionFieldsOf({ ...object, runtimeHandle, lifecycle: {} })).toEqual({
      ...expected,
      handleId: "t",
      runtimeName: "tmux",
      handleWorkspacePath: "/w/h",
      hasLifecycle: true,
    });
  });

  test("come from a key=value record alike", () => {
    const record = parseKeyValue(
      'worktree=/w/1\nruntimeHandle={"id":"t","data":{"workspacePath":"/h"}}\nstatePayload={"a":1}',
    );
    const expected = {
      worktree: "/w/1",
      handleId: "t",
      handleText: record.runtimeHandle ?? "",
      handleWorkspacePath: "/h",
      hasLifecycle: true,
    };
    expect(sessionFieldsOf(record)).toEqual(expected);
    const { handleText: _, ...asObject } = expected;
    expect(sessionFieldsOf(keyValueToJson(record))).toEqual(asObject);
  });

  test("leave out what is empty or no text", () => {
    const odd = { project: "", issue: 7, branch: null, worktree: ["/w"], lifecycle: "x" };
    expect(sessionFieldsOf(odd)).toEqual({});
    expect(sessionFieldsOf({ runtimeHandle: "tmux", statePayload: "{", lifecycle: [] })).toEqual(
      {},
    );
    expect(sessionFieldsOf({ runtimeHandle: { id: "", runtimeName: 1, data: null } })).toEqual({});
    expect(sessionFieldsOf(parseKeyValue("constructor=x"))).toEqual({});
  });
});
