import { describe, expect, it } from 'vitest';
import { robotSchema } from '../../src/core/config-schema.ts';
import { RangingReader } from '../../src/pipeline/ranging.ts';

const robot = robotSchema.parse({
  name: 'base',
  joints: [],
  sources: ['odom'],
  topics: {},
  ranging: [
    { type: 'scan', topic: '/front', mount: [0.2, 0, 0], beams: 5 },
    { type: 'scan', topic: '/back', mount: [-0.2, 0.1, Math.PI], upside_down: true },
    { type: 'range', topic: '/sonar', mount: [0, 0.1, Math.PI / 2] },
  ],
  interface: { type: 'twist', footprint: { radius: 0.3 } },
});
const header = { stamp: { sec: 3, nanosec: 5 }, frame_id: 'laser' };
const scan = (ranges: unknown, over: object = {}) => ({
  ...{ header, angle_min: -Math.PI / 2, angle_max: Math.PI / 2, angle_increment: Math.PI / 2 },
  ...{ range_min: 0.1, range_max: 10, ranges },
  ...over,
});
const read = (topic: string, message: unknown) => {
  const reader = new RangingReader(robot);
  const reading = reader.accept({ topic, type: '', message, receivedNs: 7, linkEpoch: 1 });
  const points =
    reading === null ? null : Array.from(reading.points.subarray(0, 2 * reading.count), (v) => +v.toFixed(9));
  return { reader, reading, points };
};

describe('a scan', () => {
  it('becomes points in the frame of the base, with stamp and time of arrival', () => {
    const { reading, points } = read('/front', scan([1, 2, 3]));
    expect(points).toEqual([0.2, -1, 2.2, 0, 0.2, 3]);
    expect(reading).toMatchObject({ sensor: 0, stampNs: 3e9 + 5, receivedNs: 7, beams: 3, invalid: 0, count: 3 });
  });

  it('of a sensor that looks backwards and hangs upside down is turned with it', () => {
    // At -90° of a sensor turned by 180° and over: the left of a base that looks ahead is where it was.
    expect(read('/back', scan([1, 2, 3])).points).toEqual([-0.2, -0.9, -2.2, 0.1, -0.2, 3.1]);
  });

  it.each([
    ['within its range', 1, [0.2 + 1, 0], 0],
    ['above it', 10.5, [], 0],
    ['+∞', Number.POSITIVE_INFINITY, [], 0],
    ['below it', 0.05, [0.2 + 0.05, 0], 0],
    ['-∞', Number.NEGATIVE_INFINITY, [0.3, 0], 0],
    ['NaN', Number.NaN, [], 1],
    ['null', null, [], 1],
    ['0', 0, [], 1],
    ['negative', -1, [], 1],
    ['text', '1', [], 1],
  ])('a beam that says %s', (_what, told, points, invalid) => {
    const seen = read('/front', scan([11, told, 11]));
    expect(seen.points).toEqual(points);
    expect(seen.reading).toMatchObject({ beams: 3, invalid });
  });

  it.each([
    ['no beams', scan([]), '0 beams, allowed 1 to 5'],
    ['more beams than it may have', scan([1, 1, 1, 1, 1, 1]), '6 beams'],
    ['fewer than its angles say', scan([1]), '1 beams for angles of 3'],
    ['more than its angles say', scan([1, 1, 1, 1, 1]), '5 beams for angles of 3'],
    ['no step', scan([1, 1, 1], { angle_increment: 0 }), 'for angles of Infinity'],
    ['no first angle', scan([1, 1, 1], { angle_min: Number.NaN }), 'for angles of NaN'],
    ['no ranges', scan('AQID'), 'must be an array'],
    ['a range that ends before it begins', scan([1, 1, 1], { range_max: 0.1 }), 'ranges from 0.1 to 0.1'],
    ['no end of its range', scan([1, 1, 1], { range_max: null }), 'ranges from 0.1 to NaN'],
    ['nothing', null, 'no object'],
  ])('with %s is refused', (_what, message, why) => {
    const { reader, reading } = read('/front', message);
    expect(reading).toBeNull();
    expect(reader.counters).toEqual({ read: 0, refused: 1 });
    expect(reader.lastRefusal).toContain(why);
  });
});

describe('a range', () => {
  const range = (over: object = {}) => ({
    header,
    field_of_view: 0.2,
    min_range: 0.1,
    max_range: 4,
    range: 2,
    ...over,
  });

  it('may be anywhere on its arc', () => {
    const { reading, points } = read('/sonar', range());
    expect(reading).toMatchObject({ sensor: 2, beams: 3, count: 3 });
    expect(points![2]).toBeCloseTo(0, 9);
    expect(points![3]).toBeCloseTo(2.1, 9);
    for (let i = 0; i < 3; i++) expect(Math.hypot(points![2 * i]!, points![2 * i + 1]! - 0.1)).toBeCloseTo(2, 9);
    expect(points![0]).toBeCloseTo(2 * Math.sin(0.1), 9);
  });

  it.each([
    ['nothing seen', { range: 4.5 }, 0, 0],
    ['nothing seen, by REP 117', { range: Number.POSITIVE_INFINITY }, 0, 0],
    ['something too near to measure', { range: Number.NEGATIVE_INFINITY }, 3, 0],
    ['no number', { range: null }, 0, 3],
    ['a single ray', { field_of_view: 0 }, 1, 0],
  ])('%s', (_what, over, count, invalid) => {
    expect(read('/sonar', range(over)).reading).toMatchObject({ count, invalid });
  });

  it.each([{ field_of_view: null }, { field_of_view: 7 }, { max_range: Number.POSITIVE_INFINITY }, { min_range: -1 }])(
    'with %j is refused',
    (over) => {
      expect(read('/sonar', range(over)).reading).toBeNull();
    },
  );
});

it('other topics are no readings', () => {
  expect(read('/odom', {}).reading).toBeNull();
  expect(read('/odom', {}).reader.counters.refused).toBe(0);
});
