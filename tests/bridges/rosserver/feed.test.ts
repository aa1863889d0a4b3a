import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Feed, type Outlet } from '../../../bridges/rosserver/feed.ts';
import { Publication } from '../../../bridges/rosserver/publication.ts';
import { VirtualClock } from '../../../src/core/clock.ts';

let clock: VirtualClock;
let feed: Feed;
let way: Outlet & { clear: boolean; sent: number[]; woken: Feed | null };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  clock = new VirtualClock();
  way = {
    clear: true,
    sent: [],
    woken: null,
    send: (bytes) => way.sent.push(JSON.parse(String(bytes)).msg.data),
    whenClear: (waiting) => {
      way.woken = waiting;
    },
    nowNs: () => clock.nowNs(),
  };
  feed = new Feed('/t', way);
});
afterEach(() => vi.useRealTimers());

const ms = 1e6;
/** Lets time go on, for the clock and for the timers. */
function pass(forMs: number): void {
  for (let i = 0; i < forMs; i++) {
    clock.advance(ms);
    vi.advanceTimersByTime(1);
  }
}
const offer = (data: number) => feed.offer(new Publication('/t', { data }), clock.nowNs());
function offerEvery(periodMs: number, count: number): void {
  for (let i = 0; i < count; i++) {
    offer(i);
    pass(periodMs);
  }
}

describe('a feed', () => {
  it('with throttle 200 ms and no queue sends 0 and 10 of 20 messages that are 20 ms apart', () => {
    feed.subscribe('a', { throttleNs: 200 * ms, queueLength: 0 });
    offerEvery(20, 20);
    pass(1000);
    expect(way.sent).toEqual([0, 10]);
  });

  it('with throttle 100 ms and a queue of 2 sends 0, 8, 18 and 19 of 20 messages that are 10 ms apart', () => {
    feed.subscribe('a', { throttleNs: 100 * ms, queueLength: 2 });
    offerEvery(10, 20);
    pass(1000);
    expect(way.sent).toEqual([0, 8, 18, 19]);
    expect(feed.dropped).toBe(0);
  });

  it('of two subscriptions takes the smaller throttle and the shorter queue, and loosens when one goes', () => {
    feed.subscribe('a', { throttleNs: 100 * ms, queueLength: 0 });
    feed.subscribe('b', { throttleNs: 20 * ms, queueLength: 5 });
    offerEvery(10, 5);
    expect(way.sent).toEqual([0, 2, 4]);
    expect(feed.unsubscribe('b')).toBe(false);
    // 4 went out at 40 ms; 0 comes at 50 ms, 9 at 140 ms.
    offerEvery(10, 10);
    expect(way.sent).toEqual([0, 2, 4, 9]);
  });

  it('with a queue of 1 keeps the newest while the client is slow, and counts what gave way', () => {
    feed.subscribe('a', { throttleNs: 0, queueLength: 1 });
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
    feed.subscribe('a', { throttleNs: 0, queueLength: 0 });
    way.clear = false;
    offer(1);
    expect(way.sent).toEqual([1]);
  });

  it('sends nothing that waited once nobody subscribes any longer', () => {
    feed.subscribe('a', { throttleNs: 100 * ms, queueLength: 2 });
    offerEvery(10, 3);
    expect(feed.unsubscribe('a')).toBe(true);
    pass(1000);
    expect(way.sent).toEqual([0]);
  });

  it('writes a queued message down at once, so that it is what it was', () => {
    feed.subscribe('a', { throttleNs: 100 * ms, queueLength: 2 });
    const message = { data: 1 };
    offer(0);
    feed.offer(new Publication('/t', message), clock.nowNs());
    message.data = 99;
    pass(100);
    expect(way.sent).toEqual([0, 1]);
  });
});

describe('a publication', () => {
  it('is serialised once for all who write its topic alike', () => {
    const serialised = vi.fn(() => ({ x: Number.NaN }));
    const publication = new Publication('/t', { toJSON: serialised });
    expect(String(publication.bytes('/t'))).toBe('{"op":"publish","topic":"/t","msg":{"x":null}}');
    expect(publication.bytes('/t')).toBe(publication.bytes('/t'));
    expect(String(publication.bytes('t'))).toBe('{"op":"publish","topic":"t","msg":{"x":null}}');
    expect(serialised).toHaveBeenCalledTimes(1);
  });
});
