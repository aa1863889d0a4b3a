import type { WhatIf } from '../logs/what-if.ts';
import { apartText, brief, differentText, firstText, OPEN_LOOP, whatIfRows } from '../logs/what-if-rows.ts';
import { table } from './output.ts';

/** Stretches that are listed; the rest is counted. */
const LISTED = 12;

/** What would have been, as a person reads it. */
export function whatIfText(w: WhatIf): string {
  const changes = w.changes.length === 0 ? ['nothing: both are the run of the log'] : w.changes;
  const first = firstText(w);
  const rows: [string, string][] = [
    ...changes.map((change): [string, string] => ['changed', change]),
    ['different', differentText(w)],
    ...(first === null ? [] : [['first', first] as [string, string]]),
    ...whatIfRows(w).map(([what, was, would]): [string, string] => [
      what,
      was === would ? `${was}, the same` : `${was} → ${would}`,
    ]),
    ['setpoints apart', apartText(w)],
    ...(['lost', 'gained'] as const).flatMap((kept): [string, string][] => {
      const of = w.interventions.filter((i) => i.kept === kept).map((i) => `${i.cause} at ${i.at_s.toFixed(3)} s`);
      const more = of.length > LISTED ? `, and ${of.length - LISTED} more` : '';
      return of.length === 0 ? [] : [[`interventions ${kept}`, of.slice(0, LISTED).join(', ') + more]];
    }),
  ];
  const stretches = w.stretches
    .slice(0, LISTED)
    .map(
      (s) =>
        `${s.from_s.toFixed(3)} to ${s.to_s.toFixed(3)} s, ${s.ticks} ticks, up to ${brief(s.distance)}\n    was    ${s.was}\n    would  ${s.would}\n    why    ${s.because}`,
    );
  const left = w.stretches.length - stretches.length;
  return [
    table(rows),
    ...(stretches.length > 0 ? ['', 'where they part', ...stretches.map((line) => `  ${line}`)] : []),
    ...(left > 0 ? [`  and ${left} more (--html and --json have all)`] : []),
    ...(w.different > 0 ? ['', OPEN_LOOP] : []),
  ].join('\n');
}
