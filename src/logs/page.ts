import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** uPlot as it stands in its package: the page opens offline. */
const uplot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
const read = (file: string) => readFileSync(join(uplot, 'dist', file), 'utf8');

/** JSON inside a script element: nothing in it may end the element. NaN becomes null, which uPlot draws as a gap. */
const embedded = (value: unknown) => JSON.stringify(value).replace(/</g, '\\u003c');

const STYLE = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1280px; padding: 16px; }
h1 { font-size: 20px; margin: 0 0 4px; } h2 { font-size: 15px; margin: 24px 0 8px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 8px 0; } dt { color: #888; } dd { margin: 0; }
.damage { border: 2px solid #c00; padding: 8px; }
[data-places] { max-height: 320px; overflow: auto; border: 1px solid var(--line); padding: 0; margin: 0; list-style: none; }
[data-places] button { all: unset; box-sizing: border-box; display: grid; grid-template-columns: 90px 110px 1fr; gap: 8px; width: 100%; padding: 3px 8px; cursor: pointer; }
[data-places] button:hover, [data-places] button:focus-visible, [data-places] [aria-current=true] { background: #48f3; }
[data-places] .stop { color: #c33; } [data-places] .recovery { color: #b70; }
#word { min-height: 3em; border-left: 4px solid #48f; padding: 4px 12px; margin: 8px 0; white-space: pre-line; position: sticky; top: 0; z-index: 5; background: Canvas; }
table { border-collapse: collapse; } td, th { text-align: left; padding: 2px 12px 2px 0; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
td.number { text-align: right; } .note { border: 2px solid #d92; padding: 8px; }
[data-places] .lost { color: #c33; } [data-places] .gained { color: #3a5; } [data-places] .span { grid-template-columns: 160px 90px 1fr; }
.bars { display: block; width: 100%; max-width: 720px; height: auto; font: 11px system-ui; fill: currentColor; }
.plot { margin: 8px 0; } .hint { color: #888; } .u-legend { font-variant-numeric: tabular-nums; }`;

export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** A row of a table; every cell is escaped. */
export const tableRow = (cells: readonly string[], tag: 'td' | 'th' = 'td') =>
  `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;

/**
 * One HTML file that needs nothing from elsewhere: uPlot, the data as JSON in `#data`, and the scripts, which run in order.
 * @param body HTML, escaped
 */
export function pageOf(parts: { title: string; body: string; data: unknown; scripts: readonly string[] }): string {
  const { title, body, data, scripts } = parts;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${read('uPlot.min.css')}${STYLE}</style></head>
<body>
${body}
<script>${read('uPlot.iife.min.js')}</script>
<script id="data" type="application/json">${embedded(data)}</script>
<script>${scripts.join('')}</script>
</body></html>
`;
}
