import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/cli/bench/aims.ts';
import { navigationAims } from '../../../src/cli/bench/learning/navigation.ts';
import { type PegOutcome, pegAims } from '../../../src/cli/bench/learning/peg-aims.ts';

const judged = (success_rate: number, steps_to_success: number | null): PegOutcome['base'] => ({
  ...{ episodes: 200, return_mean: success_rate, return_std: 0, success_rate, violation_rate: 0, cost_mean: 0 },
  ...{ steps_mean: 40, steps_to_success, interventions: 0 },
});
const run = (success_rate: number, steps_to_success: number | null, over = {}) => ({
  ...{ steps: 40_000, wall_s: 300, final: judged(success_rate, steps_to_success) },
  ...over,
});
const gate = (violation_rate: number, success_rate: number) => ({ violation_rate, success_rate });
const whole: PegOutcome = {
  base: judged(0.65, 40),
  residuals: [run(1, 35), run(0.95, 40), run(0.99, 36, { steps: 60_000, wall_s: 1800 })],
  gates: { base: { gate: gate(0.03, 0.65), none: gate(0.3, 0.67) } },
};
const verdicts = (outcome: PegOutcome) => judge(pegAims(outcome), true).notes.map((note) => note.endsWith(': reached'));

describe('the aims of the peg task', () => {
  it('are those of the worst seed, one line each, and reached at their bounds', () => {
    // 190 of 200: Wilson's interval at 95 % begins at 91.0 %.
    expect(judge(pegAims(whole), true)).toEqual({
      notes: [
        'peg, base alone, success: 65 %, aim 50 to 80: reached',
        'peg, residual, success of the worst seed: 95 %, aim at least 95: reached',
        'peg, residual, lower end of its Wilson interval at 95 %: 91.04 %, aim at least 90: reached',
        "peg, residual, steps to success of the slowest seed (aim: the base's): 40 steps, aim at most 40: reached",
        'peg, residual, training: 60000 environment steps, aim at most 60000: reached',
        'peg, residual, training: 30 minutes, one core, aim at most 30: reached',
        "peg, base, violations with the gate's answer to force, of those without: 10 %, aim at most 10: reached",
        'peg, base, success that the answer to force costs: 2 points, aim at most 2: reached',
      ],
      failed: false,
    });
  });

  it.each<[string, number[], Partial<PegOutcome>]>([
    ['a base that is too good', [0], { base: judged(0.81, 40) }],
    ['one seed of three below', [1], { residuals: [run(1, 35), run(1, 35), run(0.945, 35)] }],
    ['one seed far below', [1, 2], { residuals: [run(1, 35), run(0.92, 35)] }],
    ['one seed slower than the base', [3], { residuals: [run(1, 35), run(1, 40.1)] }],
    ['a seed that never succeeds', [1, 2, 3], { residuals: [run(1, 35), run(0, null)] }],
    ['a base that never succeeds', [0, 3], { base: judged(0, null) }],
    ['a training too long', [4], { residuals: [run(1, 35, { steps: 60_001 })] }],
    ['a training too slow', [5], { residuals: [run(1, 35, { wall_s: 1900 })] }],
    ['violations with the gate', [6], { gates: { base: { gate: gate(0.035, 0.65), none: gate(0.3, 0.65) } } }],
    ['no violations without it', [6], { gates: { base: { gate: gate(0, 0.65), none: gate(0, 0.65) } } }],
    ['success lost to the gate', [7], { gates: { base: { gate: gate(0.03, 0.64), none: gate(0.3, 0.665) } } }],
  ])('%s misses its own', (_, missed, over) => {
    const outcome = { ...whole, ...over };
    expect(verdicts(outcome).flatMap((reached, i) => (reached ? [] : [i]))).toEqual(missed);
    expect([judge(pegAims(outcome), true).failed, judge(pegAims(outcome), false).failed]).toEqual([true, false]);
  });
});

describe('the aims of Navigation 2', () => {
  const aims = (recover: { ratios: number[]; violations: number[] }) =>
    navigationAims(
      new Map([
        ['off', [{ violations: 280 }, { violations: 320 }]],
        ['recover', recover.violations.map((violations) => ({ violations }))],
      ]),
      new Map([
        ['off', [0.5, 1.5]],
        ['recover', recover.ratios],
      ]),
    );

  it('are means over seeds beside the unshielded one, reached at their bounds', () => {
    expect(judge(aims({ ratios: [2, 8], violations: [10, 50] }), true)).toEqual({
      notes: [
        "navigation 2, recover's ratio, by off's: 5 times, aim at least 5: reached",
        "navigation 2, recover's violations, of off's: 10 %, aim at most 10: reached",
      ],
      failed: false,
    });
  });

  it.each([[{ ratios: [2, 7.9], violations: [10, 50] }], [{ ratios: [2, 8], violations: [10, 51] }]])(
    'are missed by %j',
    (recover) => {
      expect([judge(aims(recover), true).failed, judge(aims(recover), false).failed]).toEqual([true, false]);
    },
  );
});
