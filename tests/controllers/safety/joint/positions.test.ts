import { describe, expect, it } from 'vitest';
import { jointInterface } from '../../../../controllers/interfaces/joint.ts';
import { TrajectoryEnd } from '../../../../controllers/interfaces/trajectory-end.ts';
import { REFUSAL } from '../../../../controllers/safety/joint/admissible.ts';
import { JointEnvelope } from '../../../../controllers/safety/joint/envelope.ts';
import { JointLead } from '../../../../controllers/safety/joint/lead.ts';
import { jointLimits } from '../../../../controllers/safety/joint/limits.ts';
import { positionsAdmissible } from '../../../../controllers/safety/joint/positions.ts';
import { JointGate } from '../../../safety/joint-gate.ts';
import { armOf, jointSafety } from './arm.ts';

/** ±1 rad, 2 rad/s, held for 30 ms, braked at 0.7·10 rad/s² after ramps of 2.5·10/5000 s: 0.7 rad/s goes 0.35·0.105 = 0.03675 rad on. */
const robot = armOf('joint_velocity', [{ position: [-1.002, 1.002], velocity: 2 }], 'joint_trajectory');
const limits = jointLimits(jointSafety(), robot);
const end = new TrajectoryEnd(robot);

interface Case {
  v?: number;
  now?: number;
  first?: number;
  measured?: number;
}
function judged({ v = 0, now = 0, first = now, measured = now }: Case): string {
  const lead = new JointLead(1, end, 16);
  lead.position[0] = now;
  lead.reach[0] = first;
  return REFUSAL[positionsAdmissible(Float64Array.of(v), Float64Array.of(measured), lead, end, limits)]!;
}

describe('the post-check of positions that go out beside velocities', () => {
  it('allows them 0.1 + 2·(0.02 + 0.05 + 0.03 + 0.005) + 2²/(2·7) rad from the measured ones', () => {
    expect(limits.away[0]).toBeCloseTo(0.31 + 4 / 14, 12);
  });

  it.each<[name: string, is: Case, refusal: string]>([
    ['at rest where it was measured', {}, ''],
    ['no number at all', { first: Number.NaN }, 'not_finite'],
    ['none where the joint is by now', { now: Number.NaN, first: 0, measured: 0 }, 'not_finite'],
    ['without end', { first: -Infinity }, 'not_finite'],
    ['beside a velocity that is none', { v: Number.NaN }, 'not_finite'],
    ['a measured one that is none', { measured: Number.NaN }, 'reference_limit'],
    ['as far as 2 rad/s go in 30 ms', { first: 0.06 }, ''],
    ['a little further', { first: 0.0601 }, 'joint_speed'],
    ['back as far', { first: -0.06 }, ''],
    ['back a little further', { first: -0.0601 }, 'joint_speed'],
    ['at the limit, at rest', { now: 0.99, first: 1 }, ''],
    ['past it, at rest', { now: 0.99, first: 1.0001 }, 'joint_limit'],
    ['past the other one', { now: -0.99, first: -1.0001 }, 'joint_limit'],
    ['a stop that ends at the limit', { v: 0.7, now: 0.96, first: 1 - 0.03675 }, ''],
    ['a stop that ends past it', { v: 0.7, now: 0.96, first: 1 - 0.0366 }, 'joint_limit'],
    ['a stop that ends past the other one', { v: -0.7, now: -0.96, first: -1 + 0.0366 }, 'joint_limit'],
    ['away from the limit from past it', { v: -0.7, now: 1.05, first: 1.04 }, ''],
    ['still, past the limit', { now: 1.05 }, ''],
    ['further out, past the limit', { now: 1.05, first: 1.0501 }, 'joint_limit'],
    ['still, past the other one', { now: -1.05 }, ''],
    ['further out, past the other one', { now: -1.05, first: -1.0501 }, 'joint_limit'],
    ['0.59 rad from the measured one', { measured: -0.59 }, ''],
    ['0.6 rad', { measured: -0.6 }, 'reference_limit'],
    ['0.6 rad the other way', { measured: 0.6 }, 'reference_limit'],
    ['0.57 rad, and 0.03675 on to the stop', { v: 0.7, measured: -0.57 }, 'reference_limit'],
    ['0.57 rad, and 0.03675 less at the stop', { v: -0.7, measured: -0.57 }, ''],
  ])('%s: %j', (_name, is, refusal) => expect(judged(is)).toBe(refusal));

  it('looks at every joint', () => {
    const two = armOf(
      'joint_velocity',
      [0, 1].map(() => ({ position: [-1, 1], velocity: 2 })),
      'joint_trajectory',
    );
    const lead = new JointLead(2, end, 16);
    lead.reach[1] = Number.NaN;
    const still = new Float64Array(2);
    expect(REFUSAL[positionsAdmissible(still, still, lead, end, jointLimits(jointSafety(), two))]).toBe('not_finite');
  });
});

