import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import type { Transition } from '../../src/learning/environment.ts';
import { Batch, type ReplayBuffer, type Sampling } from '../../src/learning/replay.ts';
import { RESIDUAL_DEFAULTS, ResidualLearner } from '../../src/learning/residual.ts';
import { SAC_DEFAULTS, Sac } from '../../src/learning/sac.ts';

const SIZES = { observationSize: 1, actionSize: 1, baseSize: 1 };
// Nothing is learned here: only what is kept of what was observed.
const SMALL = { hidden: [4], batch: 2, learningStarts: 1_000_000 };
const GAMMA = 0.5;

interface Kept {
  at: number;
  by: 'human' | 'none';
  ends: 'terminated' | 'truncated' | 'no';
}

/** Step `at`, which leads to the state at + 1: where the next begins elsewhere, an episode lies between them. */
const transition = ({ at, by, ends }: Kept): Transition => ({
  ...{ observation: Float64Array.of(at), base: Float64Array.of(0), proposed: Float64Array.of(0) },
  ...{ executed: Float64Array.of(0), reward: at, cost: 0, nextBase: Float64Array.of(0), intervened: by },
  ...{ nextObservation: Float64Array.of(at + 1), terminated: ends === 'terminated', truncated: ends === 'truncated' },
});

/** What a person showed before, and then episodes in which policy and person take turns. */
const history = fc
  .tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.array(fc.record({ human: fc.boolean(), ends: fc.constantFrom('no', 'no', 'no', 'terminated', 'truncated') }), {
      minLength: 1,
      maxLength: 40,
    }),
  )
  .map(([shown, steps]) => {
    let at = 0;
    const numbered = (by: Kept['by'], ends: Kept['ends']): Kept => {
      const step = { at, by, ends };
      at += ends === 'no' ? 1 : 10;
      return step;
    };
    const demonstrated = Array.from({ length: shown }, (_, i) =>
      numbered('human', i === shown - 1 ? 'truncated' : 'no'),
    );
    return { demonstrated, lived: steps.map((s) => numbered(s.human ? 'human' : 'none', s.ends as Kept['ends'])) };
  });

/** Steps from `first` on that follow on one another and are held: at most `n`. */
function piece(first: number, held: ReadonlyMap<number, Kept>, n: number): Kept[] {
  const steps: Kept[] = [];
  for (let at = first; steps.length < n && held.has(at); at++) steps.push(held.get(at)!);
  return steps;
}

function judge(buffer: ReplayBuffer, held: readonly Kept[], { nStep, bootstrapTimeouts }: Sampling): void {
  const byStep = new Map(held.map((step) => [step.at, step]));
  const batch = new Batch(200, SIZES);
  buffer.sample(new SeededRandom(1), { ...SAMPLING, nStep, bootstrapTimeouts }, batch, 0, batch.rows);
  const drawn = Array.from(batch.observation, (first, row) => {
    const steps = piece(first, byStep, nStep);
    const last = steps.at(-1)!;
    const ended = last.ends === 'terminated' || (last.ends === 'truncated' && !bootstrapTimeouts);
    const sum = steps.reduce((reward, { at }, k) => reward + GAMMA ** k * at, 0);
    return {
      is: { first, next: batch.nextObservation[row], reward: batch.reward[row], discount: batch.discount[row] },
      shouldBe: { first, next: last.at + 1, reward: sum, discount: ended ? 0 : GAMMA ** steps.length },
    };
  });
  expect(drawn.map(({ is }) => is)).toEqual(drawn.map(({ shouldBe }) => shouldBe));
}
const SAMPLING: Sampling = { nStep: 1, gamma: GAMMA, bootstrapTimeouts: true, relabelling: 'executed' };

describe.each([
  ['residual', (capacity: number) => new ResidualLearner(SIZES, { ...RESIDUAL_DEFAULTS, ...SMALL, capacity })],
  ['sac', (capacity: number) => new Sac(SIZES, { ...SAC_DEFAULTS, ...SMALL, capacity })],
])('takeovers that %s learns from as demonstrations', (_, make) => {
  it('are each a piece of its own: no n-step transition goes from one to the next, and within one none ends early', () => {
    fc.assert(
      fc.property(
        history,
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        fc.constantFrom(5, 12, 100),
        ({ demonstrated, lived }, nStep, bootstrapTimeouts, capacity) => {
          const learner = make(capacity);
          for (const step of demonstrated) learner.demonstrations.add(transition(step));
          for (const step of lived) learner.observe(transition(step));
          const human = [...demonstrated, ...lived.filter(({ by }) => by === 'human')].slice(-capacity);
          expect(learner.demonstrations.size).toBe(human.length);
          if (human.length > 0) judge(learner.demonstrations, human, { ...SAMPLING, nStep, bootstrapTimeouts });
        },
      ),
      { numRuns: 60 },
    );
  });
});
