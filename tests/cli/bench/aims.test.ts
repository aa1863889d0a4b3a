import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/cli/bench/aims.ts';
import { medianOf, ratio } from '../../../src/cli/bench/bridge/aims.ts';
import { rowOf } from '../../../src/cli/bench/rows.ts';

const relay = (value: number) => ({ what: 'relay', value, unit: 'times', atMost: 1.5 });
const out = (value: number) => ({ what: 'out', value, unit: 'messages/s', atLeast: 30_000 });

describe('aims', () => {
  it('are reached at their bound, and each is said', () => {
    expect(judge([relay(1.5), out(30_000)], true)).toEqual({
      notes: ['relay: 1.5 times, aim at most 1.5: reached', 'out: 30000 messages/s, aim at least 30000: reached'],
      failed: false,
    });
  });

  it.each([
    [[relay(1.501), out(40_000)], 'relay: 1.501 times, aim at most 1.5: NOT REACHED'],
    [[relay(1), out(29_999)], 'out: 30000 messages/s, aim at least 30000: NOT REACHED'],
    [[relay(Number.NaN), out(40_000)], 'relay: NaN times, aim at most 1.5: NOT REACHED'],
  ])('that are missed fail the run that the claim is of, and no shorter one', (aims, note) => {
    const { notes, failed } = judge(aims, true);
    expect([notes.includes(note), failed]).toEqual([true, true]);
    expect(judge(aims, false)).toEqual({ notes, failed: false });
  });

  it.each([
    [50, 'reached'],
    [80, 'reached'],
    [49.9, 'NOT REACHED'],
    [80.1, 'NOT REACHED'],
  ])('may have two bounds: %d of 50 to 80 is %s', (value, verdict) => {
    const { notes } = judge([{ what: 'base', value, unit: '%', atLeast: 50, atMost: 80 }], true);
    expect(notes).toEqual([`base: ${value} %, aim 50 to 80: ${verdict}`]);
  });

  it('of the bridge are read off the medians of a case', () => {
    const rows = [rowOf('relay', 'ours', 'ms', [3, 1, 2]), rowOf('relay', 'ws', 'ms', [1, 1, 4])];
    expect([ratio(rows, 'relay', 'ws'), medianOf(rows, 'relay', 'ours')]).toEqual([2, 2]);
    expect(ratio(rows, 'relay', 'roslib')).toBeNaN();
  });
});
