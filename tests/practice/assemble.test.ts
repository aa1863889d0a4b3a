import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRun } from '../../src/core/config/load.ts';
import { packageRoot } from '../../src/core/paths.ts';
import type { Source } from '../../src/core/signals.ts';
import { type ActedTick, assembleEpisode, type DecidedStep } from '../../src/practice/assemble.ts';
import { faultOf } from '../../src/practice/episode.ts';
import type { Ended } from '../../src/practice/supervisor.ts';

const { robot } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'), []).config;
const SIZES = { observationSize: 1, actionSize: 4 };

/** Decision `seq` at `seq` seconds sees `seq`; the base wants 0.1·seq sideways. */
const decision = (seq: number, residual = 0.05): DecidedStep => ({
  ...{ seq, epoch: 7, stampNs: seq * 1e9 },
  observation: Float64Array.of(seq),
  base: Float64Array.of(0.1 * seq, 0, 0, 0),
  residual: Float64Array.of(residual, 0, 0, 0),
});
/** A setpoint `x` m along, with the nominal stiffness. */
const setpoint = (x: number) => Float64Array.of(x, 0, 0, 0, 0, 0, 1, 2000, 150);
const tick = (decisionSeq: number, x: number, source: Source = 'policy', over: Partial<ActedTick> = {}): ActedTick => ({
  ...{ decisionSeq, epoch: 7, source, residualFraction: 1, sent: true, setpoint: setpoint(x) },
  ...over,
});
const held = tick(-1, 0, 'hold');
const end = (ended: Ended, seconds: number, cause: string = ended) => ({ ended, cause, stampNs: seconds * 1e9 });
const close = (values: ArrayLike<number>, wanted: number[]) => {
  expect(values.length).toBe(wanted.length);
  for (const [i, v] of wanted.entries()) expect(values[i]).toBeCloseTo(v, 12);
};

describe('an episode from decisions and ticks', () => {
  it('has the decisions that were acted on before the end, and the observation after it', () => {
    const decisions = [1, 2, 3, 4].map((seq) => decision(seq));
    const ticks = [held, tick(1, 0.001), tick(1, 0.002), tick(2, 0.003), tick(3, 0.004, 'brake')];
    const e = assembleEpisode(robot, decisions, ticks, end('success', 2.5), new Map(), 1)!;
    expect([...e.observation]).toEqual([1, 2, 3]);
    expect(e).toMatchObject({ ended: 'success', terminated: true, truncated: false, violation: false });
    expect([...e.reward]).toEqual([0, 1]);
    expect([...e.cost, ...e.intervened]).toEqual([0, 0, 0, 0]);
    close(e.proposed, [0.15, 0, 0, 0, 0.25, 0, 0, 0]);
    expect(e.executed).toEqual(e.proposed);
    expect(faultOf({ ...e, id: 'x', version: 0, success: true }, SIZES)).toBe('');
  });

  it('leaves out decisions that nothing acted on: the step before goes on to the next that was', () => {
    const decisions = [1, 2, 3, 4].map((seq) => decision(seq));
    const e = assembleEpisode(robot, decisions, [held, tick(1, 0), tick(3, 0)], end('timeout', 4), new Map(), 0)!;
    expect([...e.observation]).toEqual([1, 3, 4]);
    expect(e).toMatchObject({ terminated: false, truncated: true });
  });

  it('ends with its own last observation where nobody decided after the end', () => {
    const e = assembleEpisode(robot, [decision(1)], [held, tick(1, 0)], end('stopped', 2), new Map(), 0)!;
    expect([...e.observation]).toEqual([1, 1]);
  });

  it('says what was done where the gate or a person acted: from where the setpoint stood to where it came', () => {
    const decisions = [1, 2, 3, 4].map((seq) => decision(seq));
    const ticks = [
      held,
      tick(1, 0.0005),
      // The residual was cut: 2 mm of the 5 mm that one unit is.
      tick(2, 0.0015, 'policy', { residualFraction: 0.5 }),
      tick(2, 0.0025),
      tick(3, 0.003, 'takeover', { setpoint: Float64Array.of(0.0025, -0.005, 0, 0, 0, 0, 1, 2000, 150) }),
      // Not sent: it counts for nothing.
      tick(3, 9, 'takeover', { sent: false }),
    ];
    const e = assembleEpisode(robot, decisions, ticks, end('timeout', 4), new Map(), 0)!;
    expect([...e.intervened]).toEqual([0, 1, 2]);
    close(e.executed, [0.15, 0, 0, 0, 0.4, 0, 0, 0, 0, -1, 0, 0]);
    close(e.proposed, [0.15, 0, 0, 0, 0.25, 0, 0, 0, 0.35, 0, 0, 0]);
  });

  it('clamps what base and residual come to, and leaves a base alone bit for bit', () => {
    const big = { ...decision(1, 0.3), base: Float64Array.of(0.9, -0.0, 0, 0) };
    const e = assembleEpisode(robot, [big], [held, tick(1, 0)], end('timeout', 2), new Map(), 0)!;
    expect(e.proposed[0]).toBe(1);
    expect(Object.is(e.proposed[1], -0)).toBe(true);
  });

  it('gives each step the rewards that were told until the next one acted, and the end its own', () => {
    const decisions = [1, 2, 3, 4].map((seq) => decision(seq));
    const rewards = new Map([
      [2, 0.25],
      [3, 0.5],
      [4, -1],
    ]);
    const e = assembleEpisode(robot, decisions, [held, tick(1, 0), tick(3, 0)], end('failure', 4), rewards, 2)!;
    expect([...e.reward]).toEqual([0.75, 1]);
  });

  it.each([
    ['violation', 'violation', 1],
    ['crashed', 'force_limit', 1],
    ['crashed', 'workspace', 1],
    ['crashed', 'recovery_exhausted', 0],
    ['errored', 'state_stale', 0],
  ] as const)('%s by %s costs %i in its last step', (ended, cause, cost) => {
    const decisions = [decision(1), decision(2)];
    const e = assembleEpisode(robot, decisions, [held, tick(1, 0), tick(2, 0)], end(ended, 3, cause), new Map(), 0)!;
    expect([...e.cost]).toEqual([0, cost]);
    expect(e.violation).toBe(cost === 1);
  });

  it('is none where nothing was acted on, in another epoch, or where a number is not finite', () => {
    const decisions = [decision(1), decision(2)];
    const of = (ticks: ActedTick[], over = decisions) =>
      assembleEpisode(robot, over, ticks, end('timeout', 3), new Map(), 0);
    expect(of([held])).toBeNull();
    expect(of([tick(1, 0, 'policy', { epoch: 6 })])).toBeNull();
    const broken = { ...decision(1), observation: Float64Array.of(Number.NaN) };
    expect(of([held, tick(1, 0)], [broken, decision(2)])).toBeNull();
    expect(of([held, tick(1, 0)])).not.toBeNull();
  });
});
