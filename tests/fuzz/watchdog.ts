/** Ends the process with the name of the input when one takes for ever, which nothing else could. */

/** How long an input may take, in milliseconds; a busy machine makes them slow. */
const patience = 45_000;

const worker = `
let last = "";
let since = Date.now();
self.onmessage = ({ data }) => { last = data; since = Date.now(); };
setInterval(() => {
  if (last === "" || Date.now() - since < ${patience}) return;
  require("node:fs").writeSync(2, "\\nno end of " + last + "\\n");
  process.kill(${process.pid}, "SIGKILL");
}, 1000);
`;

export interface Watchdog extends Disposable {
  /** Says what is being done now. */
  at(what: string): void;
}

export function startWatchdog(): Watchdog {
  const url = URL.createObjectURL(new Blob([worker], { type: "application/javascript" }));
  const thread = new Worker(url);
  thread.unref();
  return {
    at: (what) => thread.postMessage(what),
    [Symbol.dispose]() {
      thread.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
