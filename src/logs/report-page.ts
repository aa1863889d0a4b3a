import type { LogSummary } from './inspect.ts';
import { escapeHtml, pageOf, tableRow as row } from './page.ts';
import { plotScript } from './plot-script.ts';
import { reportScript } from './report-script.ts';
import type { Limits, TimeLines } from './time-lines.ts';

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
  const body = `<h1>${escapeHtml(title)}</h1>
${summary.damage === null ? '' : `<p class="damage" role="alert">The log is damaged; what could be read is here. ${escapeHtml(summary.damage)}</p>`}
<dl>${facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>
<h2>Where something took authority (${summary.incidents.length})</h2>
<ol id="places" data-places></ol>
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
</tbody></table>`;
  return pageOf({
    ...{ title, body, data: { incidents: rest.incidents, lines, limits } },
    scripts: [plotScript, reportScript],
  });
}
