/**
 * A progress bar on the last line of a terminal.
 *
 * There is no timer: a bar is drawn by the loop that it reports on, so that it moves inside
 * synchronous loops and stops when the work hangs.
 */

import { formatCount, truncateMiddle } from "./text.ts";

/** A bar for work that is under way; `using` takes it off the screen at the end of the block. */
export interface Progress extends Disposable {
  /** Sets how much is done; cheap enough for every turn of a loop. */
  update(done: number, detail?: string): void;
  /** Takes the bar off the screen. */
  end(): void;
}

/** Starts bars, and lets other output pass. */
export interface Bars {
  /** @param total how much there is to do; without it only the count is shown */
  start(label: string, total?: number): Progress;
  /** Takes what is drawn off the screen; the next update draws it again. */
  clear(): void;
}

/** Milliseconds: work that is done by then never shows a bar. */
const patience = 150;
/** Milliseconds between two drawings, 15 in a second. */
const interval = 66;

/**
 * @param screen takes text as it is, and knows its width in columns
 * @param now a clock in milliseconds; default the process's monotonic one
 */
export function createBars(
  screen: { write(text: string): void; columns(): number },
  now: () => number = () => performance.now(),
): Bars {
  let drawn = false;
  const clear = () => {
    if (drawn) screen.write("\r\x1b[K");
    drawn = false;
  };
  return {
    clear,
    start(label, total) {
      let due = now() + patience;
      const end = () => {
        due = Number.POSITIVE_INFINITY;
        clear();
      };
      return {
        update(done, detail = "") {
          const time = now();
          if (time < due) return;
          due = time + interval;
          drawn = true;
          // The last column stays free: a full line would wrap and leave a copy behind.
          const line = formatBar({ label, done, total, detail, width: screen.columns() - 1 });
          screen.write(`\r${line}\x1b[K`);
        },
        end,
        [Symbol.dispose]: end,
      };
    },
  };
}

/** A bar as one line of at most `width` columns: `Scanning [####......] 40% 8/20 sessions`. */
export function formatBar(bar: {
  label: string;
  done: number;
  total: number | undefined;
  detail: string;
  width: number;
}): string {
  const { label, done, total, detail, width } = bar;
  const parts = [label];
  if (total === undefined || total <= 0) {
    parts.push(formatCount(done));
  } else {
    const share = Math.min(1, Math.max(0, done / total));
    const filled = Math.floor(share * 20);
    parts.push(`[${"#".repeat(filled)}${".".repeat(20 - filled)}]`);
    parts.push(`${Math.floor(share * 100)}%`.padStart(4));
    parts.push(`${formatCount(done)}/${formatCount(total)}`);
  }
  if (detail !== "") parts.push(detail);
  return truncateMiddle(parts.join(" "), width);
}
