import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Feed, type Outlet, type Wish } from '../../../bridges/rosserver/feed.ts';
import { Publication } from '../../../bridges/rosserver/publication.ts';
import { VirtualClock } from '../../../src/core/clock.ts';
import { covers } from '../../interop/conformance.ts';

let clock: VirtualClock;
let feed: Feed;
let way: Outlet & { clear: boolean; sent: number[]; woken: Feed | null };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  clock = new VirtualClock();
  way = {
    clear: true,
    sent: [],
    waiting: { bytes: 0, limitBytes: 1000 },
    woken: null,
    send: ({ bytes }) => way.sent.push(JSON.parse(String(bytes)).msg.data),
    whenClear: (waiting) => {
      way.woken = waiting;
    },
    nowNs: () => clock.nowNs(),
  };
  feed = new Feed('/t', way);
});
afterEach(() => vi.useRealTimers());

const ms = 1e6;
const wish = (throttleNs: number, queueLength: number): Wish => ({
  throttleNs,
  queueLength,
  encoding: 'none',
  fragmentSize: 0,
});
/** Lets time go on, for the clock and for the timers. */
function pass(forMs: number): void {
  for (let i = 0; i < forMs; i++) {
    clock.advance(ms);
    vi.advanceTimersByTime(1);
  }
}
const offer = (data: number) => feed.offer(new Publication('/t', '', { data }), clock.nowNs());
function offerEvery(periodMs: number, count: number): void {
  for (let i = 0; i < count; i++) {
    offer(i);
    pass(periodMs);
  }
}

describe('a feed', () => {
  it('with throttle 200 ms and no queue sends 0 and 10 of 20 messages that are 20 ms apart', () => {
    covers('server', 'subscribe.throttle_rate', 'unit');
    feed.subscribe('a', wish(200 * ms, 0));
    offerEvery(20, 20);
    pass(1000);
    expect(way.sent).toEqual([0, 10]);
  });

  it('with throttle 100 ms and a queue of 2 sends 0, 8, 18 and 19 of 20 messages that are 10 ms apart', () => {
    covers('server', 'subscribe.queue_length', 'unit');
    feed.subscribe('a', wish(100 * ms, 2));
    offerEvery(10, 20);
    pass(1000);
    expect(way.sent).toEqual([0, 8, 18, 19]);
    expect(feed.dropped).toBe(0);
  });

  it('of two subscriptions takes the smaller throttle and the shorter queue, and loosens when one goes', () => {
    covers('server', 'subscribe.id', 'unit');
    feed.subscribe('a', wish(100 * ms, 0));
    feed.subscribe('b', wish(20 * ms, 5));
    offerEvery(10, 5);
    expect(way.sent).toEqual([0, 2, 4]);
    expect(feed.unsubscribe('b')).toBe(false);
    // 4 went out at 40 ms; 0 comes at 50 ms, 9 at 140 ms.
    offerEvery(10, 10);
    expect(way.sent).toEqual([0, 2, 4, 9]);
  });

  it('with a queue of 1 keeps the newest while the client is slow, and counts what gave way', () => {
    feed.subscribe('a', wish(0, 1));
    offer(0);
    way.clear = false;
    for (let i = 1; i <= 5; i++) offer(i);
    expect(way.sent).toEqual([0]);
    expect(way.woken).toBe(feed);
    way.clear = true;
    feed.flush();
    expect(way.sent).toEqual([0, 5]);
    expect(feed.dropped).toBe(4);
  });

  it('without a queue leaves it to the connection what a slow client gets', () => {
    feed.subscribe('a', wish(0, 0));
    way.clear = false;
    offer(1);
    expect(way.sent).toEqual([1]);
  });

  it('sends nothing that waited once nobody subscribes any longer', () => {
    feed.subscribe('a', wish(100 * ms, 2));
    offerEvery(10, 3);
    expect(feed.unsubscribe('a')).toBe(true);
    pass(1000);
    expect(way.sent).toEqual([0]);
  });

  it('writes a queued message down at once, so that it is what it was', () => {
    feed.subscribe('a', wish(100 * ms, 2));
    const message = { data: 1 };
    offer(0);
    feed.offer(new Publication('/t', '', message), clock.nowNs());
    message.data = 99;
    pass(100);
    expect(way.sent).toEqual([0, 1]);
  });
});

describe('a publication', () => {
  it('is written once in each encoding for all who write its topic alike', () => {
    const written = vi.fn(() => ({ x: Number.NaN }));
    const publication = new Publication('/t', '', { toJSON: written });
    const text = (spelling: string) => String(publication.packet(spelling, 'none').bytes);
    expect(text('/t')).toBe('{"op":"publish","topic":"/t","msg":{"x":null}}');
    for (const encoding of ['none', 'png', 'cbor'] as const)
      expect(publication.packet('/t', encoding)).toBe(publication.packet('/t', encoding));
    expect(text('t')).toBe('{"op":"publish","topic":"t","msg":{"x":null}}');
    expect(written).toHaveBeenCalledTimes(1);
  });
});

describe('the bytes that wait for one client', () => {
  /** `{"op":"publish","topic":"/t","msg":{"data":N,"x":"…"}}` of so many bytes. */
  const sized = (data: number, bytes: number) => {
    const bare = JSON.stringify({ op: 'publish', topic: '/t', msg: { data, x: '' } }).length;
    return new Publication('/t', '', { data, x: 'x'.repeat(bytes - bare) });
  };

  it('are bounded over all its topics: the oldest of the topic give way, counted, and the newest goes out', () => {
    const other = new Feed('/t', way);
    for (const one of [feed, other]) one.subscribe('a', wish(0, 100));
    way.clear = false;
    other.offer(sized(100, 400), 0);
    for (let i = 0; i < 5; i++) feed.offer(sized(i, 200), 0);
    // 400 of the other and three times 200.
    expect([way.waiting.bytes, feed.dropped, other.dropped]).toEqual([1000, 2, 0]);
    // Larger than what the other leaves: not kept.
    feed.offer(sized(5, 601), 0);
    expect([way.waiting.bytes, feed.dropped, other.dropped]).toEqual([400, 6, 0]);
    feed.offer(sized(6, 600), 0);
    way.clear = true;
    feed.flush();
    other.flush();
    expect([way.sent, way.waiting.bytes]).toEqual([[6, 100], 0]);
  });

  it('may be those of a single message above the bound, for it would never come otherwise; and go with the subscription', () => {
    feed.subscribe('a', wish(0, 10));
    way.clear = false;
    feed.offer(sized(1, 5000), 0);
    expect([way.waiting.bytes, feed.dropped]).toEqual([5000, 0]);
    feed.offer(sized(2, 6000), 0);
    expect([way.waiting.bytes, feed.dropped]).toEqual([6000, 1]);
    feed.unsubscribe(undefined);
    expect(way.waiting.bytes).toBe(0);
  });
});
