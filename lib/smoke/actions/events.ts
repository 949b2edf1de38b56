/** Event streams: subscribe before the trigger, look at what arrived; WebSocket exchanges. */
import { subscribe as openStream } from "../streams.ts";
import type { ActionType } from "./action.ts";

export const subscribe: ActionType<"subscribe"> = {
  title: ({ after, last_event_id }) => {
    const header = last_event_id === undefined ? "" : `-H 'Last-Event-ID: ${last_event_id}' `;
    return `curl -N ${header}"$U/api/v1/events${query(after)}"`;
  },
  async observe({ subscribe: name, after, last_event_id }, { world, timeout }) {
    const headers: Record<string, string> = { accept: "text/event-stream" };
    if (last_event_id !== undefined) headers["last-event-id"] = String(last_event_id);
    const path = `/api/v1/events${query(after)}`;
    world.streams.get(name)?.close();
    const stream = await openStream(world.sandbox.port, path, headers, timeout);
    world.streams.set(name, stream);
    const { status, failure } = stream;
    return { status, headers: stream.headers, ...(failure === undefined ? {} : { failure }) };
  },
};

export const events: ActionType<"events"> = {
  title: ({ events: name }) => `look at the events of stream ${name}`,
  async observe({ events: name }, { world }) {
    const stream = world.streams.get(name);
    if (stream === undefined) return { failure: `no stream is called ${name}` };
    const { status, headers, open } = stream;
    return { status, headers, open, count: stream.events.length, events: [...stream.events] };
  },
};

function query(after: number | string | undefined): string {
  return after === undefined ? "" : `?after=${encodeURIComponent(String(after))}`;
}

export const websocket: ActionType<"websocket"> = {
  title: ({ websocket: path, send }) =>
    `websocket ${path}: send ${send.map((item) => JSON.stringify(item)).join(" ")}`,
  observe({ websocket: path, send, until }, { world, timeout }) {
    return new Promise((resolve) => {
      const received: unknown[] = [];
      const socket = new WebSocket(`ws://127.0.0.1:${world.sandbox.port}${path}`);
      let opened = false;
      const finish = () => {
        clearTimeout(limit);
        socket.close();
        resolve({ opened, received: [...received] });
      };
      const limit = setTimeout(finish, Math.min(timeout, 5_000));
      socket.onopen = () => {
        opened = true;
        for (const message of send) socket.send(JSON.stringify(message));
      };
      socket.onmessage = ({ data }) => {
        received.push(parse(String(data)));
        if (received.length >= until) finish();
      };
      socket.onerror = finish;
      socket.onclose = finish;
    });
  },
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
