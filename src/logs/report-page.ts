import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { LogSummary } from './inspect.ts';
import { reportScript } from './report-script.ts';
import type { Limits, TimeLines } from './time-lines.ts';

/** uPlot as it stands in its package: the page opens offline. */
const uplot = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
const read = (file: string) => readFileSync(join(uplot, 'dist', file), 'utf8');

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
/** JSON inside a script element: nothing in it may end the element. NaN becomes null, which uPlot draws as a gap. */
const embedded = (value: unknown) => JSON.stringify(value).replace(/</g, '\\u003c');

const STYLE = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1280px; padding: 16px; }
h1 { font-size: 20px; margin: 0 0 4px; } h2 { font-size: 15px; margin: 24px 0 8px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 8px 0; } dt { color: #888; } dd { margin: 0; }
.damage { border: 2px solid #c00; padding: 8px; }
#places { max-height: 320px; overflow: auto; border: 1px solid var(--line); padding: 0; margin: 0; list-style: none; }
#places button { all: unset; box-sizing: border-box; display: grid; grid-template-columns: 90px 110px 1fr; gap: 8px; width: 100%; padding: 3px 8px; cursor: pointer; }
#places button:hover, #places button:focus-visible, #places [aria-current=true] { background: #48f3; }
#places .stop { color: #c33; } #places .recovery { color: #b70; }
#word { min-height: 3em; border-left: 4px solid #48f; padding: 4px 12px; margin: 8px 0; white-space: pre-line; }
table { border-collapse: collapse; } td, th { text-align: left; padding: 2px 12px 2px 0; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
.plot { margin: 8px 0; } .hint { color: #888; }`;

/** A report of a log: one file, no network. */
export function reportPage(summary: LogSummary, lines: TimeLines, limits: Limits): string {
  const { topics, ...rest } = summary;
  const title = `${summary.run || 'log'}, ${summary.began}`;
  const percent = (of: Record<string, number>) =>
    Object.entries(of)
      .map(([name, share]) => `${name} ${(100 * share).toFixed(1)} %`)
      .join(', ') || 'none';
  const count = (of: Record<string, number>) =>
    Object.entries(of)
      .map(([name, n]) => `${name} ${n}`)
      .join(', ') || 'none';
  const facts: [string, string][] = [
    ['files', summary.paths.join(', ')],
    ['duration', `${summary.duration_s.toFixed(1)} s`],
    ['commands', `${summary.commands} in ${summary.ticks} ticks: ${percent(summary.sources)}`],
    ['modes', percent(summary.modes)],
    ['stops', count(summary.stops)],
    ['interventions', count(summary.interventions)],
    ['residual used', `${(100 * summary.residual_fraction).toFixed(1)} %`],
    [
      'tick',
      `median ${summary.compute_us.p50} µs, 99 % ${summary.compute_us.p99} µs, largest ${summary.compute_us.max} µs`,
    ],
    ['state to command', `median ${summary.loop_us.p50} µs, 99 % ${summary.loop_us.p99} µs`],
    ['journal', `${summary.journal.entries} calls, ${summary.journal.lost} lost`],
    ...Object.entries(summary.provenance),
  ];
  const row = (cells: readonly string[], tag = 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${read('uPlot.min.css')}${STYLE}</style></head>
<body>
<h1>${escapeHtml(title)}</h1>
${summary.damage === null ? '' : `<p class="damage" role="alert">The log is damaged; what could be read is here. ${escapeHtml(summary.damage)}</p>`}
<dl>${facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>
<h2>Where something took authority (${summary.incidents.length})</h2>
<ol id="places"></ol>
<p id="word" role="status">Choose a place above, or a moment in a time line: what the gate said there is shown here.</p>
<h2>Time lines</h2>
<p class="hint">Drag to zoom, double-click for the whole, arrow keys for the next place.</p>
<div id="plots"></div>
<h2>Topics</h2>
<table><thead>${row(['topic', 'type', 'messages', 'Hz', 'longest gap, s', 'at, s'], 'th')}</thead><tbody>
${Object.entries(topics)
  .map(([name, t]) =>
    row([name, t.type, String(t.messages), t.hz.toFixed(1), t.longest_gap_s.toFixed(3), t.gap_at_s.toFixed(3)]),
  )
  .join('\n')}
</tbody></table>
<script>${read('uPlot.iife.min.js')}</script>
<script id="data" type="application/json">${embedded({ incidents: rest.incidents, lines, limits })}</script>
<script>${reportScript}</script>
</body></html>
`;
}
