/** Bar charts as inline SVG: every bar has its name and its value beside it as text. */

import { type Html, html } from "./html.ts";
import { truncateMiddle } from "./text.ts";

export interface Bar {
  label: string;
  value: number;
  /** The value as it is shown: `1.5 KB`. */
  text: string;
}

const rowHeight = 26;
const labelWidth = 230;
const barWidth = 300;
const width = labelWidth + barWidth + 110;

/**
 * Horizontal bars on one scale that starts at zero, in the order given.
 *
 * @param chart.id unique in the page; it ties the drawing to its title
 */
export function barChart(chart: { id: string; title: string; bars: readonly Bar[] }): Html {
  const { id, title, bars } = chart;
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const height = bars.length * rowHeight + 4;
  const said = bars.map(({ label, text }) => `${label}: ${text}`).join(", ");
  const rows = bars.map(({ label, value, text }, row) => {
    const y = row * rowHeight;
    // A value that is not nothing is seen, however small it is beside the others.
    const length = value === 0 ? 0 : Math.max(2, Math.round((value / most) * barWidth));
    return html`<text x="${labelWidth - 8}" y="${y + 18}" text-anchor="end">${truncateMiddle(label, 32)}</text>
<rect class="track" x="${labelWidth}" y="${y + 5}" width="${barWidth}" height="16" rx="2" opacity=".35"/>
<rect class="bar" x="${labelWidth}" y="${y + 5}" width="${length}" height="16" rx="2"/>
<text x="${labelWidth + barWidth + 8}" y="${y + 18}">${text}</text>
`;
  });
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${said}</desc>
${rows}</svg>`;
}
