import { escapeHtml, pageOf, tableRow } from './page.ts';
import { plotScript } from './plot-script.ts';
import { RISK_BINS, type WhatIf } from './what-if-comparison.ts';
import { apartText, differentText, OPEN_LOOP, whatIfRows } from './what-if-rows.ts';
import { whatIfScript } from './what-if-script.ts';
import type { RiskBounds } from './what-if-tick.ts';

/** Lines of the two for the reader's eye; NaN where there is none. */
export interface TwoLines {
  atS: number[];
  tick: number[];
  modes: string[];
  /** Each as it was, and as it would have been. Modes are indices into `modes`; residuals norms in units of the action. */
  mode: [number[], number[]];
  risk: [number[], number[]];
  residual: [number[], number[]];
  /** Low-passed norm of the external force, N: the robot's, so the same for both. */
  force: number[];
  distance: number[];
  /** One pair for each element of a setpoint. */
  setpoint: [number[], number[]][];
}

/** What the page needs to know of the log and of the two configs. */
export interface Asked {
  run: string;
  began: string;
  paths: readonly string[];
  sets: readonly string[];
  risk: { was: RiskBounds; would: RiskBounds };
}

/** The report of a counterfactual: one file, no network. */
export function whatIfPage(w: WhatIf, lines: TwoLines, asked: Asked): string {
  const title = `What if: ${asked.sets.join(', ') || 'nothing was changed'}`;
  const lost = w.interventions.filter((i) => i.kept === 'lost').length;
  const gained = w.interventions.filter((i) => i.kept === 'gained').length;
  const changes = w.changes.length === 0 ? ['nothing: both are the run of the log'] : w.changes;
  const facts: [string, string][] = [
    ['log', `${asked.paths.join(', ')} (run ${asked.run}${asked.began === '' ? '' : `, ${asked.began}`})`],
    ...changes.map((change): [string, string] => ['changed', change]),
    ['different', differentText(w)],
    ['setpoints apart', `${apartText(w)} (of the tip in m; of joints in rad or rad/s)`],
  ];
  const body = `<h1>${escapeHtml(title)}</h1>
<dl>${facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>
<p class="note" role="note">The inputs are the logged ones. ${escapeHtml(OPEN_LOOP)}</p>
<h2>Summary</h2>
<table id="summary"><thead>${tableRow(['', 'in the log', 'would have been'], 'th')}</thead><tbody>
${whatIfRows(w)
  .map((row) => tableRow(row))
  .join('\n')}
</tbody></table>
<h2>First difference</h2>
<ol id="first" data-places></ol>
<h2>Interventions: ${lost} lost, ${gained} gained, ${w.interventions.length - lost - gained} in both</h2>
<ol id="interventions" data-places></ol>
<h2>Where they part (${w.stretches.length})</h2>
<ol id="stretches" data-places></ol>
<p id="word" role="status">Choose a place above, or a moment in a time line: both are told here.</p>
<h2>Time lines</h2>
<p class="hint">Drag to zoom, double-click for the whole, arrow keys for the next place of the list that was used last. Shaded: where the two differ.</p>
<div id="plots"></div>
<h2>Risk of what was let through, ticks</h2>
${bars(w.was.risk_bins, w.would.risk_bins)}`;
  const { interventions, stretches } = w;
  return pageOf({
    ...{ title, body, scripts: [plotScript, whatIfScript] },
    data: { interventions, stretches, lines, risk: asked.risk },
  });
}

/** Two bars for each bin of the risk; heights on a logarithmic scale, so that the few ticks of large risk are seen. */
function bars(was: readonly number[], would: readonly number[]): string {
  const [width, height, foot] = [720, 150, 18];
  const top = Math.log1p(Math.max(1, ...was, ...would));
  const step = width / RISK_BINS;
  const bar = (n: number, x: number, colour: string, of: string) => {
    const high = (Math.log1p(n) / top) * (height - foot - 14);
    return `<rect x="${x.toFixed(1)}" y="${(height - foot - high).toFixed(1)}" width="${(step * 0.4).toFixed(1)}" height="${high.toFixed(1)}" fill="${colour}"><title>${n} ticks ${of}</title></rect>`;
  };
  const each = was.map((n, i) => {
    const from = (i / RISK_BINS).toFixed(2);
    const label =
      i % 2 === 0 ? `<text x="${(i * step).toFixed(1)}" y="${height - 4}" text-anchor="start">${from}</text>` : '';
    return bar(n, i * step, '#3b7dd8', 'in the log') + bar(would[i]!, (i + 0.42) * step, '#d9822b', 'would be') + label;
  });
  return `<svg class="bars" viewBox="0 0 ${width} ${height}" role="img" aria-label="ticks by risk, logarithmic: in the log blue, would be orange">${each.join('')}</svg>
<p class="hint">Blue: in the log. Orange: would have been. The height is the logarithm of the number of ticks; hold the pointer over a bar for the number.</p>`;
}
