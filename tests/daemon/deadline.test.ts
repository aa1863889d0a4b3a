import { describe, expect, it } from 'vitest';
import { MonotonicClock, VirtualClock } from '../../src/core/clock.ts';
import { ThreadAlarm } from '../../src/daemon/alarm.ts';
import { microseconds } from '../../src/daemon/alarm-words.ts';
import { type Alarm, DeadlineTimer } from '../../src/daemon/deadline.ts';

const T = 10e6;

/** A timer of 10 ms at t = 0, and a clock that rings it. */
function rig() {
  const clock = new VirtualClock(0);
  const alarm = { deadlineNs: Number.NaN, ring: () => {}, stopped: false };
  const fake: Alarm = {
    set: (ns) => {
      alarm.deadlineNs = ns;
    },
    onRing: (ring) => {
      alarm.ring = ring;
    },
    stop: () => {
      alarm.stopped = true;
    },
  };
  const timer = new DeadlineTimer(T, clock, fake);
  const lateMs: number[] = [];
  timer.start((ns) => lateMs.push(ns / 1e6));
  const ringAt = (ms: number) => {
    clock.set(ms * 1e6);
    alarm.ring();
  };
  return { clock, alarm, timer, lateMs, ringAt };
}

describe('deadline timer', () => {
  it('keeps to absolute deadlines: lateness does not add up', () => {
    const { alarm, lateMs, ringAt, timer } = rig();
    for (const ms of [10.3, 20.1, 30, 43.9]) ringAt(ms);
    expect(lateMs.map((ms) => Number(ms.toFixed(3)))).toEqual([0.3, 0.1, 0, 3.9]);
    expect(alarm.deadlineNs).toBe(50e6);
    expect(timer.skipped).toBe(0);
  });

  it('skips whole periods after an overrun, counts them, and never catches up', () => {
    const { alarm, lateMs, ringAt, timer } = rig();
    ringAt(37);
    expect([lateMs, timer.skipped, alarm.deadlineNs]).toEqual([[27], 2, 40e6]);
    ringAt(37.5);
    expect(lateMs).toEqual([27]);
    ringAt(40);
    expect([lateMs, timer.skipped, alarm.deadlineNs]).toEqual([[27, 0], 2, 50e6]);
  });

  it('exactly one period late skips exactly one', () => {
    const { alarm, ringAt, timer } = rig();
    ringAt(20);
    expect([timer.skipped, alarm.deadlineNs]).toEqual([1, 30e6]);
  });

  it('is satisfied by work that came by itself, and is due 1.2 periods after it', () => {
    const { alarm, lateMs, ringAt, timer } = rig();
    timer.satisfied(9e6);
    expect(alarm.deadlineNs).toBe(21e6);
    ringAt(10);
    expect(lateMs).toEqual([]);
    ringAt(21.5);
    expect(lateMs).toEqual([0.5]);
    expect(alarm.deadlineNs).toBe(31e6);
  });

  it('takes a ring 50 µs early for in time, since two threads read one clock a moment apart; not more', () => {
    const { lateMs, ringAt } = rig();
    ringAt(9.949);
    expect(lateMs).toEqual([]);
    ringAt(9.951);
    expect(lateMs).toEqual([0]);
  });

  it('is silent after stop', () => {
    const { alarm, lateMs, ringAt, timer } = rig();
    timer.stop();
    timer.satisfied(1e6);
    ringAt(10);
    expect([alarm.stopped, lateMs]).toEqual([true, []]);
  });
});

describe('alarm thread', () => {
  it('counts microseconds so that differences survive the wrap at 2³²', () => {
    const before = microseconds(2 ** 31 * 1e3 - 5e3);
    const after = microseconds(2 ** 31 * 1e3 + 5e3);
    expect((after - before) | 0).toBe(10);
  });

  it('rings at a deadline and then once a period, and holds at most one ring for a main thread that is busy', async () => {
    const clock = new MonotonicClock();
    const failures: Error[] = [];
    const alarm = await ThreadAlarm.start(5e6, clock, 0, (error) => failures.push(error));
    const rings: number[] = [];
    const first = clock.nowNs() + 30e6;
    alarm.set(first);
    const rangThrice = new Promise<void>((resolve) => {
      alarm.onRing(() => rings.push(clock.nowNs()) === 3 && resolve());
    });
    await rangThrice;
    expect(rings[0]).toBeGreaterThan(first - 50e3);
    expect(rings[2]).toBeGreaterThan(first + 2 * 5e6 - 50e3);
    const before = rings.length;
    const until = performance.now() + 60;
    while (performance.now() < until);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    // The one that waited, and perhaps one that came while it was heard.
    expect(rings.length - before).toBeLessThanOrEqual(2);
    alarm.stop();
    const stopped = rings.length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(rings.length).toBeLessThanOrEqual(stopped + 1);
    expect(failures).toEqual([]);
  });

  it('does not stay a ring behind after work that took until shortly before the next deadline', async () => {
    const clock = new MonotonicClock();
    const alarm = await ThreadAlarm.start(5e6, clock, 1000, () => {});
    const late: number[] = [];
    let due = clock.nowNs() + 30e6;
    alarm.set(due);
    await new Promise<void>((resolve) => {
      alarm.onRing(() => {
        late.push(clock.nowNs() - due);
        due += 5e6;
        alarm.set(due);
        // The next ring is heard 4.5 ms late: half a millisecond after the thread found it unheard, at the one after it.
        if (late.length === 1) while (clock.nowNs() < due + 4.5e6);
        if (late.length === 20) resolve();
      });
    });
    alarm.stop();
    // One that stays behind is 4 ms late from then on, at each of them.
    expect(Math.min(...late.slice(1))).toBeLessThan(2.5e6);
  });

  it('that wakes 1 ms early rings at no deadline too early, and not at one that was put off', async () => {
    const clock = new MonotonicClock();
    const failures: Error[] = [];
    const alarm = await ThreadAlarm.start(5e6, clock, 1000, (error) => failures.push(error));
    const rings: { at: number; due: number }[] = [];
    let due = clock.nowNs() + 30e6;
    alarm.set(due);
    await new Promise<void>((resolve) => {
      alarm.onRing(() => {
        rings.push({ at: clock.nowNs(), due });
        // Every third one is put off by more than the spin, once the thread has been told of it.
        due += rings.length % 3 === 0 ? 12e6 : 5e6;
        alarm.set(due);
        if (rings.length === 9) resolve();
      });
    });
    alarm.stop();
    for (const ring of rings) expect(ring.at).toBeGreaterThanOrEqual(ring.due);
    expect(failures).toEqual([]);
  });
});
