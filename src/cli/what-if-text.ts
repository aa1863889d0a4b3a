import type { WhatIf } from '../logs/what-if.ts';
import { table } from './output.ts';

/** Stretches that are listed; the rest is counted. */
const LISTED = 12;

const counts = (of: Record<string, number>) =>
  Object.entries(of)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ') || 'none';
const percent = (part: number, whole: number) => (whole === 0 ? '0' : ((100 * part) / whole).toFixed(1));

/** What would have been, as a person reads it. */
export function whatIfText(w: WhatIf): string {
  const both = (of: (side: WhatIf['was']) => string | number) => `${of(w.was)} → ${of(w.would)}`;
  const rows: [string, string][] = [
    ...(w.changes.length === 0 ? [['changed', 'nothing: both are the run of the log']] : []),
    ...w.changes.map((change) => ['changed', change]),
    [
      'different',
      `${w.different} of ${w.ticks} ticks (${percent(w.different, w.ticks)} %), ${w.duration_s.toFixed(1)} s`,
    ],
    ['commands', both((side) => side.commands)],
    ['interventions', both((side) => side.interventions)],
    ['residual used', both((side) => `${(100 * side.residual_fraction).toFixed(0)} %`)],
    ['ticks by mode', counts(w.was.modes)],
    ['  would be', counts(w.would.modes)],
    ['stops', counts(w.was.stops)],
    ['  would be', counts(w.would.stops)],
    [
      'setpoints apart',
      `where they differ: median ${mm(w.distance.p50)}, 99 % ${mm(w.distance.p99)}, largest ${mm(w.distance.max)}`,
    ],
  ] as [string, string][];
  const stretches = w.stretches
    .slice(0, LISTED)
    .map(
      (s) =>
        `${s.from_s.toFixed(3)} to ${s.to_s.toFixed(3)} s, ${s.ticks} ticks, up to ${mm(s.distance)}\n    was    ${s.was}\n    would  ${s.would}`,
    );
  const left = w.stretches.length - stretches.length;
  return [
    table(rows),
    ...(stretches.length > 0 ? ['', 'where they part', ...stretches.map((line) => `  ${line}`)] : []),
    ...(left > 0 ? [`  and ${left} more (--json has all)`] : []),
    ...(w.different > 0 ? ['', 'The states are those of the log: the robot did not follow the other commands.'] : []),
  ].join('\n');
}

const mm = (v: number) => (v === 0 ? '0' : v.toPrecision(3));
