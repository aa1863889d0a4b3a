/** The script of a report of a log (report-page.ts), on top of plot-script.ts. */
export const reportScript = String.raw`
const { incidents, lines, limits } = JSON.parse(document.getElementById('data').textContent);
const x = lines.atS;

function sentence(i) {
  const near = incidents.filter((p) => Math.abs(p.at_s - x[i]) < 0.02).map((p) => p.text);
  const parts = ['at ' + show(x[i], 3) + ' s, tick ' + lines.tick[i] + ': ' + lines.modes[lines.mode[i]]];
  if (lines.risk[i] !== null) parts.push('risk ' + show(lines.risk[i], 2) + (limits.riskHigh === null ? '' : ' (high ' + limits.riskHigh + ')'));
  parts.push('force ' + show(lines.force[i], 1) + ' N' + (limits.forceLimit === null ? '' : ' (limit ' + limits.forceLimit + ')'));
  if (lines.residual[i] !== null) parts.push('residual ' + show(lines.residual[i], 2));
  parts.push('tick took ' + show(lines.computeUs[i], 0) + ' µs');
  return parts.join(', ') + (near.length ? '\n' + near.join('\n') : '');
}

const marks = incidents.filter((p) => p.kind !== 'residual cut').map((p) => p.at_s);
const { plot, jump } = timeLines({ x, marks, shades: [], sentence });
if (x.length > 0) {
  const names = lines.setpoint.length === 9 ? ['x', 'y', 'z', 'qx', 'qy', 'qz', 'qw', 'stiffness', 'rotation stiffness'] : lines.setpoint.map((_, i) => String(i));
  const one = (label) => [{ label }];
  plot('mode: ' + lines.modes.map((m, i) => i + ' ' + m).join(', '), one('mode'), [lines.mode], [], 120);
  plot('risk', one('risk'), [lines.risk], [{ label: 'low', at: limits.riskLow }, { label: 'high', at: limits.riskHigh }]);
  plot('force, N', one('force'), [lines.force], [{ label: 'soft', at: limits.forceSoft }, { label: 'limit', at: limits.forceLimit }]);
  plot('share of the residual', one('residual'), [lines.residual], []);
  // Of a pose the orientation is left to the viewers that draw it.
  const shown = lines.setpoint.length === 9 ? [0, 1, 2, 7] : names.map((_, i) => i);
  for (const i of shown)
    plot('setpoint ' + names[i], [{ label: 'wanted ' + names[i], dashed: true }, { label: 'sent ' + names[i] }], [lines.aim[i], lines.setpoint[i]], []);
  plot('time of the tick, µs', one('compute'), [lines.computeUs], []);
}

const go = placesIn(document.getElementById('places'), incidents.map((p) => ({
  kind: p.kind.replace(' ', '-'),
  cells: [p.at_s.toFixed(3) + ' s', p.kind, p.text],
  go: () => jump(p.at_s, p.at_s - 1.5, p.at_s + 1.5, 'at ' + p.at_s.toFixed(3) + ' s, tick ' + p.tick + ': ' + p.text),
})));
if (askedS) go(incidents.findIndex((p) => p.at_s >= Number(askedS[1]) - 1e-9));
`;
