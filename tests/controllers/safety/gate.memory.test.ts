import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createCritic } from '../../../policies/critic/registry.ts';
import { MovingRobot } from '../../../src/cli/bench/moving-robot.ts';
import { loadRun } from '../../../src/core/config/load.ts';
import { packageRoot } from '../../../src/core/paths.ts';
import type { Decision } from '../../../src/core/signals.ts';
import { MS, Rig } from './rig.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Heap that `ticks` rounds of state, decision, tick and outcome leave behind after a collection, bytes. */
function heapGrowth(rig: Rig, ticks: number, each: () => void): number {
  const decision: { -readonly [K in keyof Decision]: Decision[K] } = { ...rig.decision, expiresNs: 1e18 };
  const result = { sent: true, refused: null, epoch: rig.gate.epoch, seq: 0, sentNs: 0 };
  decision.base.set([0.2, 0.1, -0.1, 0.5]);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < ticks; n++) {
    rig.nowNs += 10 * MS;
    rig.state.seq++;
    rig.state.stampNs = rig.nowNs;
    rig.state.receivedNs = rig.nowNs;
    rig.gate.ingestState(rig.state);
    if (n % 5 === 0) {
      decision.seq = ++rig.seq;
      decision.observedNs = rig.nowNs;
      for (let i = 0; i < 3; i++) decision.base[i] = -decision.base[i]!;
      rig.gate.ingestDecision(decision);
    }
    const action = rig.gate.tick(rig.nowNs);
    if (action === null) throw new Error(`silent: ${rig.gate.cause}`);
    result.seq = action.seq;
    rig.gate.sent(result);
    for (let i = 0; i < 7; i++) rig.state.pose[i] = action.setpoint[i]!;
    each();
  }
  if (rig.gate.mode !== 'ACTIVE') throw new Error(`not ACTIVE but ${rig.gate.mode}: ${rig.gate.cause}`);
  collect();
  return process.memoryUsage().heapUsed - before;
}

it('the gate keeps nothing of 30 000 ticks: 8 bytes kept a tick would show', () => {
  const rig = new Rig().active();
  rig.critic.evaluate = (_inputs, count, risks) => {
    risks.fill(0, 0, count);
  };
  heapGrowth(rig, 5000, () => {});
  const kept: object[] = [];
  expect(heapGrowth(rig, 30_000, () => {})).toBeLessThan(30_000 * 8);
  // The measure itself works: one object kept a tick is seen.
  expect(heapGrowth(rig, 30_000, () => kept.push({ at: rig.nowNs }))).toBeGreaterThan(30_000 * 8);
});

it("nor with the shipped run's critic in its kernel, six candidates a tick", () => {
  const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'));
  const critic = createCritic(config.policies.critic);
  let rows = 0;
  const robot = new MovingRobot(config, {
    inputSize: critic.inputSize,
    sha256: critic.sha256,
    evaluate(inputs, count, risks) {
      rows += count;
      critic.evaluate(inputs, count, risks);
    },
  });
  const growth = (ticks: number) => {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < ticks; n++) robot.step();
    collect();
    return process.memoryUsage().heapUsed - before;
  };
  growth(5000);
  rows = 0;
  expect(growth(30_000)).toBeLessThan(30_000 * 8);
  expect(rows).toBe(6 * 30_000);
  robot.mustBeActive();
});

it("nor does a call of the shipped critic's kernel allocate, kept or not: 8 bytes a call would show", () => {
  const { config } = loadRun(join(packageRoot, 'configs/runs/peg.yaml'));
  const critic = createCritic(config.policies.critic);
  const inputs = new Float64Array(6 * critic.inputSize).fill(0.1);
  const risks = new Float64Array(6);
  const allocated = (calls: number, each: () => void) => {
    collect();
    // No collection between the two: what is allocated and let go counts too.
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < calls; n++) {
      critic.evaluate(inputs, 6, risks);
      each();
    }
    return process.memoryUsage().heapUsed - before;
  };
  // Code that is not yet optimised boxes its numbers, and on a busy machine the compiler's thread is late: calls go on until it is done. What
  // a call allocates by itself is in every round.
  const least = (each: () => void) => {
    let fewest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 40 && fewest >= 10_000 * 8; round++) fewest = Math.min(fewest, allocated(10_000, each));
    return fewest;
  };
  expect(least(() => {})).toBeLessThan(10_000 * 8);
  let gone: object = {};
  const wasteful = () => {
    gone = { of: gone === null };
  };
  expect(least(wasteful)).toBeGreaterThan(10_000 * 8);
});
