import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/cli/bench/aims.ts';
import { type CriticOutcome, criticAims } from '../../../src/cli/bench/learning/critic.ts';
import { navigationAims } from '../../../src/cli/bench/learning/navigation.ts';
import { type PegOutcome, pegAims } from '../../../src/cli/bench/learning/peg-aims.ts';
import { toldWay } from '../../../src/cli/bench/learning/peg-rows.ts';
import { wayOf } from '../../../src/cli/bench/learning/peg-way.ts';
import { type PracticeOutcome, practiceAims } from '../../../src/cli/bench/practice.ts';
import type { EvaluationPoint } from '../../../src/learning/trainer.ts';

const judged = (success_rate: number, steps_to_success: number | null): PegOutcome['base'] => ({
  ...{ episodes: 200, return_mean: success_rate, return_std: 0, success_rate, violation_rate: 0, cost_mean: 0 },
  ...{ steps_mean: 40, steps_to_success, interventions: 0 },
});
const run = (success_rate: number, steps_to_success: number | null, over = {}) => ({
  ...{ steps: 40_000, evaluated: 37_000, wall_s: 300, final: judged(success_rate, steps_to_success) },
  last: judged(Math.max(0.95, success_rate), steps_to_success),
  ...over,
});
const gate = (violation_rate: number, success_rate: number) => ({ violation_rate, success_rate });
const whole: PegOutcome = {
  base: judged(0.65, 40),
  residuals: [run(1, 35), run(0.95, 40), run(0.99, 36, { steps: 60_000, wall_s: 1800 })],
  gates: {
    base: { gate: [gate(0.03, 0.65)], none: [gate(0.3, 0.67)] },
    residual: {
      gate: [gate(0, 0.99), gate(0.01, 0.97), gate(0.02, 0.96)],
      none: [gate(0.1, 0.98), gate(0.1, 0.99), gate(0.3, 0.95)],
    },
  },
};
const gated = (gates: PegOutcome['gates'][string]['gate'], none: PegOutcome['gates'][string]['none']) => ({
  base: { gate: gates, none },
});
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
        'peg, residual, success of the worst last policy, which no evaluation selected: 95 %, aim at least 95: reached',
        'peg, residual, training (with its evaluations, which select the policy, 97000): 60000 environment steps of the learner, aim at most 60000: reached',
        'peg, residual, training: 30 minutes, one core, aim at most 30: reached',
        "peg, base, violations with the gate's answer to force, of those without: 10 %, aim at most 10: reached",
        'peg, base, success that the answer to force costs: 2 points, aim at most 2: reached',
        "peg, residual, violations of the worst seed with the gate's answer to force, of those without: 10 %, aim at most 10: reached",
        'peg, residual, success of the worst seed that the answer to force costs: 2 points, aim at most 2: reached',
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
    ['a last policy that is not the one that was kept', [4], { residuals: [run(1, 35, { last: judged(0.94, 35) })] }],
    ['a last policy that nobody judged', [4], { residuals: [run(1, 35, { last: null })] }],
    ['a training too long', [5], { residuals: [run(1, 35, { steps: 60_001 })] }],
    ['a training too slow', [6], { residuals: [run(1, 35, { wall_s: 1900 })] }],
    ['violations with the gate', [7], { gates: gated([gate(0.035, 0.65)], [gate(0.3, 0.65)]) }],
    ['no violations without it', [7], { gates: gated([gate(0, 0.65)], [gate(0, 0.65)]) }],
    ['success lost to the gate', [8], { gates: gated([gate(0.03, 0.64)], [gate(0.3, 0.665)]) }],
    ['one seed of two', [7, 8], { gates: gated([gate(0, 1), gate(0.03, 0.9)], [gate(0.2, 1), gate(0.2, 0.95)]) }],
  ])('%s misses its own', (_, missed, over) => {
    const outcome = { ...whole, ...over };
    expect(verdicts(outcome).flatMap((reached, i) => (reached ? [] : [i]))).toEqual(missed);
    expect([judge(pegAims(outcome), true).failed, judge(pegAims(outcome), false).failed]).toEqual([true, false]);
  });

  it('say nothing of a residual that nobody asked for', () => {
    expect(judge(pegAims({ ...whole, residuals: [], gates: {} }), true).notes).toEqual([
      'peg, base alone, success: 65 %, aim 50 to 80: reached',
    ]);
  });
});

describe('how a training came to its policy', () => {
  const at = (steps: number, success_rate: number, violation_rate: number, steps_mean: number): EvaluationPoint => ({
    ...{ ...judged(success_rate, 40), steps, episodes: 100, violation_rate, steps_mean },
  });

  it('by hand: the first good evaluation, the worst of any, and what they cost; one that was made again counts once', () => {
    const again = at(15_000, 0.95, 0.01, 35.5);
    expect(wayOf([at(5000, 0.2, 0.31, 120), at(10_000, 0.9, 0.02, 50), again, again])).toEqual({
      ...{ goodAt: 10_000, worstViolations: 0.31, evaluated: 12_000 + 5000 + 3550 },
    });
    expect(wayOf([at(5000, 0.89, 0, 50)]).goodAt).toBeNaN();
    expect(() => wayOf([])).toThrow(RangeError);
  });

  it('is told by seed, as the columns of the table', () => {
    const trained = { final: at(40_000, 1, 0, 35), last: null, evaluations: [at(5000, 0.8, 0.1, 50)] };
    const second = { ...trained, last: at(10_000, 0.985, 0, 40), evaluations: [at(9700, 0.95, 0, 40)] };
    expect(
      toldWay('residual', [
        { seed: 1, wall_s: 90, ...trained },
        { seed: 2, wall_s: 300, ...second },
      ]),
    ).toBe(
      'peg, residual, by seed: first evaluation of at least 90 % after never, 10 k decisions; worst violations of an evaluation 10.0 %, 0.0 %; ' +
        'last policy not judged, 98.5 %; evaluations 5000, 4000 decisions; 1.5, 5.0 minutes, on a machine that may have had other work',
    );
  });
});

