import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MODES, SOURCES } from '../../src/core/signals.ts';
import {
  ENDS,
  type Ending,
  isOn,
  PRACTICE_BEGIN,
  type PracticeEvent,
  type PracticeLimits,
  practise,
} from '../../src/practice/supervisor.ts';

const S = 1e9;
const LIMITS: PracticeLimits = { horizonNs: 10 * S, graceNs: S / 2, stuck: { distance: 0.001, forNs: 3 * S } };
type Tick = Extract<PracticeEvent, { kind: 'tick' }>;

const tick = (seconds: number, over: Partial<Tick> = {}): PracticeEvent => ({
  ...{ kind: 'tick', stampNs: seconds * S, mode: 'ACTIVE', source: 'policy' },
  // It moves by a centimetre each second, unless told otherwise.
  position: [0.01 * seconds, 0, 0],
  ...over,
});
const idle = (seconds: number) => tick(seconds, { mode: 'HOLD', source: 'hold' });
const ladder = (to: (typeof MODES)[number], cause: string): PracticeEvent => ({ kind: 'ladder', to, cause });
const task = (seconds: number, phase: string, violation = false): PracticeEvent => ({
  ...{ kind: 'task', stampNs: seconds * S, phase, violation },
});

/** A timeline: what came of each event that changed something, in short. */
function played(events: readonly PracticeEvent[], limits = LIMITS): string[] {
  let state = PRACTICE_BEGIN;
  return events.flatMap((event) => {
    const before = state;
    const after = practise(before, event, limits);
    state = after.state;
    const { ending } = after;
    return [
      ...(state.phase !== before.phase ? [state.phase] : []),
      ...(after.begun ? ['begun'] : []),
      ...(ending ? [`${ending.ended} (${ending.cause}) at ${ending.stampNs / S} s, ${ENDS[ending.ended]}`] : []),
      ...(after.disengage ? ['disengage'] : []),
    ];
  });
}
const BEGUN = ['waiting', 'practising', 'begun'];

