/**
 * Bar charts as inline SVG. Every bar has its name and its value above it as text, so that a chart
 * is read on any width, printed without colours, and said aloud.
 */

import { type Html, html } from "./html.ts";
import type { Tone } from "./html-page.ts";
import { truncateMiddle } from "./text.ts";

export interface Bar {
  label: string;
  value: number;
  /** The value as it is shown: `1.5 KB`. */
  text: string;
  /** What the bar is made of, from the left. @default its value in the plain tone */
  parts?: readonly { value: number; tone: Tone }[];
}

const rowHeight = 36;
const barHeight = 10;

/**
 * Horizontal bars on one scale that starts at zero, in the order given.
 *
 * Places and lengths are percentages of whatever width the page gives the chart: text keeps its
 * size on a small screen.
 *
 * @param chart.id unique in the page; it ties the drawing to its title
 * @param chart.share each bar is the whole of its own value, which its parts divide
 */
export function barChart(chart: {
  id: string;
  title: string;
  bars: readonly Bar[];
  share?: boolean;
}): Html {
  const { id, title, bars, share = false } = chart;
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const height = bars.length * rowHeight;
  const said = bars.map(({ label, text }) => `${label}: ${text}`).join(", ");
  const rows = bars.map((bar, row) => barRow(bar, row * rowHeight, share ? bar.value : most));
  return html`<svg height="${height}" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${said}</desc>
${rows}</svg>`;
}

function barRow(
  { label, value, text, parts = [{ value, tone: "plain" }] }: Bar,
  y: number,
  scale: number,
) {
  let left = 0;
  const pieces = parts.map(({ value, tone }) => {
    // A value that is not nothing is seen, however small it is beside the others.
    const width = value === 0 ? 0 : Math.max(0.6, (value / Math.max(1, scale)) * 100);
    const x = left;
    left += width;
    return html`<rect class="${tone}" x="${percent(x)}" y="${y + 20}" width="${percent(width)}" height="${barHeight}" rx="2"/>`;
  });
  return html`<text x="0" y="${y + 14}">${truncateMiddle(label, 34)}</text>
<text class="value" x="100%" y="${y + 14}" text-anchor="end">${text}</text>
<rect class="track" x="0" y="${y + 20}" width="100%" height="${barHeight}" rx="2"/>
${pieces}
`;
}

function percent(value: number): string {
  return `${Number(Math.min(100, value).toFixed(2))}%`;
}
