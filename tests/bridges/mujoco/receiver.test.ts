import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EquilibriumCommand, Stop } from '../../../bridges/messages/messages.ts';
import { Receiver } from '../../../bridges/mujoco/receiver.ts';
import { command } from './rig.ts';

const MS = 1e6;
const stop = (epoch: number, reason = 'test'): Stop => ({
  header: { stamp: { sec: 0, nanosec: 0 }, frame_id: 'base' },
  epoch,
  reason,
});

describe('the deadman', () => {
  it('starts by holding and follows the first valid command, even epoch 0, sequence 0', () => {
    const r = new Receiver(100);
    expect([r.holding, r.reason, r.status(0).command_age_ms]).toEqual([true, 'start', -1]);
    expect(r.receive(command(0, 0), 5 * MS)).toBe('');
    expect([r.holding, r.reason, r.status(8 * MS).command_age_ms]).toEqual([false, '', 3]);
    expect(Array.from(r.setpoint)).toEqual([0.5, 0, 0.1, 1, 0, 0, 0, 2000, 150]);
  });

  it('that forgets is as at first, whatever it had heard: an old epoch, and one that was stopped', () => {
    const r = new Receiver(100);
    r.receive(command(7, 9), 0);
    r.stop(stop(7));
    expect(r.receive(command(7, 10), MS)).toBe('stopped');
    r.forget();
    expect(r.status(2 * MS)).toEqual(new Receiver(100).status(2 * MS));
    expect(r.receive(command(0, 0), 2 * MS)).toBe('');
    expect(r.receive(command(0, 0), 3 * MS)).toBe('old sequence');
  });

  it('lets go after the lease where that is shorter: at 50 ms it follows, a nanosecond later it holds', () => {
    const r = new Receiver(100);
    r.receive(command(1, 1, undefined, { lease_ms: 50 }), 0);
    expect(r.watch(50 * MS)).toBe(false);
    expect(r.watch(50 * MS + 1)).toBe(true);
    expect([r.holding, r.reason]).toEqual([true, 'deadman']);
    expect(r.watch(60 * MS)).toBe(false);
  });

  it('lets go after 100 ms where the lease asks for half a second', () => {
    const r = new Receiver(100);
    r.receive(command(1, 1, undefined, { lease_ms: 500 }), 0);
    expect(r.watch(100 * MS)).toBe(false);
    expect(r.watch(101 * MS)).toBe(true);
  });

  it('each accepted command begins the time anew, a refused one does not', () => {
    const r = new Receiver(100);
    r.receive(command(1, 1), 0);
    r.receive(command(1, 2), 80 * MS);
    expect(r.watch(180 * MS)).toBe(false);
    expect(r.receive(command(1, 2), 170 * MS)).toBe('old sequence');
    expect(r.receive(command(1, 3, [Number.NaN, 0, 0, 1, 0, 0, 0, 1, 1]), 175 * MS)).toBe('malformed');
    expect(r.watch(181 * MS)).toBe(true);
    expect([r.accepted, r.refused, r.lastRefusal]).toEqual([2, 2, 'malformed']);
  });

  it('stays latched: the next command of its epoch is refused even when nobody watched in between', () => {
    const r = new Receiver(100);
    r.receive(command(1, 1), 0);
    expect(r.receive(command(1, 2), 150 * MS)).toBe('held');
    expect([r.holding, r.reason]).toEqual([true, 'deadman']);
    expect(r.receive(command(2, 1), 160 * MS)).toBe('');
  });

  it('follows again after release, in the same epoch', () => {
    const r = new Receiver(100);
    r.receive(command(1, 1), 0);
    r.watch(101 * MS);
    r.release();
    expect(r.holding).toBe(true);
    expect(r.receive(command(1, 1), 200 * MS)).toBe('old sequence');
    expect(r.receive(command(1, 2), 200 * MS)).toBe('');
    expect(r.holding).toBe(false);
  });

  it('follows a hold that is streamed to it like any command', () => {
    const r = new Receiver(100);
    for (let i = 1; i <= 5; i++)
      expect(r.receive(command(1, i, undefined, { mode: 'HOLD', source: 'hold' }), i * 50 * MS)).toBe('');
    expect(r.holding).toBe(false);
  });
});

describe('a stop', () => {
  it('holds at once and refuses its epoch and every one before, until a newer one', () => {
    const r = new Receiver(100);
    r.receive(command(3, 1), 0);
    r.stop(stop(5, 'reflex silent'));
    expect([r.holding, r.reason]).toEqual([true, 'stop: reflex silent']);
    expect(r.receive(command(3, 2), MS)).toBe('stopped');
    expect(r.receive(command(4, 1), MS)).toBe('stopped');
    expect(r.receive(command(5, 1), MS)).toBe('stopped');
    expect(r.receive(command(6, 1), MS)).toBe('');
  });

  it('of an old epoch still stops the epoch in force', () => {
    const r = new Receiver(100);
    r.receive(command(3, 1), 0);
    r.stop(stop(1));
    expect(r.receive(command(3, 2), MS)).toBe('stopped');
  });

  it('is not lifted by a new episode, not even before the first command', () => {
    const r = new Receiver(100);
    r.stop(stop(7, 'person'));
    r.restart();
    expect(r.reason).toBe('stop: person');
    expect(r.receive(command(7, 1), 0)).toBe('stopped');
    expect(r.receive(command(8, 1), 0)).toBe('');
    r.stop(stop(12));
    r.restart();
    expect(r.receive(command(12, 1), MS)).toBe('stopped');
    r.release();
    expect(r.receive(command(12, 1), MS)).toBe('');
  });

  it('is never made weaker by a later one of an older epoch', () => {
    const r = new Receiver(100);
    r.stop(stop(9));
    r.stop(stop(2));
    expect(r.receive(command(9, 1), 0)).toBe('stopped');
  });

  it.each([[null], [undefined], [{}], [{ epoch: Number.NaN, reason: 7 }], ['stop']])('works as %j', (message) => {
    const r = new Receiver(100);
    r.receive(command(3, 1), 0);
    r.stop(message as never);
    expect(r.holding).toBe(true);
    expect(r.reason).toMatch(/^stop: /);
    expect(r.receive(command(3, 2), MS)).toBe('stopped');
  });
});

