/**
 * Draws a recording as an SVG that needs nothing else: the whole text is one column that moves up
 * behind a window. Where nothing moves (print, reduced motion), one moment stands still.
 */

import { escapeHtml } from "../../lib/html.ts";
import { type Moment, prompt } from "./record.ts";
import type { Run } from "./terminal.ts";

export interface Drawing {
  title: string;
  description: string;
  columns: number;
  /** Rows of the window. */
  rows: number;
  /** The moment that a still picture shows. */
  still: number;
}

const cell = { width: 8.4, height: 19, baseline: 14 };
const margin = { side: 18, top: 16, bottom: 14 };
const milliseconds = { key: 45, row: 24, atLeast: 150 };

/** Text and ground of the window; every pair has a contrast of 4.5 or more. */
const colors = {
  light: {
    ...{ ground: "#ffffff", edge: "#d0d7de", text: "#1f2328", dim: "#59636e" },
    ...{ red: "#b3261e", green: "#116329", yellow: "#7a4f00", cyan: "#0b6a75" },
  },
  dark: {
    ...{ ground: "#0d1117", edge: "#30363d", text: "#e6edf3", dim: "#9198a1" },
    ...{ red: "#ff7b72", green: "#3fb950", yellow: "#d9a53a", cyan: "#56c8d8" },
  },
};

/** Something that moves, as the stylesheet has it. */
interface Motion {
  /** Milliseconds, and the value from then on; `steps` leads to the next value evenly. */
  points: { at: number; value: string; steps?: number }[];
}

/** A moment with its place in time and in the column. */
interface Timed extends Moment {
  begin: number;
  /** When everything of it is there. */
  end: number;
  /** The lowest row that has been reached before, and with it. */
  from: number;
  to: number;
}

export function drawSvg(moments: readonly Moment[], drawing: Drawing): string {
  const timed = timesOf(moments);
  const total = (timed.at(-1)?.end ?? 0) + (timed.at(-1)?.hold ?? 0);
  const styles = new Styles(total);
  const width = drawing.columns * cell.width + 2 * margin.side;
  const height = drawing.rows * cell.height + margin.top + margin.bottom;
  const still = timed[drawing.still]?.to ?? 0;
  const scroll = styles.add(scrollMotion(timed, drawing.rows), up(still, drawing.rows));
  const reveal = styles.add(revealMotion(timed, drawing.rows), down(still, drawing.rows));
  const body = [...rowsOf(timed, styles), ...typing(timed, styles, drawing)].join("\n");
  const edge = `width="${round(width - 1)}" height="${height - 1}" rx="9"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${height}" width="${round(width)}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escapeHtml(drawing.title)}</title>
<desc id="description">${escapeHtml(drawing.description)}</desc>
<style>
${styles.text()}
</style>
<clipPath id="window"><rect width="${round(drawing.columns * cell.width + 4)}" height="${drawing.rows * cell.height}"/></clipPath>
<rect class="ground edge" x="0.5" y="0.5" ${edge}/>
<g transform="translate(${margin.side} ${margin.top})" clip-path="url(#window)">
<g class="${scroll}">
${body}
</g>
<g class="${reveal}"><rect class="ground" width="${round(width)}" height="${height}"/></g>
</g>
</svg>
`;
}

function timesOf(moments: readonly Moment[]): Timed[] {
  let now = 0;
  let lowest = 0;
  return moments.map((moment) => {
    const from = lowest;
    lowest = Math.max(lowest, moment.cursor);
    const { atLeast, key, row } = milliseconds;
    const duration =
      moment.typed === undefined
        ? Math.max(atLeast, (lowest - from) * row)
        : moment.typed.text.length * key;
    const begin = now;
    now += duration + moment.hold;
    return { ...moment, begin, end: begin + duration, from, to: lowest };
  });
}

const px = (value: number) => `${round(value)}px`;
const up = (row: number, rows: number) =>
  `translateY(${px(-Math.max(0, row - rows + 1) * cell.height)})`;
const down = (row: number, rows: number) =>
  `translateY(${px(Math.min(row + 1, rows) * cell.height)})`;
const right = (columns: number) => `translateX(${px(columns * cell.width)})`;

/** The column moves up as soon as its lowest row would leave the window. */
function scrollMotion(timed: readonly Timed[], rows: number): Motion {
  return rowMotion(timed, (row) => up(row, rows), rows - 1, Number.POSITIVE_INFINITY);
}

/** The curtain over rows that are not written yet moves down until the window is full. */
function revealMotion(timed: readonly Timed[], rows: number): Motion {
  return rowMotion(timed, (row) => down(row, rows), 0, rows - 1);
}

/** A motion that follows the lowest row between two rows, and rests above and below. */
function rowMotion(
  timed: readonly Timed[],
  value: (row: number) => string,
  first: number,
  last: number,
): Motion {
  const points: Motion["points"] = [{ at: 0, value: value(0) }];
  for (const { begin, end, from, to } of timed) {
    const low = Math.max(from, first);
    const high = Math.min(to, last);
    if (low >= high) continue;
    const when = (row: number) => begin + ((end - begin) * (row - from)) / (to - from);
    points.push({ at: when(low), value: value(low), steps: high - low });
    points.push({ at: when(high), value: value(high) });
  }
  return { points };
}

