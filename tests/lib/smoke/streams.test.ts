import { expect, test } from "bun:test";
import { createEventReader } from "../../../lib/smoke/streams.ts";

test("events come out the same however the text is cut", () => {
  const text =
    'id: 1\nevent: a\ndata: {"x":\ndata: 1}\n\n: comment\n\nid: 2\r\ndata: plain\r\n\r\nid: 3\ndata: torn';
  for (let size = 1; size < text.length; size++) {
    const seen: unknown[] = [];
    const read = createEventReader((frame) => seen.push(frame));
    for (let at = 0; at < text.length; at += size) read(text.slice(at, at + size));
    expect(seen).toEqual([
      { id: "1", event: "a", data: { x: 1 } },
      { id: "2", event: "message", data: "plain" },
    ]);
  }
});
