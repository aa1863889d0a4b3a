import { describe, expect, it } from 'vitest';
import { MonotonicClock, VirtualClock } from '../../src/core/clock.ts';
import { Histogram } from '../../src/core/histogram.ts';
import { SeededRandom } from '../../src/core/random.ts';

describe('the monotonic clock', () => {
  it.each([0, 5, 30])(
    'is right although the process was interrupted between two readings, at reading %d',
    (interrupted) => {
      let now = performance.now();
      const startedNs = 77e9;
      let readings = 0;
      const clock = new MonotonicClock(
        () => {
          const ns = startedNs + now * 1e6;
          now += readings++ === interrupted ? 8 : 0.001;
          return ns;
        },
        () => now,
      );
      const before = performance.now();
      const ns = clock.nowNs() - startedNs;
      expect(ns).toBeGreaterThan(before * 1e6 - 2e3);
      expect(ns).toBeLessThanOrEqual(performance.now() * 1e6 + 1);
    },
  );
});

describe('clock', () => {
  it('monotonic time agrees with the system clock that other processes see', () => {
    const clock = new MonotonicClock();
    const before = Number(process.hrtime.bigint());
    const now = clock.nowNs();
    const after = Number(process.hrtime.bigint());
    expect(now).toBeGreaterThanOrEqual(before - 2000);
    expect(now).toBeLessThanOrEqual(after + 2000);
  });

  it('virtual time moves only when told', () => {
    const clock = new VirtualClock(5);
    clock.advance(10);
    expect(clock.nowNs()).toBe(15);
    clock.set(3);
    expect(clock.nowNs()).toBe(3);
  });
});

describe('seeded random', () => {
  it('gives the same numbers for the same seed on every machine', () => {
    const r = new SeededRandom(1);
    const again = new SeededRandom(1);
    const numbers = Array.from({ length: 100 }, () => r.uniform());
    expect(numbers).toEqual(Array.from({ length: 100 }, () => again.uniform()));
    expect(new SeededRandom(2).uniform()).not.toBe(numbers[0]);
  });

  it('is uniform on [0, 1) with mean 1/2 and variance 1/12, and normal with mean 0 and variance 1', () => {
    const r = new SeededRandom(7);
    const n = 20_000;
    let sum = 0;
    let squares = 0;
    let normalSum = 0;
    let normalSquares = 0;
    for (let i = 0; i < n; i++) {
      const u = r.uniform();
      expect(u >= 0 && u < 1).toBe(true);
      sum += u;
      squares += u * u;
      const z = r.normal();
      normalSum += z;
      normalSquares += z * z;
    }
    expect(sum / n).toBeCloseTo(0.5, 2);
    expect(squares / n - (sum / n) ** 2).toBeCloseTo(1 / 12, 2);
    expect(Math.abs(normalSum / n)).toBeLessThan(0.03);
    expect(Math.abs(normalSquares / n - 1)).toBeLessThan(0.05);
  });

  it('a fork is its own stream: drawing from it leaves the parent where it was', () => {
    const a = new SeededRandom(3);
    const b = new SeededRandom(3);
    a.fork('x').uniform();
    expect(a.uniform()).toBe(b.uniform());
    expect(new SeededRandom(3).fork('x').uniform()).not.toBe(new SeededRandom(3).fork('y').uniform());
  });
});

describe('histogram', () => {
  it('knows quantiles within its 5 % resolution, and the maximum exactly', () => {
    const h = new Histogram(0.01);
    for (let i = 1; i <= 1000; i++) h.record(i / 10);
    expect(h.quantile(0.5)).toBeGreaterThan(50 / 1.05);
    expect(h.quantile(0.5)).toBeLessThan(50 * 1.05);
    expect(h.quantile(0.99)).toBeGreaterThan(99 / 1.05);
    expect(h.quantile(0.99)).toBeLessThanOrEqual(100);
    expect(h.quantiles().max).toBe(100);
    expect(h.count).toBe(1000);
  });

  it('is empty after clear, and keeps values beyond its range in the end buckets', () => {
    const h = new Histogram(1);
    h.record(0);
    h.record(1e15);
    expect(h.quantile(0)).toBe(1);
    expect(h.quantiles().max).toBe(1e15);
    h.clear();
    expect(h.quantiles()).toEqual({ p50: 0, p99: 0, max: 0 });
  });
});
