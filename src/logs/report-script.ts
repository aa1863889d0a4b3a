/** The script of a report (report-page.ts): time lines that share one cursor and one zoom, and places to jump to. */
export const reportScript = String.raw`
'use strict';
const { incidents, lines, limits } = JSON.parse(document.getElementById('data').textContent);
const x = lines.atS;
const plots = [];
const word = document.getElementById('word');
const COLOURS = ['#3b7dd8', '#d9822b', '#3da35d', '#b5459e', '#8a8a2b', '#c14b4b', '#4bb3b3', '#7a5cc1', '#777'];
const show = (v, digits) => (v === null || v === undefined ? '–' : Number(v).toFixed(digits));

function sentence(i) {
  const near = incidents.filter((p) => Math.abs(p.at_s - x[i]) < 0.02).map((p) => p.text);
  const parts = ['at ' + show(x[i], 3) + ' s, tick ' + lines.tick[i] + ': ' + lines.modes[lines.mode[i]]];
  if (lines.risk[i] !== null) parts.push('risk ' + show(lines.risk[i], 2) + (limits.riskHigh === null ? '' : ' (high ' + limits.riskHigh + ')'));
  parts.push('force ' + show(lines.force[i], 1) + ' N' + (limits.forceLimit === null ? '' : ' (limit ' + limits.forceLimit + ')'));
  if (lines.residual[i] !== null) parts.push('residual ' + show(lines.residual[i], 2));
  parts.push('tick took ' + show(lines.computeUs[i], 0) + ' µs');
  return parts.join(', ') + (near.length ? '\n' + near.join('\n') : '');
}

const sync = uPlot.sync('log');
function plot(title, series, data, levels, height) {
  const holder = document.createElement('div');
  holder.className = 'plot';
  document.getElementById('plots').append(holder);
  const flat = levels.filter((l) => l.at !== null);
  const made = new uPlot({
    title, width: holder.clientWidth || 1000, height: height || 170,
    cursor: { sync: { key: sync.key, setSeries: false }, drag: { x: true, y: false } },
    scales: { x: { time: false } },
    axes: [{ stroke: '#888', grid: { stroke: '#8883' } }, { stroke: '#888', grid: { stroke: '#8883' }, size: 60 }],
    series: [{ label: 's' }].concat(
      series.map((label, k) => ({ label, stroke: COLOURS[k % COLOURS.length], width: 1, points: { show: false }, dash: label.startsWith('wanted') ? [4, 3] : undefined })),
      flat.map((l) => ({ label: l.label, stroke: '#c33', dash: [6, 4], width: 1, points: { show: false } })),
    ),
    hooks: {
      setCursor: [(u) => { if (u.cursor.idx !== null && u.cursor.idx !== undefined) word.textContent = sentence(u.cursor.idx); }],
      setScale: [(u, key) => {
        if (key !== 'x') return;
        const { min, max } = u.scales.x;
        for (const other of plots) if (other !== u && (other.scales.x.min !== min || other.scales.x.max !== max)) other.setScale('x', { min, max });
      }],
      draw: [(u) => {
        u.ctx.save();
        u.ctx.strokeStyle = '#c338';
        for (const p of incidents) {
          if (p.kind === 'residual cut') continue;
          const at = u.valToPos(p.at_s, 'x', true);
          if (at < u.bbox.left || at > u.bbox.left + u.bbox.width) continue;
          u.ctx.beginPath(); u.ctx.moveTo(at, u.bbox.top); u.ctx.lineTo(at, u.bbox.top + u.bbox.height); u.ctx.stroke();
        }
        u.ctx.restore();
      }],
    },
  }, [x].concat(data, flat.map((l) => x.map(() => l.at))), holder);
  plots.push(made);
}

if (x.length > 0) {
  const names = lines.setpoint.length === 9 ? ['x', 'y', 'z', 'qx', 'qy', 'qz', 'qw', 'stiffness', 'rotation stiffness'] : lines.setpoint.map((_, i) => String(i));
  plot('mode: ' + lines.modes.map((m, i) => i + ' ' + m).join(', '), ['mode'], [lines.mode], [], 120);
  plot('risk', ['risk'], [lines.risk], [{ label: 'low', at: limits.riskLow }, { label: 'high', at: limits.riskHigh }]);
  plot('force, N', ['force'], [lines.force], [{ label: 'soft', at: limits.forceSoft }, { label: 'limit', at: limits.forceLimit }]);
  plot('share of the residual', ['residual'], [lines.residual], []);
  // Three or more lines of one unit in a plot; of a pose the orientation is left to the viewers that draw it.
  const groups = lines.setpoint.length === 9 ? [[0], [1], [2], [7]] : names.map((_, i) => [i]);
  for (const g of groups) plot('setpoint ' + g.map((i) => names[i]).join(', '), g.flatMap((i) => ['wanted ' + names[i], 'sent ' + names[i]]), g.flatMap((i) => [lines.aim[i], lines.setpoint[i]]), []);
  plot('time of the tick, µs', ['compute'], [lines.computeUs], []);
}

const places = document.getElementById('places');
let current = -1;
function go(i) {
  const p = incidents[i];
  if (p === undefined) return;
  current = i;
  for (const [k, b] of [...places.querySelectorAll('button')].entries()) b.setAttribute('aria-current', String(k === i));
  places.querySelectorAll('button')[i].scrollIntoView({ block: 'nearest' });
  location.hash = 't=' + p.at_s.toFixed(3);
  let at = x.findIndex((s) => s >= p.at_s);
  if (at < 0) at = x.length - 1;
  for (const u of plots) u.setScale('x', { min: p.at_s - 1.5, max: p.at_s + 1.5 });
  const said = 'at ' + p.at_s.toFixed(3) + ' s, tick ' + p.tick + ': ' + p.text + '\n' + sentence(at);
  word.textContent = said;
  // The scales are drawn first; the cursor of one plot is that of all.
  if (plots[0]) requestAnimationFrame(() => { plots[0].setCursor({ left: plots[0].valToPos(x[at], 'x'), top: 10 }); word.textContent = said; });
}
incidents.forEach((p, i) => {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  button.className = p.kind.replace(' ', '-');
  for (const text of [p.at_s.toFixed(3) + ' s', p.kind, p.text]) {
    const span = document.createElement('span');
    span.textContent = text;
    button.append(span);
  }
  button.addEventListener('click', () => go(i));
  item.append(button);
  places.append(item);
});
addEventListener('keydown', (e) => {
  if (e.key === 'ArrowRight' || e.key === 'ArrowDown') { e.preventDefault(); go(Math.min(current + 1, incidents.length - 1)); }
  if (e.key === 'ArrowLeft' || e.key === 'ArrowUp') { e.preventDefault(); go(Math.max(current - 1, 0)); }
});
const asked = /t=([\d.]+)/.exec(location.hash);
if (asked) go(incidents.findIndex((p) => p.at_s >= Number(asked[1]) - 1e-9));
`;
