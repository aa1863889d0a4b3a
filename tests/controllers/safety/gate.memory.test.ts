import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
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
