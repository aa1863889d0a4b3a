import { describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { finite } from '../../../bridges/rosbridge/finite.ts';
import { covers } from '../../interop/conformance.ts';
import { client, StandIn } from './robot-stand-in.ts';

const { NaN: none, POSITIVE_INFINITY: infinity } = Number;

describe('a message for a bridge that takes no null for a number', () => {
  it('is as it was where all of its numbers are there', () => {
    const message = {
      header: { stamp: { sec: 1, nanosec: 2 }, frame_id: '' },
      data: [1, -2.5, 0],
      names: ['a'],
      on: true,
    };
    expect(finite(message)).toEqual(message);
    expect(finite({ data: 0.25 })).toEqual({ data: 0.25 });
    expect(finite({ data: 9007199254740993n })).toEqual({ data: 9007199254740993n });
  });

  it('has -1 for a number that there is none of, and an empty list for a list of none', () => {
    const tick = { seq: 7, risk: none, force: 2, aim: [none, none], setpoint: [], pose: { x: none } };
    expect(finite(tick)).toEqual({ seq: 7, risk: -1, force: 2, aim: [], setpoint: [], pose: { x: -1 } });
    // Who logs the same message has what it was.
    expect(tick.aim).toEqual([none, none]);
  });

  it('has the largest double for what is infinite', () => {
    expect(finite({ value: infinity, limit: 60, all: [-infinity, 1] })).toEqual({
      value: 1.7976931348623157e308,
      limit: 60,
      all: [-1.7976931348623157e308, 1],
    });
  });

  it.each([
    ['one number that there is none of', { data: none }],
    ['a list that has some of its numbers', { header: {}, base: [1, none] }],
    ['such a list further in', { points: [{ positions: [none, 1] }] }],
  ])('is not said where it is %s', (_what, message) => {
    expect(finite(message)).toBeNull();
  });

  it('is, whatever it was, one that a strict reader of JSON finds no null in', () => {
    const said = finite({ a: none, b: [none], c: [[infinity]], d: [{ e: none, f: 1 }] });
    expect(JSON.stringify(said)).toBe('{"a":-1,"b":[],"c":[[1.7976931348623157e+308]],"d":[{"e":-1,"f":1}]}');
  });
});

describe('on the graph of a robot', () => {
  it('no message has a null or a NaN on the wire, and what cannot be said is counted', async () => {
    covers('client', 'publish.nan', 'raw');
    const standIn = await StandIn.open();
    const { bridge } = client(standIn.url);
    const { graph } = bridge;
    graph.advertise('/wrench', TYPES.wrenchStamped);
    await bridge.open();
    await standIn.until(() => standIn.of('advertise').length > 0);
    graph.publish('/risk', TYPES.float64, { data: none });
    const point = (x: number) => ({ x, y: infinity, z: 1 });
    graph.publish('/wrench', TYPES.wrenchStamped, { wrench: { force: point(none), torque: point(2) } });
    await standIn.until(() => standIn.of('publish').length > 0);
    expect([standIn.of('publish').map(({ topic, msg }) => [topic, msg]), graph.dropped]).toEqual([
      [
        [
          '/wrench',
          {
            wrench: {
              force: { x: -1, y: 1.7976931348623157e308, z: 1 },
              torque: { x: 2, y: 1.7976931348623157e308, z: 1 },
            },
          },
        ],
      ],
      1,
    ]);
    await bridge.close();
    await standIn.close();
  });
});
