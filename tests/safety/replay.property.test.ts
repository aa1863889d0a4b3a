import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { CartesianEnvelope } from '../../controllers/safety/cartesian/envelope.ts';
import { JointEnvelope } from '../../controllers/safety/joint/envelope.ts';
import { SeededRandom } from '../../src/core/random.ts';
import type { Kind } from '../controllers/safety/joint/arm.ts';
import { MS, safetyOf } from '../controllers/safety/rig.ts';
import { JointGate } from './joint-gate.ts';
import { MessageRig, Watched } from './rig.ts';
import { CASES, gentle, harsh, play, type Step } from './script.ts';

const safety = safetyOf({ engage_ramp_ms: 10 });
/** It has properties of its own. No spy: it keeps every gate. */
const selfTests = [CartesianEnvelope.prototype.selfTest, JointEnvelope.prototype.selfTest] as const;
beforeAll(() => {
  CartesianEnvelope.prototype.selfTest = () => '';
  JointEnvelope.prototype.selfTest = () => '';
});
afterAll(() => {
  [CartesianEnvelope.prototype.selfTest, JointEnvelope.prototype.selfTest] = selfTests;
});

/** All that a run says, as one text: every command and every change of mode. Numbers are written so that bits show. */
function said(rig: Watched, steps: readonly Step[]): string {
  rig.active();
  for (const step of steps) play(rig, step);
  return `${JSON.stringify(rig.wire)} ${rig.path.join(' ')}`;
}
const cartesian = (steps: readonly Step[], change: (rig: Watched) => void = () => {}): string => {
  const rig = new Watched({}, { safety });
  change(rig);
  return said(rig, steps);
};
const same = (a: string, b: string): void => {
  if (a !== b) throw new Error(`differs:\n${a}\n${b}`);
};

describe('two runs of the gate', () => {
  it('P5: with the joints of each message in another order are the same, to the last bit', () => {
    fc.assert(
      fc.property(gentle, fc.integer(), (steps, seed) => {
        const run = (shuffled: boolean) => {
          const random = new SeededRandom(seed);
          const rig = new MessageRig({}, { safety });
          if (shuffled)
            rig.way = (m) => {
              if (random.uniform() < 0.5) return [m];
              const turn = <T>(v: T[]) => [v[1]!, v[0]!];
              const { header, name, position, velocity, effort } = m;
              return [
                { header, name: turn(name), position: turn(position), velocity: turn(velocity), effort: turn(effort) },
              ];
            };
          return said(rig, steps);
        };
        same(run(true), run(false));
      }),
      CASES,
    );
  });

  it('P8: with refused messages in between and without are the same, to the last bit', () => {
    fc.assert(
      fc.property(gentle, fc.integer(), (steps, seed) => {
        const random = new SeededRandom(seed);
        const spoil = (rig: Watched) => {
          const deliver = rig.deliver.bind(rig);
          rig.deliver = (state) => {
            deliver(state);
            const how = random.integer(4);
            const pose = state.pose.map((v, i) => (i < 3 ? v + 0.01 : v));
            if (how === 0) rig.gate.ingestState({ ...state, pose });
            if (how === 1) rig.gate.ingestState({ ...state, pose, stampNs: state.stampNs - 15 * MS });
            if (how === 2) rig.gate.ingestDecision({ ...rig.decision, epoch: rig.gate.epoch - 1, seq: 1e9 });
            if (how === 3) rig.gate.ingestDecision({ ...rig.decision, seq: 0, base: Float64Array.of(1, 1, 1, 1) });
          };
        };
        same(cartesian(steps, spoil), cartesian(steps));
      }),
      CASES,
    );
  });

  it('P9 P10: with the same inputs, and any constant on the clock of the robot and on ours, are the same, faults and all', () => {
    // ns in a double are exact up to 2^53: 104 days. A shift of 0 is replay.
    const shift = fc.oneof(
      { weight: 1, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.integer({ min: -4e6, max: 4e6 }) },
    );
    fc.assert(
      fc.property(harsh, shift, shift, (steps, wallS, oursS) => {
        const moved = cartesian(steps, (rig) => {
          rig.nowNs += Math.abs(oursS) * 1e9;
          const sense = rig.sense.bind(rig);
          rig.sense = (changes = {}) => {
            const stampNs = (changes.stampNs ?? rig.nowNs) + wallS * 1e9;
            sense({ ...changes, stampNs });
          };
        });
        same(moved, cartesian(steps));
      }),
      CASES,
    );
  });
});

describe('two runs of the gate before joints', () => {
  const run = (kind: Kind, seed: number, risk: number, startNs: number): string => {
    const random = new SeededRandom(seed);
    const rig = new JointGate(kind, [2.7, -1.6, 0], { engage_ramp_ms: 10 }, startNs);
    rig.active();
    rig.risk = () => risk * random.uniform();
    const wire: string[] = [];
    for (let n = 0; n < 12; n++) {
      for (let i = 0; i < 3; i++) rig.decision.base[i] = random.range(-1.4, 1.4);
      const out = rig.tick();
      if (out === null) break;
      wire.push(out.setpoint.join());
      for (let i = 0; i < 3; i++) {
        const [lo, hi] = rig.robot.joints[i]!.position;
        const at = rig.state.position[i]!;
        if (!(at >= lo + 0.002 - 1e-5 && at <= hi - 0.002 + 1e-5)) throw new Error(`joint ${i} at ${at}`);
      }
    }
    return `${wire.join(' ')} ${rig.path.join(' ')}`;
  };

  it('P4 P7 P9 P10: under an adversary in policy and critic keep inside, and at another time are the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Kind>('joint_velocity', 'joint_position'),
        fc.integer(),
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.integer({ min: 1, max: 4e6 }),
        (kind, seed, risk, s) => {
          same(run(kind, seed, risk, s * 1e9), run(kind, seed, risk, 1e9));
        },
      ),
      CASES,
    );
  });
});