describe('a new episode', () => {
  it('holds, and refuses the epoch of the episode before', () => {
    const r = new Receiver(100);
    r.receive(command(1, 1), 0);
    r.restart();
    expect([r.holding, r.reason]).toEqual([true, 'start']);
    expect(r.receive(command(1, 2), MS)).toBe('held');
    expect(r.receive(command(2, 1), MS)).toBe('');
  });
});

describe('what is refused', () => {
  const good = command(1, 1);
  const { position, orientation } = good.pose;
  const bad: [string, unknown, string][] = [
    ['null', null, 'malformed'],
    ['a string', 'go', 'malformed'],
    ['nothing in it', {}, 'malformed'],
    ['no pose', { ...good, pose: null }, 'malformed'],
    ['no orientation', { ...good, pose: { position } }, 'malformed'],
    ['null for a coordinate', { ...good, pose: { position: { ...position, y: null }, orientation } }, 'malformed'],
    ['text for a coordinate', { ...good, pose: { position: { ...position, y: '0' }, orientation } }, 'malformed'],
    ['infinite stiffness', { ...good, stiffness: Number.POSITIVE_INFINITY }, 'malformed'],
    ['negative stiffness', { ...good, stiffness: -1 }, 'malformed'],
    [
      'quaternion of length 1.1',
      { ...good, pose: { position, orientation: { x: 1.1, y: 0, z: 0, w: 0 } } },
      'malformed',
    ],
    ['quaternion of zeros', { ...good, pose: { position, orientation: { x: 0, y: 0, z: 0, w: 0 } } }, 'malformed'],
    ['no epoch', { ...good, epoch: undefined }, 'malformed'],
    ['half a sequence', { ...good, seq: 1.5 }, 'malformed'],
    ['negative epoch', { ...good, epoch: -1 }, 'malformed'],
    ['endless lease', { ...good, lease_ms: Number.POSITIVE_INFINITY }, 'malformed'],
    ['no lease', { ...good, lease_ms: 0 }, 'no lease'],
    ['5001 N/m', { ...good, stiffness: 5001 }, 'too stiff'],
    ['501 Nm/rad', { ...good, stiffness_rotation: 501 }, 'too stiff'],
  ];

  it.each(bad)('%s', (_name, message, refusal) => {
    const r = new Receiver(100);
    expect(r.receive(message as EquilibriumCommand, 0)).toBe(refusal);
    expect([r.holding, r.accepted, r.refused, r.lastRefusal]).toEqual([true, 0, 1, refusal]);
    expect(Array.from(r.setpoint)).toEqual(new Array(9).fill(0));
    expect(r.receive(good, 0)).toBe('');
  });
});

describe('whatever comes, in whatever order', () => {
  const number = fc.oneof(
    { weight: 12, arbitrary: fc.double({ min: -1, max: 1, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, null, undefined, '1') },
  );
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('command' as const),
        epoch: fc.integer({ min: 0, max: 4 }),
        seq: fc.integer({ min: 0, max: 6 }),
        x: number,
        stiffness: fc.oneof({ weight: 6, arbitrary: fc.constant(2000) }, { weight: 1, arbitrary: number }),
        lease: fc.integer({ min: 0, max: 200 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), epoch: fc.integer({ min: 0, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 120 }) }) },
  );

  it('it accepts nothing that is old, stopped or not finite, and follows nobody beyond deadman and lease', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const r = new Receiver(100);
        let nowNs = 0;
        let last: [number, number] = [-1, -1];
        let stopped = -1;
        let expiresNs = 0;
        for (const s of steps) {
          if (s.do === 'wait') nowNs += s.ms * MS;
          else if (s.do === 'stop') {
            r.stop(stop(s.epoch));
            stopped = Math.max(stopped, s.epoch);
          } else if (s.do === 'restart') r.restart();
          else if (s.do === 'release') {
            r.release();
            stopped = -1;
          } else {
            const setpoint = [s.x as number, 0, 0, 1, 0, 0, 0, s.stiffness as number, 150];
            if (r.receive(command(s.epoch, s.seq, setpoint, { lease_ms: s.lease }), nowNs) === '') {
              accepted++;
              expect(s.epoch > last[0] || (s.epoch === last[0] && s.seq > last[1])).toBe(true);
              expect(s.epoch).toBeGreaterThan(stopped);
              expect(s.lease).toBeGreaterThan(0);
              last = [s.epoch, s.seq];
              stopped = -1;
              expiresNs = nowNs + Math.min(s.lease, 100) * MS;
            }
          }
          r.watch(nowNs);
          if (!r.holding) expect(nowNs).toBeLessThanOrEqual(expiresNs);
          expect(r.reason === '').toBe(!r.holding);
          expect(Array.from(r.setpoint).every(Number.isFinite)).toBe(true);
        }
        expect(r.accepted + r.refused).toBe(steps.filter((s) => s.do === 'command').length);
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(accepted).toBeGreaterThan(300);
  });

  it('no message makes it throw', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (message, pose) => {
        const r = new Receiver(100);
        expect(r.receive(message as never, 0)).toBe('malformed');
        expect(r.receive({ ...command(1, 1), pose } as never, 0)).toBe('malformed');
        r.stop(message as never);
        expect(r.holding).toBe(true);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
