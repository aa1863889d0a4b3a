import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { Batch, ReplayBuffer } from '../../src/learning/replay.ts';
import { transitionsOf } from '../../src/practice/episode.ts';
import { PRACTICE_DEFAULTS } from '../../src/practice/practice-learner.ts';
import { ENDS, type Ended, PRACTICE_BEGIN, type PracticeState, practise } from '../../src/practice/supervisor.ts';
import { episode, SIZES } from './make.ts';

const LIMITS = { horizonNs: 10e9, graceNs: 0.05e9, stuck: { distance: 0.001, forNs: 1e9 } };
const tick = { kind: 'tick', source: 'policy', position: [0, 0, 0] } as const;

/** How an episode that began a second ago ends when `event` comes. */
function endOf(event: Parameters<typeof practise>[1]): Ended | undefined {
  const begun: PracticeState = { ...PRACTICE_BEGIN, phase: 'practising', task: 'running', mode: 'ACTIVE' };
  const state = { ...begun, beganNs: 0, nowNs: 1e9, placeNs: 0.5e9, place: [0, 0, 0] };
  return practise(state, event, LIMITS).ending?.ended;
}

/** What stands for the future in the target of the first of two decisions, with two steps in a return and \u03b3 = 0.5. */
function discountAfter(ended: Ended): number {
  const buffer = new ReplayBuffer({ capacity: 4, ...SIZES, baseSize: 1 });
  const terminated = ENDS[ended] === 'terminated';
  const told = episode('e', 2, { ended, terminated, truncated: !terminated });
  for (const transition of transitionsOf(told, SIZES)) buffer.add(transition);
  const batch = new Batch(1, { ...SIZES, baseSize: 1 });
  const random = new SeededRandom(1);
  do buffer.sample(random, { ...PRACTICE_DEFAULTS, nStep: 2, gamma: 0.5 }, batch, 0, 1);
  while (batch.observation[0] !== 0);
  return batch.discount[0]!;
}

describe('the end of an episode in practice, as the learner has it', () => {
  it.each<[what: string, event: Parameters<typeof practise>[1], ended: Ended, discount: number]>([
    ['a stop that an operator asked for', { kind: 'ladder', to: 'STOPPED', cause: 'operator_stop' }, 'stopped', 0.25],
    ['the emergency stop', { kind: 'ladder', to: 'ESTOP', cause: 'estop' }, 'stopped', 0.25],
    ['a tip that has not moved for a second', { ...tick, stampNs: 1.5e9, mode: 'ACTIVE' }, 'stuck', 0.25],
    ['time, by the robot', { ...tick, stampNs: 10e9, mode: 'ACTIVE', position: [1, 0, 0] }, 'timeout', 0.25],
    ['time, by the task', { kind: 'task', stampNs: 1e9, phase: 'timeout', violation: false }, 'timeout', 0.25],
    ['a sensor that is stale', { kind: 'ladder', to: 'STOPPED', cause: 'stale_state' }, 'errored', 0.25],
    ['a crash', { kind: 'ladder', to: 'STOPPED', cause: 'force_limit' }, 'crashed', 0],
    ['a limit of the task', { kind: 'task', stampNs: 1e9, phase: 'running', violation: true }, 'violation', 0],
    ['success', { kind: 'task', stampNs: 1e9, phase: 'success', violation: false }, 'success', 0],
    ['a failure that a person labels', { kind: 'judged', stampNs: 1e9, success: false }, 'failure', 0],
  ])('%s: its last value is asked for, \u03b3\u00b2 = 0.25, or has no future, 0', (_what, event, ended, discount) => {
    expect(endOf(event)).toBe(ended);
    expect(discountAfter(ended)).toBe(discount);
  });
});
