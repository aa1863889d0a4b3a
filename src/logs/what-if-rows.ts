import type { Side, WhatIf } from './what-if-comparison.ts';

/** One line of the summary: in the log, and as it would have been. */
export type WhatIfRow = readonly [what: string, was: string, would: string];

/** The summary of a comparison, as the terminal, the report and the README have it. */
export function whatIfRows({ was, would }: WhatIf): WhatIfRow[] {
  const row = (what: string, of: (side: Side) => string | number): WhatIfRow => [
    what,
    String(of(was)),
    String(of(would)),
  ];
  const each = (what: (name: string) => string, counts: (side: Side) => Record<string, number>) =>
    names(counts(was), counts(would)).map((name) => row(what(name), (side) => counts(side)[name] ?? 0));
  return [
    row('commands', (s) => s.commands),
    row('interventions', (s) => s.interventions),
    ...each(
      (name) => `interventions: ${name}`,
      (s) => s.interventions_by,
    ),
    ...each(
      (name) => `stops: ${name}`,
      (s) => s.stops,
    ),
    ...each(
      (name) => `ticks in ${name}`,
      (s) => s.modes,
    ),
    row('residual left by the gate, mean', (s) => `${(100 * s.residual_fraction).toFixed(1)} %`),
    row('residual that went in, mean norm', (s) => brief(s.residual_norm)),
    row('risk, median', (s) => brief(s.risk.p50)),
    row('risk, 99 %', (s) => brief(s.risk.p99)),
    row('risk, largest', (s) => brief(s.risk.max)),
  ];
}

/** Three digits. */
export const brief = (v: number) => (v === 0 ? '0' : v.toPrecision(3));

/** `412 of 600 ticks (68.7 %), 6.0 s` */
export const differentText = ({ different, ticks, duration_s }: WhatIf) =>
  `${different} of ${ticks} ticks (${ticks === 0 ? 0 : ((100 * different) / ticks).toFixed(1)} %), ${duration_s.toFixed(1)} s`;

/** Distances of the setpoints: of the tip in m; of joints in rad or rad/s. */
export const apartText = ({ distance }: WhatIf) =>
  `where they differ: median ${brief(distance.p50)}, 99 % ${brief(distance.p99)}, largest ${brief(distance.max)}`;

/** `at 0.320 s, tick 32: the decision's residual is 0 in norm; …`, of the first stretch; null where there is none. */
export function firstText({ stretches: [first] }: WhatIf): string | null {
  return first === undefined ? null : `at ${first.from_s.toFixed(3)} s, tick ${first.tick}: ${first.because}`;
}

/** What the reader must know of every answer. */
export const OPEN_LOOP =
  'The states are those of the log: the robot did not follow the other commands. Shortly after the two part this is what ' +
  'would have happened; long after it, what the other gate makes of the same robot.';

function names(a: Record<string, number>, b: Record<string, number>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}
