/**
 * Server-sent events of the daemon, collected from the moment of the subscription.
 */
import type { ClientRequest } from "node:http";
import { flat, openRequest } from "./http.ts";

export interface StreamEvent {
  id: string;
  event: string;
  data: unknown;
  /** Milliseconds after the subscription. */
  at: number;
}

export interface EventStream {
  status: number | undefined;
  headers: Record<string, string>;
  events: StreamEvent[];
  open: boolean;
  failure?: string;
  close(): void;
}

/** Subscribes; resolves once the answer's headers are there, so a trigger can follow safely. */
export function subscribe(
  port: number,
  path: string,
  headers: Record<string, string>,
  timeout: number,
): Promise<EventStream> {
  const started = performance.now();
  return new Promise((resolve) => {
    let sent: ClientRequest | undefined;
    const stream: EventStream = {
      status: undefined,
      headers: {},
      events: [],
      open: false,
      close: () => {
        stream.open = false;
        sent?.destroy();
      },
    };
    const limit = setTimeout(() => {
      stream.failure = `no answer within ${timeout} ms`;
      stream.close();
      resolve(stream);
    }, timeout);
    sent = openRequest({ port, method: "GET", path, headers }, (answer) => {
      clearTimeout(limit);
      stream.status = answer.statusCode;
      stream.headers = flat(answer);
      stream.open = true;
      const read = createEventReader((frame) =>
        stream.events.push({ ...frame, at: performance.now() - started }),
      );
      answer.on("data", (chunk: Buffer) => read(chunk.toString("utf8")));
      answer.on("close", () => {
        stream.open = false;
      });
      answer.on("error", () => {
        stream.open = false;
      });
      resolve(stream);
    });
    sent.on("error", (error) => {
      clearTimeout(limit);
      if (stream.status === undefined) stream.failure = error.message;
      stream.open = false;
      resolve(stream);
    });
    sent.end();
  });
}

/** A reader of event-stream text in chunks of any size; data that is JSON is parsed. */
export function createEventReader(emit: (frame: Omit<StreamEvent, "at">) => void) {
  let rest = "";
  return (chunk: string): void => {
    rest += chunk;
    const frames = rest.split(/\r?\n\r?\n/);
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const fields: Record<string, string[]> = {};
      for (const line of frame.split(/\r?\n/)) {
        const colon = line.indexOf(":");
        if (colon === 0) continue;
        const name = colon === -1 ? line : line.slice(0, colon);
        const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
        fields[name] = [...(fields[name] ?? []), value];
      }
      if (fields.data === undefined) continue;
      const data = fields.data.join("\n");
      emit({
        id: fields.id?.at(-1) ?? "",
        event: fields.event?.at(-1) ?? "message",
        data: parse(data),
      });
    }
  };
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
