/** A headless Chromium that a test drives over its debugging protocol, apart from everything else. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../lib/process.ts";
import { makeSandbox } from "./process.ts";

/**
 * Chromium or Chrome, where there is one; `tests/tools.test.ts` sees to it that CI has one, so that
 * these tests cannot be left out there unnoticed.
 */
export const chromium =
  ["chromium", "chromium-browser", "google-chrome"]
    .map((name) => findProgram(name, process.env))
    .find((path) => path !== null) ?? null;

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

type Message = { id?: number; method?: string; params?: object; result?: object; error?: object };

/** One page; `using` ends the browser and removes its profile. */
export interface Browser extends AsyncDisposable {
  /** Calls a method of the protocol. */
  call(method: string, params?: object): Promise<Record<string, unknown>>;
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  open(url: string): Promise<void>;
  press(key: "Tab" | "Enter"): Promise<void>;
  /** Colour scheme and size of the window, in CSS pixels. */
  show(scheme: "light" | "dark", width: number): Promise<void>;
  /** The whole page as a PNG. */
  screenshot(): Promise<Uint8Array>;
  /** What happened so far, by method: `Network.requestWillBeSent`, … */
  events: { method: string; params: Record<string, unknown> }[];
}

export async function openBrowser(): Promise<Browser> {
  if (chromium === null) throw new Error("there is no Chromium");
  const sandbox = makeSandbox();
  const profile = join(sandbox.home, "profile");
  mkdirSync(profile);
  const child = Bun.spawn([chromium, ...flags, `--user-data-dir=${profile}`, "about:blank"], {
    ...{ env: sandbox.env, stdout: "ignore", stderr: "ignore", detached: true },
  });
  const end = async () => {
    process.kill(-child.pid, "SIGKILL");
    await child.exited;
    sandbox[Symbol.dispose]();
  };
  try {
    const port = await portOf(profile);
    const answer = await fetch(`http://127.0.0.1:${port}/json`);
    const targets = (await answer.json()) as { type: string; webSocketDebuggerUrl: string }[];
    const page = targets.find(({ type }) => type === "page");
    return await drive(page?.webSocketDebuggerUrl ?? "", end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function portOf(profile: string): Promise<string> {
  const file = join(profile, "DevToolsActivePort");
  for (let tries = 0; tries < 400; tries += 1) {
    const [port] = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    if (port) return port;
    await Bun.sleep(50);
  }
  throw new Error("Chromium did not start");
}

async function drive(url: string, end: () => Promise<void>): Promise<Browser> {
  const socket = new WebSocket(url);
  const opened = Promise.withResolvers<void>();
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const events: Browser["events"] = [];
  const listeners = new Map<string, () => void>();
  socket.onopen = () => opened.resolve();
  socket.onerror = () => opened.reject(new Error(`no connection to ${url}`));
  socket.onmessage = ({ data }) => {
    const { id, method, params = {}, result = {}, error }: Message = JSON.parse(String(data));
    if (method !== undefined) {
      events.push({ method, params: params as Record<string, unknown> });
      listeners.get(method)?.();
    }
    const call = id === undefined ? undefined : waiting.get(id);
    if (error !== undefined) call?.reject(new Error(JSON.stringify(error)));
    else call?.resolve(result as Record<string, unknown>);
  };
  await opened.promise;
  let last = 0;
  const call: Browser["call"] = (method, params = {}) => {
    last += 1;
    const answer = Promise.withResolvers<Record<string, unknown>>();
    waiting.set(last, answer);
    socket.send(JSON.stringify({ id: last, method, params }));
    return answer.promise;
  };
  for (const domain of ["Page", "Network", "Runtime", "Accessibility"])
    await call(`${domain}.enable`);
  return {
    call,
    events,
    async evaluate(expression) {
      const { result } = await call("Runtime.evaluate", { expression, returnByValue: true });
      return (result as { value?: unknown }).value;
    },
    async open(address) {
      const loaded = Promise.withResolvers<void>();
      listeners.set("Page.loadEventFired", loaded.resolve);
      await call("Page.navigate", { url: address });
      await loaded.promise;
    },
    async press(key) {
      const code = key === "Tab" ? 9 : 13;
      const common = { key, code: key, windowsVirtualKeyCode: code };
      const text = key === "Enter" ? { text: "\r" } : {};
      await call("Input.dispatchKeyEvent", { type: "keyDown", ...common, ...text });
      await call("Input.dispatchKeyEvent", { type: "keyUp", ...common });
    },
    async show(scheme, width) {
      const features = [{ name: "prefers-color-scheme", value: scheme }];
      await call("Emulation.setEmulatedMedia", { features });
      const metrics = { width, height: 900, deviceScaleFactor: 1, mobile: false };
      await call("Emulation.setDeviceMetricsOverride", metrics);
    },
    async screenshot() {
      const options = { format: "png", captureBeyondViewport: true };
      const { data } = await call("Page.captureScreenshot", options);
      return Buffer.from(String(data), "base64");
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await end();
    },
  };
}
