/** The script of the report of a counterfactual (what-if-page.ts), on top of plot-script.ts. */
export const whatIfScript = String.raw`
const { interventions, stretches, lines, risk } = JSON.parse(document.getElementById('data').textContent);
const x = lines.atS;
const mm = (v) => (v === null || v === undefined ? '–' : Number(v).toPrecision(3));

function sentence(i) {
  const one = (k, name) => name + ': ' + lines.modes[lines.mode[k][i]] + ', risk ' + show(lines.risk[k][i], 3) + ', residual ' + show(lines.residual[k][i], 4);
  const apart = lines.distance[i] === 0 ? 'the same command' : lines.distance[i] === null ? 'one of them writes nothing' : 'setpoints ' + mm(lines.distance[i]) + ' apart';
  return 'at ' + show(x[i], 3) + ' s, tick ' + lines.tick[i] + ', force ' + show(lines.force[i], 1) + ' N: ' + apart + '\n' + one(0, 'in the log') + '\n' + one(1, 'would be');
}

const { plot, jump } = timeLines({
  x, sentence,
  marks: interventions.filter((p) => p.kept !== 'both').map((p) => p.at_s),
  shades: stretches.map((s) => [s.from_s, s.to_s]),
});
const pair = (name) => [{ label: 'log ' + name, colour: 0, width: 2 }, { label: 'would ' + name, colour: 1 }];
if (x.length > 0) {
  const size = lines.setpoint.length;
  const names = size === 9 ? ['x, m', 'y, m', 'z, m', 'qx', 'qy', 'qz', 'qw', 'stiffness, N/m', 'rotation stiffness'] : lines.setpoint.map((_, i) => String(i));
  plot('mode: ' + lines.modes.map((m, i) => i + ' ' + m).join(', '), pair('mode'), lines.mode, [], 130);
  plot('distance of the two setpoints', [{ label: 'distance', colour: 3 }], [lines.distance], [], 130);
  const bounds = ['low', 'high'].flatMap((b) => risk.was[b] === risk.would[b]
    ? [{ label: b, at: risk.was[b] }]
    : [{ label: b + ' in the log', at: risk.was[b], stroke: '#3b7dd8' }, { label: b + ' now', at: risk.would[b], stroke: '#d9822b' }]);
  plot('risk of what was let through', pair('risk'), lines.risk, bounds);
  plot('residual that went in, norm', pair('residual'), lines.residual, []);
  for (const i of size === 9 ? [0, 1, 2, 7] : names.map((_, i) => i)) plot('setpoint ' + names[i], pair(names[i]), lines.setpoint[i], []);
}

const seconds = (s) => s.toFixed(3) + ' s';
const stretchPlace = (s) => ({
  kind: 'span',
  cells: [s.from_s.toFixed(3) + ' to ' + seconds(s.to_s), s.ticks + ' ticks', s.because],
  go() {
    const around = Math.max(0.3, 0.15 * (s.to_s - s.from_s));
    jump(s.from_s, s.from_s - around, s.to_s + around,
      'from ' + s.from_s.toFixed(3) + ' to ' + seconds(s.to_s) + ', ' + s.ticks + ' ticks, up to ' + mm(s.distance) + ' apart: ' + s.because + '\nin the log: ' + s.was + '\nwould be: ' + s.would);
  },
});
const first = placesIn(document.getElementById('first'), stretches.slice(0, 1).map(stretchPlace));
const KEPT = { both: 'in both', lost: 'lost: only in the log', gained: 'gained: would have been' };
placesIn(document.getElementById('interventions'), interventions.map((p) => ({
  kind: p.kept,
  cells: [seconds(p.at_s), p.kept === 'both' ? 'in both' : p.kept, p.cause + ', by ' + (p.by === 'gate' ? 'the gate' : 'a person')],
  go: () => jump(p.at_s, p.at_s - 1, p.at_s + 1, 'at ' + seconds(p.at_s) + ': ' + p.cause + ', by ' + (p.by === 'gate' ? 'the gate' : 'a person') + '; ' + KEPT[p.kept]),
})));
const go = placesIn(document.getElementById('stretches'), stretches.map(stretchPlace));
if (askedS) go(stretches.findIndex((s) => s.to_s >= Number(askedS[1]) - 1e-9));
if (stretches.length === 0) document.getElementById('first').outerHTML = '<p id="first">None: every command is the same to the bit.</p>';
`;
