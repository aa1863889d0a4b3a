import { describe, expect, it } from 'vitest';
import { Pacer } from '../../../src/logs/playback/pacer.ts';
import { FakeTiming } from './rig.ts';

const never = new AbortController().signal;
const s = (seconds: number) => BigInt(seconds * 1e9);

describe('the pace of a log', () => {
  it.each([
    [1, [0, 250, 1000]],
    [4, [0, 62.5, 250]],
    [0.5, [0, 500, 2000]],
  ])('at %d x, moments at 0, 0.25 and 1 s come at %j ms', async (speed, at) => {
    const timing = new FakeTiming();
    timing.ms = 7000;
    const pacer = new Pacer(speed, timing);
    pacer.begin(s(100));
    const came: number[] = [];
    for (const moment of [100, 100.25, 101]) {
      await pacer.until(s(moment), never);
      came.push(timing.ms - 7000);
    }
    expect(came).toEqual(at);
  });

  it('is absolute: what took long is made up for, and what has gone by is now', async () => {
    const timing = new FakeTiming();
    const pacer = new Pacer(1, timing);
    pacer.begin(0n);
    await pacer.until(s(0.1), never);
    timing.ms += 350;
    await pacer.until(s(0.2), never);
    expect(timing.ms).toBe(450);
    await pacer.until(s(0.5), never);
    expect(timing.ms).toBe(500);
  });

  it('waits again when a timer fires too early', async () => {
    const timing = new FakeTiming();
    timing.sleep = async (ms) => {
      timing.ms += ms > 2 ? ms - 1 : ms;
    };
    const pacer = new Pacer(1, timing);
    pacer.begin(0n);
    await pacer.until(s(0.05), never);
    expect(timing.ms).toBe(50);
  });

  it('ends at once when it is called off', async () => {
    const timing = new FakeTiming();
    const abort = new AbortController();
    timing.sleep = async () => abort.abort();
    const pacer = new Pacer(1, timing);
    pacer.begin(0n);
    await pacer.until(s(3600), abort.signal);
    expect(timing.ms).toBe(0);
  });

  it('lets others have their turn after 32 moments that were all due', async () => {
    const timing = new FakeTiming();
    const pacer = new Pacer(Number.POSITIVE_INFINITY, timing);
    pacer.begin(0n);
    for (let n = 0; n < 64; n++) await pacer.until(s(n * 1000), never);
    expect(timing.waits).toEqual([0, 0]);
  });

  it('without a pace waits for who listens, a second at most, and again once all was taken', async () => {
    const timing = new FakeTiming();
    let takenAtMs = 40;
    const pacer = new Pacer(Number.POSITIVE_INFINITY, timing, () => timing.ms >= takenAtMs);
    pacer.begin(0n);
    const more = async () => {
      for (let n = 0; n < 32; n++) await pacer.until(0n, never);
    };
    await more();
    expect(timing.ms).toBe(40);
    takenAtMs = Number.POSITIVE_INFINITY;
    await more();
    expect(timing.ms).toBe(40 + 1001);
    await more();
    expect(timing.ms).toBe(40 + 1001);
    takenAtMs = 0;
    await more();
    takenAtMs = 1141;
    await more();
    expect(timing.ms).toBe(1141);
  });
});