describe('positions beside velocities', () => {
  const made = (how: Partial<typeof robot.interface>) => {
    const other = { ...robot, interface: { ...robot.interface, ...how } as typeof robot.interface };
    return new JointEnvelope(jointSafety(), other, jointInterface(other)).reach;
  };

  it('are there for velocities in a trajectory, and for nothing else', () => {
    expect(made({})).toHaveLength(1);
    expect(made({ message: 'joint_jog' } as object)).toBeUndefined();
    expect(made({ type: 'joint_position' } as object)).toBeUndefined();
  });

  it('are not where they were before there was any: 1 rad sent, 0.5 measured, 0.5 off', () => {
    const lead = new JointLead(1, end, 16);
    lead.position[0] = 1;
    lead.reach[0] = 1;
    lead.sent(Float64Array.of(0), 1e9);
    expect(lead.error(Float64Array.of(0.5), 0)).toBe(0.5);
  });
});

describe('a gate whose positions are broken', () => {
  const active = () => {
    const rig = new JointGate('joint_velocity', [0, -1.6, 0], {}, 1e9, 'joint_trajectory').active();
    rig.decision.base.fill(0.5);
    rig.tick(30);
    expect(rig.gate.mode).toBe('ACTIVE');
    return rig;
  };
  const { lead } = JointLead.prototype;
  /** Adds `by` to the first joint's, in the next `times` reckonings of `then`. */
  const broken = (by: number, times: number, then: () => void) => {
    JointLead.prototype.lead = function (this: JointLead, velocities) {
      lead.call(this, velocities);
      if (times-- > 0) this.reach[0] = this.reach[0]! + by;
    };
    try {
      then();
    } finally {
      JointLead.prototype.lead = lead;
    }
  };

  it.each([
    ['no number', Number.NaN, 'not_finite', 1],
    ['1 rad further', 1, 'joint_speed', 2],
  ])('lets none of it out, not as a brake either, and is FAULT: %s', (_name, by, refusal, index) => {
    const rig = active();
    broken(by, Number.POSITIVE_INFINITY, () => {
      expect(rig.tick()).toBeNull();
      expect(REFUSAL[rig.gate.record.refusal]).toBe(refusal);
      expect([rig.gate.counters.postCheckFailures, rig.gate.record.source]).toEqual([1, 'none']);
      expect(rig.tick()).toBeNull();
      expect(rig.path.at(-1)).toBe('FAULT(post_check)');
      expect(rig.transitions.at(-1)!.value).toBe(index);
    });
  });

  it('brakes where that helps, for the one tick before FAULT', () => {
    const rig = active();
    broken(Number.NaN, 1, () => {
      const action = rig.tick()!;
      expect(action.source).toBe('brake');
      expect(action.reach.every(Number.isFinite)).toBe(true);
      expect(rig.tick()).toBeNull();
      expect(rig.path.at(-1)).toBe('FAULT(post_check)');
    });
  });

  it("knows its commands by their positions too: one that comes back with another is somebody else's", () => {
    const rig = active();
    const { codec } = jointInterface(rig.robot);
    const echo = (change: (positions: number[]) => void) => {
      const seen = structuredClone(codec.encode(rig.tick()!).message) as { points: { positions: number[] }[] };
      for (const { positions } of seen.points) change(positions);
      rig.gate.ingestEcho(codec.decode(seen));
      rig.tick();
    };
    echo(() => {});
    expect([rig.gate.mode, rig.gate.counters.foreignCommands]).toEqual(['ACTIVE', 0]);
    echo((positions) => {
      positions[2] = positions[2]! + 1e-3;
    });
    expect([rig.path.at(-1), rig.gate.counters.foreignCommands]).toEqual(['STOPPING(second_commander)', 1]);
  });
});
