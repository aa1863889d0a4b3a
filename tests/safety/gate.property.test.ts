import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CartesianEnvelope } from '../../controllers/safety/cartesian/envelope.ts';
import { isEngaged } from '../../controllers/safety/ladder.ts';
import { safetyOf } from '../controllers/safety/rig.ts';
import { Watched } from './rig.ts';
import { CASES, gentle, harsh, play, type Step } from './script.ts';

/** A short ramp: nearly all ticks of a case are the policy's. */
const safety = safetyOf({ engage_ramp_ms: 10 });
const make = (): Watched => {
  const rig = new Watched({}, { safety });
  rig.active();
  return rig;
};
/** The self-test of the braking law has properties of its own, and takes longer than a case. No spy: it keeps every gate. */
const { selfTest } = CartesianEnvelope.prototype;
beforeAll(() => {
  CartesianEnvelope.prototype.selfTest = () => '';
});
afterAll(() => {
  CartesianEnvelope.prototype.selfTest = selfTest;
});

/** Not by `expect`: it costs more than the tick. */
const must = (holds: boolean, what: () => string): void => {
  if (!holds) throw new Error(what());
};

describe('the gate, for any script of inputs, faults and requests', () => {
  it('P1 P3 P12: each command is finite, inside every limit, in order, one a tick at most, and none of policy or person after a stop', () => {
    let policy = 0;
    let takeover = 0;
    fc.assert(
      fc.property(harsh, (steps) => {
        const rig = make();
        const tick = rig.tick.bind(rig);
        rig.tick = (count = 1) => {
          let out = null;
          for (let n = 0; n < count; n++) {
            // The judge on the wire (rig.ts) holds the command against every limit and against its order.
            const before = rig.wire.length;
            out = tick();
            must(rig.wire.length - before === (out === null ? 0 : 1), () => 'more than one command');
            const { record } = rig.gate;
            if (record.source === 'takeover') takeover++;
            else if (record.source !== 'policy') continue;
            else policy++;
            must(
              record.clipped !== 0 || record.setpoint.every((v, i) => Object.is(v, record.aim[i])),
              () => 'cut unsaid',
            );
          }
          return out;
        };
        let stopped = false;
        for (const step of steps) {
          const known = rig.transitions.length;
          const sent = rig.wire.length;
          play(rig, step);
          for (const t of rig.transitions.slice(known)) {
            if (t.to === 'STOPPING' || t.to === 'ESTOP' || t.to === 'FAULT') stopped = true;
            if (t.from === 'HOLD' && t.to === 'ENGAGING') stopped = false;
          }
          // Nothing of the policy before an operator has answered, armed and engaged.
          must(!stopped || !isEngaged(rig.gate.mode), () => `${rig.gate.mode} after a stop`);
          const { source = '' } = rig.wire.slice(sent).at(-1) ?? {};
          must(!stopped || !['policy', 'takeover'].includes(source), () => `${source} after a stop`);
        }
        must(rig.gate.counters.postCheckFailures === 0, () => 'the filter broke a limit');
        must(!rig.path.includes('FAULT(internal_error)'), () => rig.transitions.at(-1)!.detail);
      }),
      CASES,
    );
    expect(policy).toBeGreaterThan(CASES.numRuns);
    expect(takeover).toBeGreaterThan(0.1 * CASES.numRuns);
  });

  it('begins where the robot is when it is moved while nothing reaches it for longer than the lease', () => {
    // Found by the property above, once in 84,575 scripts.
    const rig = make();
    play(rig, [10, 0, 3]);
    play(rig, [0, 0, 8]);
    play(rig, [5, 1, 1]);
    must(rig.wire.at(-1)!.source === 'brake' && rig.wire.at(-1)!.setpoint[0] === rig.state.pose[0], () => 'pulled');
  });

  it('P4 P7: an adversary in policy and critic, a robot that obeys 0 to 2 ticks late, ±30 % jitter: the tip stays inside', () => {
    const { min, max } = safety.pose_box!;
    const near = fc.tuple(fc.constantFrom(0, 1, 2), fc.boolean(), fc.double({ min: 0, max: 0.003, noNaN: true }));
    fc.assert(
      fc.property(
        gentle,
        near,
        fc.nat(2),
        fc.double({ min: -0.3, max: 0.3, noNaN: true }),
        (steps, wall, delay, jitter) => {
          const rig = new Watched({}, { safety });
          const [axis, up, distance] = wall;
          rig.state.pose[axis] = up ? max[axis]! - distance : min[axis]! + distance;
          rig.active();
          rig.following = false;
          const late: number[][] = [];
          const tick = rig.tick.bind(rig);
          rig.tick = (count = 1) => {
            let out = null;
            for (let n = 0; n < count; n++) {
              rig.nowNs += Math.round(jitter * 10e6);
              out = tick();
              if (out) late.push([...out.setpoint.subarray(0, 7)]);
              if (late.length > delay) rig.state.pose.set(late.shift()!);
              for (let i = 0; i < 3; i++) {
                const at = rig.state.pose[i]!;
                must(at >= min[i]! - 1e-9 && at <= max[i]! + 1e-9, () => `axis ${i} at ${at}`);
              }
            }
            return out;
          };
          for (const step of steps) play(rig, step);
        },
      ),
      CASES,
    );
  });

  it('P6 P7: a critic that sees more risk never lets the policy go further', () => {
    const step = (steps: Step[], risk: number) => {
      const rig = make();
      rig.critic.risk = () => risk;
      for (const s of steps) if (s[0] !== 3) play(rig, s);
      return rig.gate.record.source === 'policy' ? rig.gate.record.speedScale * rig.gate.record.residualFraction : 0;
    };
    fc.assert(
      fc.property(
        gentle,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (steps, a, b) => {
          const [less, more] = a < b ? [a, b] : [b, a];
          must(step(steps, more) <= step(steps, less), () => `risk ${more} gives more than ${less}`);
        },
      ),
      CASES,
    );
  });

  it('P11: a stop from any motion is at rest, measured, within its dwell, the delay and two periods', () => {
    fc.assert(
      fc.property(gentle, (steps) => {
        const rig = make();
        for (const step of steps) play(rig, step);
        if (!isEngaged(rig.gate.mode)) return;
        rig.must('stop');
        let ticks = 0;
        while (rig.gate.mode === 'STOPPING' && ticks < 100) {
          rig.tick();
          ticks++;
        }
        // 10 ticks of dwell, one for the robot to obey, two periods.
        must(rig.gate.mode === 'STOPPED' && ticks <= 13, () => `${rig.gate.mode} after ${ticks} ticks`);
      }),
      CASES,
    );
  });
});