describe('the aims of the critic', () => {
  const outcome: CriticOutcome = {
    policies: { base: { none: gate(0.3, 0.66), alone: [gate(0, 0.66), gate(0.03, 0.7), gate(0, 0.64)] } },
    digests: { sha256: ['a', 'a'], backends: ['wasm', 'wasm'] },
  };
  const missed = (over: Partial<CriticOutcome>) =>
    judge(criticAims({ ...outcome, ...over }), true).notes.flatMap((note, i) =>
      note.endsWith(': reached') ? [] : [i],
    );

  it('are those of the worst seed, reached at their bounds', () => {
    expect(judge(criticAims(outcome), true)).toEqual({
      notes: [
        'critic alone, base, violations of the worst seed, of those without any answer to force: 10 %, aim at most 10: reached',
        'critic alone, base, success of the worst seed that it costs: 2 points, aim at most 2: reached',
        "critic, weights of seed 1 that are not the shipped ones (SHA-256, the manifest's): 0 files, aim at most 0: reached",
      ],
      failed: false,
    });
  });

  const base = (...alone: CriticOutcome['policies'][string]['alone']) => ({
    policies: { base: { none: gate(0.3, 0.66), alone } },
  });
  it.each<[string, number[], Partial<CriticOutcome>]>([
    ['one seed of two that breaks more', [0], base(gate(0, 0.66), gate(0.032, 0.66))],
    ['one seed of two that fails more', [1], base(gate(0, 0.66), gate(0, 0.638))],
    ['no violations to prevent', [0], { policies: { base: { none: gate(0, 0.66), alone: [gate(0, 0.66)] } } }],
    ['other weights than the shipped', [2], { digests: { sha256: ['a', 'b'], backends: ['wasm', 'wasm'] } }],
  ])('%s misses its own', (_, which, over) => expect(missed(over)).toEqual(which));

  it('say nothing of digests where another backend made the weights, or there is no manifest', () => {
    expect(criticAims({ ...outcome, digests: { sha256: ['a', 'b'], backends: ['native', 'wasm'] } })).toHaveLength(2);
    expect(criticAims({ ...outcome, digests: null })).toHaveLength(2);
  });
});

describe('the aims of practice', () => {
  const practised: PracticeOutcome = {
    ...{ after: { episodes: 200, successes: 180, violations: 2 }, unanswered: { violations: 20 } },
    // Five of a hundred, all within fifty in a row, though in two halves of the hundred.
    told: Array.from({ length: 100 }, (_, i) => ({ violation: i >= 48 && i < 53 })),
    again: Array.from({ length: 80 }, (_, i) => ({ violation: i < 40 })),
    ...{ lost: 0, kills: 1 },
  };
  const reached = (over: Partial<PracticeOutcome>) =>
    judge(practiceAims({ ...practised, ...over }), true).notes.map((note) => note.endsWith(': reached'));

  it('are reached at their bounds', () => {
    expect(judge(practiceAims(practised), true)).toEqual({
      notes: [
        'practice, success afterwards: 90 %, aim at least 90: reached',
        "practice, violations afterwards, of the same policy's without an answer to force: 10 %, aim at most 10: reached",
        "practice, violations on the way, of the same versions' without an answer to force: 10 %, aim at most 10: reached",
        'practice, episodes on the way that broke a limit: 5 %, aim at most 5: reached',
        'practice, the worst 50 of them in a row: 10 %, aim at most 10: reached',
        'practice, episodes that the learner has not got: 0 episodes, aim at most 0: reached',
        'practice, times that the learner was killed: 1 times, aim 1 to 1: reached',
      ],
      failed: false,
    });
  });

  const broken = (from: number, to: number) =>
    Array.from({ length: 400 }, (_, i) => ({ violation: i >= from && i < to }));
  it.each<[string, number[], Partial<PracticeOutcome>]>([
    ['too little success', [0], { after: { episodes: 200, successes: 179, violations: 1 } }],
    ['an answer to force that helps too little', [1], { unanswered: { violations: 19 } }],
    [
      'no violations to prevent',
      [1],
      { after: { episodes: 200, successes: 200, violations: 0 }, unanswered: { violations: 0 } },
    ],
    [
      'versions that break little by themselves',
      [2],
      { again: Array.from({ length: 80 }, (_, i) => ({ violation: i < 39 })) },
    ],
    ['a bad stretch', [4], { told: broken(197, 203) }],
    ['a bad practice', [2, 3, 4], { told: broken(0, 21) }],
    ['no practice', [2, 3, 4], { told: [], again: [] }],
    ['an episode that got lost', [5], { lost: 1 }],
    ['a learner that nobody killed', [6], { kills: 0 }],
  ])('%s misses its own', (_, missed, over) => {
    expect(reached(over).flatMap((is, i) => (is ? [] : [i]))).toEqual(missed);
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
