import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/cli/bench/aims.ts';
import { medianOf, ratio } from '../../../src/cli/bench/bridge/aims.ts';
import { takeoverAims } from '../../../src/cli/bench/bridge/takeover.ts';
import { faultAims } from '../../../src/cli/bench/fault.ts';
import { kernelAims } from '../../../src/cli/bench/gate.ts';
import { C_SUBJECTS } from '../../../src/cli/bench/peers/c.ts';
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

describe('the aims of a takeover', () => {
  const rows = (ms: number[], between: number[]) => [
    rowOf('takeover to its first command', 'ours', 'ms', ms),
    rowOf('commands of the policy in between', 'ours', 'commands', between),
  ];

  it('are one tick in time, and at most one command of the policy on the way', () => {
    expect(judge(takeoverAims(rows([4, 10, 14], [0, 0, 1]), 100), true)).toEqual({
      notes: [
        'takeover to its first command, p50: 10 ms, aim at most 10: reached',
        'commands of the policy in between, p99: 1 commands, aim at most 1: reached',
      ],
      failed: false,
    });
    expect(judge(takeoverAims(rows([4, 5.1, 14], [0, 0, 1]), 200), true).failed).toBe(true);
    expect(judge(takeoverAims(rows([4, 5, 6], [0, 0, 2]), 100), true).failed).toBe(true);
  });
});

describe('the aims of the reflex', () => {
  const [C, TILED] = C_SUBJECTS as [string, string];
  const stops = (p99_9: number, max: number) => [
    { ...rowOf('fault to stop', 'ours', 'ms', [1]), p99_9 },
    rowOf('link death', 'ours', 'ms', [70, max]),
  ];
  const said = (rows: ReturnType<typeof stops>) => judge(faultAims(rows, 10), true);

  it('are a stop within two periods at p99.9, and every dead link known within 100 ms', () => {
    expect(said(stops(20, 100))).toEqual({
      notes: [
        'fault to stop, p99.9: 20 ms, aim at most 20: reached',
        'link death to its report, the longest: 100 ms, aim at most 100: reached',
      ],
      failed: false,
    });
    expect(said(stops(20.1, 90)).failed).toBe(true);
    expect(said(stops(3, 101)).failed).toBe(true);
    expect(said([]).failed).toBe(true);
  });

  it('are a kernel at 1.5 times of C, and ahead of every other peer, case by case', () => {
    const rows = (c: number, onnx: number) =>
      ['k 1', 'k 16'].flatMap((name, i) => [
        rowOf(name, 'ours', 'us', [3]),
        rowOf(name, C, 'us', [i === 0 ? 3 : c]),
        rowOf(name, TILED, 'us', [1]),
        rowOf(name, 'onnxruntime-node', 'us', [onnx]),
      ]);
    expect(judge(kernelAims(rows(2, 4)), true)).toEqual({
      notes: [
        `k 1, median of ours by that of ${C}: 1 times, aim at most 1.5: reached`,
        'k 1, median of ours by that of onnxruntime-node: 0.75 times, aim at most 1: reached',
        `k 16, median of ours by that of ${C}: 1.5 times, aim at most 1.5: reached`,
        'k 16, median of ours by that of onnxruntime-node: 0.75 times, aim at most 1: reached',
      ],
      failed: false,
    });
    expect(judge(kernelAims(rows(1.9, 4)), true).failed).toBe(true);
    expect(judge(kernelAims(rows(2, 2.9)), true).failed).toBe(true);
  });
});
