import { beforeEach, describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { LOOKS, type Stream, Streams } from '../../../bridges/rosbridge/streams.ts';
import { Subscription } from '../../../bridges/rosbridge/subscription.ts';

const MS = 1e6;
let said: string[];
let streams: Streams;
let joints: Stream;
let camera: Stream;
let nowNs: number;

beforeEach(() => {
  said = [];
  nowNs = 0;
  streams = new Streams(
    [
      new Subscription({ topic: '/joints', type: TYPES.jointState }),
      new Subscription({ topic: '/camera', type: 'sensor_msgs/msg/Image' }),
      new Subscription({ topic: '/command', type: TYPES.float64, how: { sporadic: true } }),
    ],
    {
      limitNs: 800 * MS,
      onSilent: ({ subscription }, silentNs) => said.push(`silent ${subscription.topic} ${silentNs / MS}`),
      onBack: ({ subscription }) => said.push(`back ${subscription.topic}`),
    },
  );
  [joints, camera] = streams.all as [Stream, Stream, Stream];
});

const begin = () => streams.begin(({ topic }) => said.push(`renew ${topic}`));
/** So many times 100 ms, with joint states in each and an image in every third where it is told so. */
function pass(times: number, { images = false, states = true } = {}): void {
  for (let i = 0; i < times; i++) {
    nowNs += 100 * MS;
    if (states) streams.heard(joints, nowNs);
    if (images && i % 3 === 2) streams.heard(camera, nowNs);
    streams.look(nowNs);
  }
}

describe('a topic', () => {
  it('that ends while others go on is said to be silent once, and asked for anew at once and then once in each limit', () => {
    begin();
    pass(66, { images: true });
    expect(said).toEqual([]);
    // An image came every 300 ms: ten of its gaps are longer than the limit of 800 ms.
    pass(31);
    expect(said).toEqual([]);
    pass(1);
    expect(said).toEqual(['silent /camera 3200', 'renew /camera']);
    pass(2 * LOOKS);
    expect(said.slice(2)).toEqual(['renew /camera', 'renew /camera']);
  });

  it('that speaks again is well from its first message on, and is judged anew', () => {
    begin();
    pass(66, { images: true });
    pass(32);
    streams.heard(camera, nowNs);
    expect(said.at(-1)).toBe('back /camera');
    const before = said.length;
    // A few messages are no stream: what it will be has to be heard first.
    pass(15, { images: true });
    expect(said).toHaveLength(before);
    pass(66, { images: true });
    pass(32);
    expect(said.slice(before)).toEqual(['silent /camera 3200', 'renew /camera']);
  });

  it('of which nothing has come for the limit since it was asked for is silent too; one that speaks now and then is not', () => {
    begin();
    pass(LOOKS - 1);
    expect(said).toEqual([]);
    pass(1);
    expect(said).toEqual(['silent /camera 0', 'renew /camera']);
    pass(10 * LOOKS);
    expect(said.filter((s) => s.includes('/command'))).toEqual([]);
  });

  it('is not judged while its connection is down, and what was silent is said once over all connections', () => {
    begin();
    pass(66, { images: true });
    streams.end();
    pass(100, { states: false });
    expect(said).toEqual([]);
    begin();
    pass(LOOKS);
    expect(said).toEqual(['silent /camera 0', 'renew /camera']);
    streams.end();
    begin();
    pass(LOOKS);
    expect(said.slice(2)).toEqual(['renew /camera']);
    streams.heard(camera, nowNs);
    expect(said.slice(3)).toEqual(['back /camera']);
  });

  it('does not wait for a clock that stands still', () => {
    begin();
    for (let i = 0; i < LOOKS; i++) streams.look(0);
    expect(said).toEqual(['silent /joints 0', 'renew /joints', 'silent /camera 0', 'renew /camera']);
  });
});
