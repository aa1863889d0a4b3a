import { wilson } from '../../../learning/judging/binomial.ts';
import type { Row } from '../rows.ts';
import type { Judged } from './peg-aims.ts';
import { wayOf } from './peg-way.ts';
import { seedRow, spread } from './runs.ts';
import type { TrainedRun } from './train.ts';

/** Of the policy that each run kept, a value a seed. */
export const rowsOf = (arm: string, finals: readonly Judged[]): Row[] =>
  (
    [
      ['success', 'success_rate'],
      ['violations', 'violation_rate'],
      ['steps', 'steps_mean'],
      ['steps to success', 'steps_to_success'],
    ] as const
  ).map(([unit, of]) =>
    seedRow(
      `peg, ${arm}`,
      'ours',
      unit,
      finals.map((f) => f[of] ?? Number.NaN),
    ),
  );

/** Of how each run came to its policy: the one that it ended with, and its evaluations on the way. */
export function wayRows(arm: string, runs: readonly TrainedRun[]): Row[] {
  const row = (unit: string, of: (run: TrainedRun) => number) => seedRow(`peg, ${arm}`, 'ours', unit, runs.map(of));
  return [
    row('success of the last policy', ({ last }) => last?.success_rate ?? Number.NaN),
    row('violations of the last policy', ({ last }) => last?.violation_rate ?? Number.NaN),
    row('decisions to 90 % in an evaluation', ({ evaluations }) => wayOf(evaluations).goodAt),
    row('worst violations of an evaluation', ({ evaluations }) => wayOf(evaluations).worstViolations),
    row('decisions in evaluations', ({ evaluations }) => wayOf(evaluations).evaluated),
    row('minutes', ({ wall_s }) => wall_s / 60),
  ];
}

export function told(arm: string, runs: readonly { seed: number | string; final: Judged }[]): string {
  const success = spread(runs.map((r) => r.final.success_rate));
  const each = runs.map(({ seed, final }) => {
    const [low, high] = wilson(Math.round(final.success_rate * final.episodes), final.episodes);
    return `seed ${seed} ${percent(final.success_rate)} (${percent(low)} to ${percent(high)}), violations ${percent(final.violation_rate)}, ${final.steps_mean.toFixed(1)} steps, ${final.steps_to_success?.toFixed(1) ?? 'none'} to success`;
  });
  return `peg, ${arm}: success ${percent(success.mean)} ± ${percent(success.sd)}; ${each.join('; ')}`;
}

/** The columns of the README's table that tell how each seed came there. */
export function toldWay(arm: string, runs: readonly TrainedRun[]): string {
  const ways = runs.map(({ evaluations }) => wayOf(evaluations));
  const of = <T>(all: readonly T[], text: (one: T) => string) => all.map(text).join(', ');
  const thousands = (decisions: number) => (Number.isNaN(decisions) ? 'never' : `${Math.round(decisions / 1000)} k`);
  return [
    `peg, ${arm}, by seed: first evaluation of at least 90 % after ${of(ways, (w) => thousands(w.goodAt))} decisions`,
    `worst violations of an evaluation ${of(ways, (w) => percent(w.worstViolations))}`,
    `last policy ${of(runs, ({ last }) => (last === null ? 'not judged' : percent(last.success_rate)))}`,
    `evaluations ${of(ways, (w) => `${w.evaluated}`)} decisions`,
    `${of(runs, ({ wall_s }) => (wall_s / 60).toFixed(1))} minutes, on a machine that may have had other work`,
  ].join('; ');
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
