import { describe, expect } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { inMotion, MessageRig, stops } from './rig.ts';
import { type Shown, scenario } from './scenario.ts';

type Way = MessageRig['way'];
type Message = Parameters<Way>[0];

/** The fields of a joint state in another order of its joints. */
const inOrder = (m: Message, order: readonly number[]): Message => ({
  ...m,
  name: order.map((i) => m.name[i]!),
  position: order.map((i) => m.position[i]),
  velocity: order.map((i) => m.velocity[i]),
  effort: order.map((i) => m.effort[i]),
});
const with3 = (m: Message, name: string): Message => ({
  ...m,
  name: [name, ...m.name],
  position: [7, ...m.position],
  velocity: [7, ...m.velocity],
  effort: [7, ...m.effort],
});

/** Commands of a moving robot whose joint states take `way`: every number, in order. */
function wire(way: Way): number[][] {
  const rig = new MessageRig();
  rig.way = way;
  rig.state.position[0] = 0.3;
  inMotion(rig);
  rig.tick(100);
  expect(rig.gate.mode).toBe('ACTIVE');
  return rig.wire.map((c) => c.setpoint);
}

/** From some moment on all joint states take `way`, and none is a state any longer. */
function refused(way: Way, why: string, healed: Way = (m) => [m]): Shown {
  const rig = inMotion(new MessageRig());
  const shown = stops(rig, () => (rig.way = way), {
    cause: 'state_stale',
    value: 60,
    limit: 50,
    heal: () => (rig.way = healed),
  });
  expect(rig.assembler.counters.refused).toBeGreaterThan(0);
  expect(rig.assembler.lastRefusal).toContain(why);
  return shown;
}

describe('names of joints', () => {
  scenario(11, 'joint names permuted: re-indexed by name, bit-identical to the run without', 'messages', () => {
    expect(wire((m) => [inOrder(m, [1, 0])])).toEqual(wire((m) => [m]));
    return { outcome: 'ACTIVE; the same bits' };
  });

  scenario(12, 'the permutation changes in mid-stream: re-indexed in every message', 'messages', () => {
    const random = new SeededRandom(12);
    expect(wire((m) => [inOrder(m, random.uniform() < 0.5 ? [0, 1] : [1, 0])])).toEqual(wire((m) => [m]));
    return { outcome: 'ACTIVE; the same bits' };
  });

  scenario(13, 'one joint is missing: the message is refused, the state ages, STOP', 'messages', () =>
    refused((m) => [inOrder(m, [0])], 'joint b is missing'),
  );

  scenario(14, 'extra joints (a gripper) are ignored', 'messages', () => {
    expect(wire((m) => [with3(m, 'gripper')])).toEqual(wire((m) => [m]));
    return { outcome: 'ACTIVE; the same bits' };
  });

  scenario(15, 'a joint name that comes twice: refused, STOP', 'messages', () =>
    refused((m) => [with3(m, 'a')], 'joint a is named twice'),
  );

  scenario(16, 'names and positions differ in length, or velocities are empty: refused, never 0', 'messages', () => {
    const short = refused((m) => [{ ...m, position: [0.1] }], '2 names, but 1 positions');
    const empty = refused((m) => [{ ...m, velocity: [] }], '2 names, but 0 velocities');
    expect(short).toEqual(empty);
    return short;
  });

  scenario(17, 'a joint set split over two messages is no full set: STOP', 'messages', () =>
    refused((m) => [inOrder(m, [0]), inOrder(m, [1])], 'is missing'),
  );
});
