import { describe, expect, it } from 'vitest';
import { RecedingHorizon } from '../../../controllers/chunks/receding-horizon.ts';

/** A chunk of one-element actions: `from`, `from + 1`, … */
const chunk = (from: number, horizon = 4): Float64Array => Float64Array.from({ length: horizon }, (_, i) => from + i);

function next(executor: RecedingHorizon): number | null {
  const out = new Float64Array(1);
  return executor.next(out) ? out[0]! : null;
}

describe('receding horizon', () => {
  it('asks for a chunk at first, executes two of four steps, then asks for another', () => {
    const e = new RecedingHorizon(1, 4, 2);
    expect(e.needsChunk).toBe(true);
    expect(next(e)).toBeNull();
    e.mark(1);
    expect(e.plan(chunk(10), 4, 1, 0)).toBe(true);
    expect([e.needsChunk, next(e), e.needsChunk, next(e), e.needsChunk]).toEqual([false, 10, false, 11, true]);
  });

  it('bridges the wait for the next chunk with the rest of the old one, and ends with it', () => {
    const e = new RecedingHorizon(1, 4, 2);
    e.mark(1);
    e.plan(chunk(10), 4, 1, 0);
    expect([next(e), next(e), next(e), next(e), next(e)]).toEqual([10, 11, 12, 13, null]);
  });

  it('enters a new chunk at the number of actions consumed since its observation', () => {
    const e = new RecedingHorizon(1, 4, 2);
    e.mark(1);
    e.plan(chunk(10), 4, 1, 0);
    next(e);
    e.mark(2);
    next(e);
    next(e);
    // Two actions went out since observation 2: the first two of its chunk are in the past.
    expect(e.plan(chunk(20), 4, 2, 0)).toBe(true);
    expect(e.step).toBe(2);
    expect(next(e)).toBe(22);
  });

  it('skips nothing for a slow inference while the robot stood still', () => {
    const e = new RecedingHorizon(1, 4, 2);
    for (let seq = 1; seq <= 50; seq++) {
      e.mark(seq);
      expect(next(e)).toBeNull();
    }
    expect(e.plan(chunk(10), 4, 1, 0)).toBe(true);
    expect(next(e)).toBe(10);
  });

  it('refuses a chunk that is wholly in the past and keeps the one it has', () => {
    const e = new RecedingHorizon(1, 4, 1);
    e.mark(1);
    e.plan(chunk(10), 4, 1, 0);
    e.mark(2);
    next(e);
    next(e);
    expect(e.plan(chunk(20, 2), 2, 2, 0)).toBe(false);
    expect(next(e)).toBe(12);
  });

  it('refuses an unknown observation, another epoch, and a chunk of the wrong size', () => {
    const e = new RecedingHorizon(1, 4, 2, 7);
    e.mark(1);
    expect(e.plan(chunk(10), 4, 2, 7)).toBe(false);
    expect(e.plan(chunk(10), 4, 1, 6)).toBe(false);
    expect(e.plan(chunk(10, 5), 5, 1, 7)).toBe(false);
    expect(e.plan(chunk(10, 3), 4, 1, 7)).toBe(false);
    expect(e.plan(chunk(10), 0, 1, 7)).toBe(false);
    expect(e.plan(chunk(10), Number.NaN, 1, 7)).toBe(false);
    expect(e.plan(chunk(10), 4, 1, 7)).toBe(true);
  });

  it('forgets an observation after 64 others', () => {
    const e = new RecedingHorizon(1, 4, 2);
    for (let seq = 0; seq <= 64; seq++) e.mark(seq);
    expect(e.plan(chunk(10), 4, 0, 0)).toBe(false);
    expect(e.plan(chunk(10), 4, 1, 0)).toBe(true);
  });

  it('uses the newest mark of an observation that was marked twice', () => {
    const e = new RecedingHorizon(1, 4, 1);
    e.mark(1);
    e.plan(chunk(10), 4, 1, 0);
    next(e);
    e.mark(1);
    expect(e.plan(chunk(20), 4, 1, 0)).toBe(true);
    expect(next(e)).toBe(20);
  });

  it('drops everything at a reset: chunk, marks and the old epoch', () => {
    const e = new RecedingHorizon(1, 4, 2);
    e.mark(1);
    e.plan(chunk(10), 4, 1, 0);
    e.reset(1);
    expect(next(e)).toBeNull();
    expect(e.plan(chunk(10), 4, 1, 1)).toBe(false);
    e.mark(1);
    expect(e.plan(chunk(10), 4, 1, 0)).toBe(false);
    expect(e.plan(chunk(10), 4, 1, 1)).toBe(true);
  });

  it('keeps its own copy of the chunk and writes whole actions', () => {
    const e = new RecedingHorizon(2, 2, 2);
    const c = Float64Array.of(1, 2, 3, 4);
    e.mark(1);
    e.plan(c, 2, 1, 0);
    c.fill(9);
    const out = new Float64Array(2);
    e.next(out);
    expect([...out]).toEqual([1, 2]);
    e.next(out);
    expect([...out]).toEqual([3, 4]);
  });

  it.each([0, 5, Number.NaN])('refuses execute_steps %s with a horizon of 4', (steps) => {
    expect(() => new RecedingHorizon(1, 4, steps)).toThrow(/execute_steps/);
  });
});