/** Every row as it was from moment to moment; what never changed is simply there. */
function rowsOf(timed: readonly Timed[], styles: Styles): string[] {
  const count = Math.max(...timed.map(({ rows }) => rows.length));
  return Array.from({ length: count }, (_, row) => {
    const versions: { text: string; from: number }[] = [];
    for (const { rows, begin, typed, from } of timed) {
      const text = (rows[row] ?? []).map((run) => runText(run, row)).join("");
      const known = versions.at(-1);
      // What is typed appears by its own curtain, not by being exchanged.
      if (known === undefined || typed?.row === row) versions.splice(0, 1, { text, from: 0 });
      else if (known.text === "" && row > from) known.text = text;
      else if (known.text !== text) versions.push({ text, from: begin });
    }
    if (versions.length === 1) return versions[0]?.text ?? "";
    return versions.map(({ text, from }, at) => {
      const next = versions[at + 1];
      if (text === "") return "";
      return `<g class="${styles.add(shownBetween(from, next?.from), visibility(next === undefined))}">${text}</g>`;
    });
  })
    .flat()
    .filter((text) => text !== "");
}

const visibility = (shown: boolean) => (shown ? "visible" : "hidden");

function shownBetween(from: number, to: number | undefined): Motion {
  const points = [{ at: from, value: visibility(true) }];
  if (from > 0) points.unshift({ at: 0, value: visibility(false) });
  if (to !== undefined) points.push({ at: to, value: visibility(false) });
  return { points };
}

/** A curtain with a cursor at its left over each command, which goes aside as keys are hit. */
function typing(timed: readonly Timed[], styles: Styles, drawing: Drawing): string[] {
  const { columns, still } = drawing;
  return timed.flatMap(({ typed, begin, end, hold }, at) => {
    if (typed === undefined) return [];
    const { length } = typed.text;
    const points = [
      { at: 0, value: right(0) },
      { at: begin, value: right(0), steps: length },
      { at: end, value: right(length) },
      { at: end + hold, value: right(columns) },
    ];
    const name = styles.add({ points }, right(at > still ? 0 : columns));
    const x = round(prompt.length * cell.width);
    const size = `height="${cell.height}" y="${typed.row * cell.height}"`;
    return [
      `<g class="${name}"><rect class="ground" x="${x}" ${size} width="${round(columns * cell.width)}"/><rect class="cursor" x="${x}" ${size} width="${cell.width}"/></g>`,
    ];
  });
}

/** Words that more than one blank divides stand apart: not every viewer keeps blanks. */
function runText({ column, text, style }: Run, row: number): string {
  const names = style === "" ? "" : ` class="${style}"`;
  const y = row * cell.height + cell.baseline;
  return [...text.matchAll(/\S+(?: \S+)*/g)]
    .map(({ 0: words, index }) => {
      const x = round((column + width(text.slice(0, index))) * cell.width);
      const length = round(width(words) * cell.width);
      return `<text x="${x}" y="${y}"${names} textLength="${length}">${escapeHtml(words)}</text>`;
    })
    .join("");
}

/** Columns; every character of ours takes one. */
function width(text: string): number {
  return [...text].length;
}

/** The stylesheet: the colours of both schemes, and every motion under a name of its own. */
class Styles {
  readonly #motions = new Map<string, string>();

  constructor(readonly total: number) {}

  /** @param rest the value where nothing moves */
  add({ points }: Motion, rest: string): string {
    const property = /^(visible|hidden)$/.test(rest) ? "visibility" : "transform";
    const frames = points.map(({ at, value, steps }) => {
      const timing = steps === undefined ? "" : `;animation-timing-function:steps(${steps})`;
      return `${percent(at / this.total)}{${property}:${value}${timing}}`;
    });
    const text = `${property}:${rest}|${frames.join("")}`;
    const name = this.#motions.get(text) ?? `m${this.#motions.size}`;
    this.#motions.set(text, name);
    return name;
  }

  text(): string {
    const variables = (scheme: Record<string, string>) =>
      Object.entries(scheme)
        .map(([name, value]) => `--${name}:${value}`)
        .join(";");
    const motions = [...this.#motions].flatMap(([text, name]) => {
      const [rest = "", frames = ""] = text.split("|");
      return [`.${name}{${rest};animation-name:${name}}`, `@keyframes ${name}{${frames}}`];
    });
    const names = [...this.#motions.values()].map((name) => `.${name}`).join(",");
    return [
      `svg{${variables(colors.light)}}`,
      `@media(prefers-color-scheme:dark){svg{${variables(colors.dark)}}}`,
      "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:var(--text)}",
      ".ground{fill:var(--ground)}.edge{stroke:var(--edge)}.cursor{fill:var(--dim)}.bold{font-weight:700}",
      ...["dim", "red", "green", "yellow", "cyan"].map((name) => `.${name}{fill:var(--${name})}`),
      `${names}{animation-duration:${this.total}ms;animation-timing-function:step-end;animation-iteration-count:infinite}`,
      ...motions,
      `@media(prefers-reduced-motion:reduce),print{${names}{animation:none}}`,
    ].join("\n");
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