describe('the supervisor of practice', () => {
  it('sees an episode from engaging to the task that is done, and waits for the next reset', () => {
    expect(
      played([
        idle(0),
        tick(1, { mode: 'ENGAGING' }),
        tick(2),
        task(2.5, 'success'),
        tick(2.6),
        idle(3),
        task(4, 'running'),
      ]),
    ).toEqual([...BEGUN, 'reset', 'success (success) at 2.5 s, terminated', 'disengage', 'waiting']);
  });

  it('does not begin on a task that is over, however engaged', () => {
    expect(played([idle(0), task(0, 'success'), tick(1), tick(2)])).toEqual(['waiting', 'reset']);
  });

  it('does not begin in the middle: who comes late waits for the next episode', () => {
    expect(played([tick(5), tick(6), idle(7), tick(8)])).toEqual(BEGUN);
  });

  it.each([
    ['a limit of the task broken', [task(2, 'running', true)], 'violation (violation) at 2 s, terminated', true],
    ['the time of the task', [task(2, 'timeout')], 'timeout (timeout) at 2 s, truncated', true],
    ['done and broken at once', [task(2, 'success', true)], 'success (success) at 2 s, terminated', true],
    [
      'the reward source: well',
      [{ kind: 'judged', stampNs: 2 * S, success: true }],
      'success (judged) at 2 s, terminated',
      true,
    ],
    [
      'the reward source: badly',
      [{ kind: 'judged', stampNs: 2 * S, success: false }],
      'failure (judged) at 2 s, terminated',
      true,
    ],
    [
      'a force too high',
      [ladder('STOPPING', 'force_limit')],
      'crashed (force_limit) at 1.000000001 s, terminated',
      false,
    ],
    [
      'no recovery left',
      [ladder('STOPPING', 'recovery_exhausted')],
      'crashed (recovery_exhausted) at 1.000000001 s, terminated',
      false,
    ],
    [
      'an operator',
      [ladder('STOPPING', 'operator_stop')],
      'stopped (operator_stop) at 1.000000001 s, truncated',
      false,
    ],
    ['an emergency stop', [ladder('ESTOP', 'estop')], 'stopped (estop) at 1.000000001 s, truncated', false],
    [
      'a state that is stale',
      [ladder('STOPPING', 'state_stale')],
      'errored (state_stale) at 1.000000001 s, truncated',
      false,
    ],
    ['a brain that died', [ladder('HOLD', 'brain_lost')], 'errored (brain_lost) at 1.000000001 s, truncated', false],
    [
      'a reflex that died',
      [{ kind: 'lost', cause: 'reflex_lost' }],
      'errored (reflex_lost) at 1.000000001 s, truncated',
      false,
    ],
    ['a stop of which nobody told why', [tick(2, { mode: 'STOPPED' })], 'errored (STOPPED) at 2 s, truncated', false],
  ] as [string, PracticeEvent[], string, boolean][])('labels the end by %s', (_by, events, ending, disengage) => {
    expect(played([idle(0), tick(1), ...events])).toEqual([
      ...BEGUN,
      'reset',
      ending,
      ...(disengage ? ['disengage'] : []),
    ]);
  });

  it('cuts short what is stuck, by where it is and not by how fast', () => {
    const still = (s: number, x: number) => tick(s, { position: [x, 0, 0] });
    const events = [idle(0), still(1, 0), still(2, 0.002), still(3, 0.0025), still(4, 0.0021), still(5, 0.0029)];
    expect(played(events)).toEqual([...BEGUN, 'reset', 'stuck (stuck) at 5 s, truncated', 'disengage']);
    expect(played([idle(0), still(1, 0), still(2, 0), still(3.9, 0), still(4.5, 0.002), still(6, 0.002)])).toEqual([
      ...BEGUN,
    ]);
    expect(played(events, { ...LIMITS, stuck: null })).toEqual(BEGUN);
  });

  it('does not call stuck what a person or a recovery holds still, nor a place that is no number', () => {
    const held = (s: number) => tick(s, { source: 'takeover', position: [0, 0, 0] });
    expect(played([idle(0), held(1), held(3), held(5), held(7)])).toEqual(['waiting', 'takeover', 'begun']);
    const lost = (s: number) => tick(s, { position: [Number.NaN, 0, 0] });
    expect(played([idle(0), lost(1), lost(3), lost(5), lost(7)])).toEqual(BEGUN);
  });

  it('goes through recovery and takeover within the episode, and counts its time from the begin', () => {
    expect(
      played([
        idle(0),
        tick(1),
        ladder('RECOVERY', 'risk'),
        tick(2, { mode: 'RECOVERY', source: 'recovery' }),
        ladder('ACTIVE', 'risk_low'),
        tick(3),
        tick(4, { source: 'takeover' }),
        tick(10.9),
        tick(11),
      ]),
    ).toEqual([
      ...BEGUN,
      ...['recovery', 'practising', 'takeover', 'practising'],
      ...['reset', 'timeout (horizon) at 11 s, truncated', 'disengage'],
    ]);
  });

  it('believes the task that it was done, when whoever saw that first has ended it', () => {
    const stop = [ladder('STOPPING', 'disengage'), tick(2, { mode: 'STOPPING' })];
    const thought = [...BEGUN, 'reset', 'stopped (disengage) at 1.000000001 s, truncated'];
    expect(played([idle(0), tick(1), ...stop, task(1, 'success')])).toEqual([
      ...thought,
      'success (success) at 1 s, terminated',
    ]);
    expect(played([idle(0), tick(1), ...stop, task(1.4, 'success')]).at(-1)).toBe(
      'success (success) at 1.4 s, terminated',
    );
    // Of a later moment it says nothing, and of the next episode still less.
    expect(played([idle(0), tick(1), ...stop, task(3, 'success')])).toEqual(thought);
    expect(played([idle(0), tick(1), ...stop, task(3, 'running'), task(4, 'success')])).toEqual(thought);
    // Nor of an episode that ended for a reason of its own.
    expect(played([idle(0), tick(1), ladder('STOPPING', 'force_limit'), task(1, 'success')]).slice(-1)).toEqual([
      'crashed (force_limit) at 1.000000001 s, terminated',
    ]);
  });

  it('whatever comes: begins and ends alternate, each end has one label, and it asks for an end only of an engaged policy', () => {
    const event = fc.oneof(
      fc.record({
        kind: fc.constant('tick' as const),
        stampNs: fc.integer({ min: 0, max: 20 }).map((s) => s * S),
        mode: fc.constantFrom(...MODES),
        source: fc.constantFrom(...SOURCES),
        position: fc.array(fc.double({ min: -1, max: 1 }), { minLength: 3, maxLength: 3 }),
      }),
      fc.record({
        kind: fc.constant('ladder' as const),
        to: fc.constantFrom(...MODES),
        cause: fc.constantFrom('disengage', 'force_limit', 'state_stale', 'engaged'),
      }),
      fc.record({
        kind: fc.constant('task' as const),
        stampNs: fc.integer({ min: 0, max: 20 }).map((s) => s * S),
        phase: fc.constantFrom('running', 'success', 'timeout'),
        violation: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('lost' as const), cause: fc.constant('reflex_lost') }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = PRACTICE_BEGIN;
        let on = false;
        let amendable: Ending | null = null;
        for (const e of events) {
          const { state: next, ending, begun, disengage } = practise(state, e, LIMITS);
          if (begun) {
            expect(on).toBe(false);
            on = true;
            amendable = null;
          }
          if (ending) {
            // Once more only to correct a stop that nobody but the task could explain.
            if (!on) expect(amendable?.ended).toBe('stopped');
            amendable = on ? ending : null;
            on = false;
          }
          expect(isOn(next)).toBe(on);
          if (disengage) expect(['ENGAGING', 'ACTIVE', 'RECOVERY']).toContain(next.mode);
          state = next;
        }
      }),
    );
  });
});
