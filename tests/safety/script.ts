import fc from 'fast-check';
import type { Decision, OperatorRequest } from '../../src/core/signals.ts';
import { anyDouble } from '../controllers/safety/arbitrary.ts';
import { MS, type Rig } from '../controllers/safety/rig.ts';

/** One thing done to a gate, and the ticks after it: what it is, a number for it, how many ticks. */
export type Step = readonly [what: number, x: number, ticks: number];

/** Cases a property: FC_RUNS of them, few in the quick run, for a case is a whole gate and its first motions. */
export const CASES = { numRuns: Number(process.env.FC_RUNS ?? 200) };

const KINDS = ['disengage', 'stop', 'estop', 'estop_release', 'arm', 'engage'] as const;
const unit = fc.double({ min: -1.4, max: 1.4, noNaN: true });

/** What a policy may do while nothing is wrong: any plausible action, any risk, any force below the limit. */
export const gentle: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(fc.nat(3), unit, fc.integer({ min: 1, max: 3 })) as fc.Arbitrary<Step>,
  { minLength: 1, maxLength: 5 },
);

/** All that, and faults of every kind, with any number at all. */
export const harsh: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(fc.nat(16), fc.oneof(unit, anyDouble), fc.integer({ min: 1, max: 3 })) as fc.Arbitrary<Step>,
  { minLength: 1, maxLength: 5 },
);

const finite = (x: number): number => (Number.isFinite(x) ? Math.max(-1e3, Math.min(1e3, x)) : 0);

/** Does one step to a rig. */
export function play(rig: Rig, [what, x, ticks]: Step): void {
  const { gate, state } = rig;
  const n = rig.seq;
  switch (what) {
    case 0:
    case 1:
      rig.think({ base: Float64Array.of(x, -x, 0.5 * x, 0.3 * Math.sin(n)) });
      break;
    case 2:
      rig.think({ base: Float64Array.of(0.1, x, 0, -x), residual: Float64Array.of(x, 0.1, -x, 0) });
      break;
    case 3:
      rig.critic.risk = (_row, i) => Math.abs(x) * (1 - 0.1 * i);
      break;
    case 4:
      for (let i = 0; i < 3; i++) state.wrench[i] = finite(x) * 10 * (i + 1);
      break;
    case 5:
      for (let i = 0; i < 3; i++) state.pose[i] = state.pose[i]! + 0.01 * Math.tanh(finite(x) * (i - 1));
      break;
    case 6:
      state.wrench[1] = x;
      break;
    case 7:
      rig.sense({ stampNs: rig.nowNs + finite(x) * 1e9 });
      state.stampNs = rig.nowNs;
      break;
    case 8:
      rig.think({ observedNs: rig.nowNs - finite(x) * 100 * MS } as Partial<Decision>);
      break;
    case 9:
      rig.sensing = !rig.sensing;
      break;
    case 10:
      rig.sending = !rig.sending;
      break;
    case 11:
      gate.observeLink(x > 0, Math.round(finite(x)), rig.nowNs);
      break;
    case 12:
      rig.nowNs += Math.round(finite(x) * 20) * MS;
      break;
    case 13:
      gate.ingestEcho({ epoch: gate.epoch, seq: Math.round(finite(x) * 100), stampNs: 0, setpoint: null });
      break;
    case 14: {
      // In range, so that it is mostly taken; the next kind is what a person may get wrong.
      const u = Math.tanh(finite(x));
      rig.takeOver([u, -u, 0.3 * u, 0]);
      break;
    }
    case 15:
      rig.takeOver([0.2, x, 0, 0], {
        ...{ epoch: gate.epoch - (x > 1 ? 1 : 0), holder: x < 0 ? 2 : 1, release: Math.abs(x) < 0.3 },
        ...(x < -1 ? { action: Float64Array.of(x) } : {}),
      });
      break;
    default: {
      const kind = KINDS[Math.abs(Math.round(finite(x) * 10)) % KINDS.length]!;
      // By the rig where it is an arming, so that the judge on the wire knows where it began.
      if (kind === 'arm') attempt(() => rig.must('arm'));
      else gate.request({ kind } as OperatorRequest, rig.nowNs);
      gate.request({ kind: 'reset', incident: gate.incident }, rig.nowNs);
    }
  }
  rig.tick(ticks);
}

function attempt(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!/refused/.test((error as Error).message)) throw error;
  }
}
