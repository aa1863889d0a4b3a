import { describe, expect, it } from 'vitest';
import { admissible, REFUSAL } from '../../../../controllers/safety/tip/admissible.ts';
import { type Standing, standing, type Twist, type Vector, wall } from './table.ts';

/** A twist, and where the tip is; the twist before it is the same where nothing else is said. */
interface Judged extends Standing {
  u: Twist;
  elapsed?: number;
  target?: Vector;
}
function judged({ u, elapsed = 0.01, target, ...s }: Judged): string {
  const { l, motion, workspace, pose } = standing({ was: u, ...s });
  if (target) workspace.setTarget(Float64Array.of(...target, 0, 0, 0, 1));
  return REFUSAL[admissible(Float64Array.from(u), elapsed, pose, motion, workspace, l)]!;
}
type Row = [string, Judged, string];
const still: Twist = [0, 0, 0, 0, 0, 0];
const turning = (w: number): Twist => [0, 0, 0, 0, 0, w];
const moving = (v: number): Twist => [v, 0, 0, 0, 0, 0];
/** 0.04 m/s and rad/s a tick of change in what changes a tick. */
const JERKY = { linear: { jerk: 400 }, angular: { jerk: 400 } };

describe('the post-check of tip twists: rates', () => {
  it.each<Row>([
    ['at rest', { u: still }, ''],
    ...[0, 1, 2, 3, 4, 5].map((i): Row => {
      const u = [...still] as Twist;
      u[i] = Number.NaN;
      return [`element ${i} is not finite`, { u, was: still }, 'not_finite'];
    }),
    ['at its speed', { u: [1.2, 0, 1.6, 0, 0, 0] }, ''],
    ['too fast', { u: [1.2, 0.01, 1.6, 0, 0, 0] }, 'speed'],
    ['at its speed of rotation', { u: [0, 0, 0, 0, 1.6, 1.2], limits: { tilt: 1.5 } }, ''],
    ['rotates too fast', { u: [0, 0, 0, 0.1, 1.6, 1.2] }, 'speed_rotation'],
    ['both: the translation is named', { u: [3, 0, 0, 3, 0, 0] }, 'speed'],
    ['the worse limit is named', { u: [1, 0, 0, 0, 0, 3], was: [0.8, 0, 0, 0, 0, 3] }, 'speed_rotation'],
    [
      'the worse limit is named, also of the translation',
      { u: [3, 0, 0, 0, 0, 0.3], was: [3, 0, 0, 0, 0, 0] },
      'speed',
    ],
    ['accelerates as it may', { u: [0.06, 0.08, 0, 0, 0, 0], was: still }, ''],
    ['accelerates more', { u: [0.06, 0.081, 0, 0, 0, 0], was: still }, 'acceleration'],
    ['brakes more', { u: moving(0.8), was: moving(1) }, 'acceleration'],
    ['accelerates its rotation', { u: [0, 0, 0, 0, 0.12, 0.16], was: still }, ''],
    ['accelerates its rotation more', { u: [0, 0, 0, 0, 0.12, 0.161], was: still }, 'acceleration_rotation'],
    ['within one period of two', { u: moving(0.1), was: still, elapsed: 0.02 }, ''],
    ['as in two periods', { u: moving(0.2), was: still, elapsed: 0.02 }, 'acceleration'],
    ['as in a whole period', { u: moving(0.1), was: still, elapsed: 0.009 }, 'acceleration'],
    ['in no time', { u: moving(0.1), was: still, elapsed: 0 }, 'acceleration'],
    ['in a time before', { u: moving(0.1), was: still, elapsed: -1 }, 'acceleration'],
    ['in a time that is none', { u: moving(0.1), was: still, elapsed: Number.NaN }, 'acceleration'],
    ['nothing in no time', { u: moving(0.1), elapsed: Number.NaN }, ''],
    ['jerks as it may', { u: moving(0.04), was: still, limits: JERKY }, ''],
    ['jerks more', { u: moving(0.041), was: still, limits: JERKY }, 'jerk'],
    [
      'jerks as it may, from what it did',
      { u: moving(0.08), was: moving(0.05), slope: [7, 0, 0, 0, 0, 0], limits: JERKY },
      '',
    ],
    ['jerks more than that', { u: moving(0.11), was: moving(0.05), slope: [1, 0, 0, 0, 0, 0], limits: JERKY }, 'jerk'],
    ['jerks its rotation as it may', { u: turning(0.04), was: still, limits: JERKY }, ''],
    ['jerks its rotation more', { u: turning(0.041), was: still, limits: JERKY }, 'jerk_rotation'],
    ['brakes with any jerk', { u: moving(0.95), was: moving(1), slope: [9, 0, 0, 0, 0, 0], limits: JERKY }, ''],
    ['stays with any jerk', { u: moving(1), was: moving(1), slope: [9, 0, 0, 0, 0, 0], limits: JERKY }, ''],
    [
      'brakes askew with any jerk',
      { u: [0.57, 0, 0.76, 0, 0, 0], was: [0.6, 0, 0.8, 0, 0, 0], slope: [9, 0, 0, 0, 0, 0], limits: JERKY },
      '',
    ],
    [
      'does not brake when it turns',
      { u: [0.57, 0, 0.75, 0, 0, 0], was: [0.6, 0, 0.8, 0, 0, 0], slope: [9, 0, 0, 0, 0, 0], limits: JERKY },
      'jerk',
    ],
    [
      'brakes no rotation by a translation',
      { u: [0.95, 0, 0, 0, 0, 0.1], was: [1, 0, 0, 0, 0, 0], limits: JERKY },
      'jerk_rotation',
    ],
  ])('%s', (_name, given, said) => {
    expect(judged(given)).toBe(said);
  });
});

const AHEAD = (d: number, kind?: 'workspace_plane' | 'target_box') => ({ walls: [wall([1, 0, 0], d, kind)] });
const nearer = 2e-6;

describe('the post-check of tip twists: walls', () => {
  it.each<Row>([
    // 1 m/s stops in 0.2 m.
    ['as far away as the stop', { u: moving(1), limits: AHEAD(0.2) }, ''],
    ['nearer', { u: moving(1), limits: AHEAD(0.2 - nearer) }, 'pose_box'],
    ['nearer, of another kind', { u: moving(1), limits: AHEAD(0.2 - nearer, 'workspace_plane') }, 'workspace_plane'],
    ['of a target', { u: moving(1), target: [0.1, 9, 9], limits: AHEAD(0.1, 'target_box') }, ''],
    [
      'of a target that is nearer',
      { u: moving(1), target: [0.1 - nearer, 9, 9], limits: AHEAD(0.1, 'target_box') },
      'target_box',
    ],
    ['of a target that is not known', { u: moving(1), limits: AHEAD(-9, 'target_box') }, ''],
    ['behind', { u: moving(-1), limits: AHEAD(0) }, ''],
    ['beside', { u: [0, 1, 0, 0, 0, 0], limits: AHEAD(0) }, ''],
    ['askew', { u: [0.6, 0.8, 0, 0, 0, 0], limits: AHEAD(0.12) }, ''],
    ['askew, nearer', { u: [0.6, 0.8, 0, 0, 0, 0], limits: AHEAD(0.12 - nearer) }, 'pose_box'],
    ['oblique', { u: [0.6, 0.8, 0, 0, 0, 0], limits: { walls: [wall([0, 0.8, 0.6], 0.128)] } }, ''],
    [
      'oblique, nearer',
      { u: [0.6, 0.8, 0, 0, 0, 0], limits: { walls: [wall([0, 0.8, 0.6], 0.128 - nearer)] } },
      'pose_box',
    ],
    ['from where the tip is', { u: moving(1), at: [0.1, 9, 9], limits: AHEAD(0.3 - nearer) }, 'pose_box'],
    [
      'from where any delay has it',
      { u: moving(1), moved: [[...still], [0.1, 9, 9, 0, 0, 0], [...still]] as Twist[], limits: AHEAD(0.3 - nearer) },
      'pose_box',
    ],
    ['with what nobody remembers', { u: moving(1), unknown: 0.05, limits: AHEAD(0.3 - nearer) }, 'pose_box'],
    ['with what nobody remembers, and room for it', { u: moving(1), unknown: 0.05, limits: AHEAD(0.3) }, ''],
    [
      'the second of two',
      { u: moving(1), limits: { walls: [wall([-1, 0, 0], 0), wall([1, 0, 0], 0.1, 'workspace_plane')] } },
      'workspace_plane',
    ],
    ['too near for 1 m/s, but not for the brake', { u: moving(0.9), was: moving(1), limits: AHEAD(0.01) }, ''],
    ['too near for less than the brake', { u: moving(0.91), was: moving(1), limits: AHEAD(0.01) }, 'pose_box'],
    ['passed, but nothing is left to brake', { u: still, was: moving(0.05), limits: AHEAD(-1) }, ''],
    ['is nothing to a rotation', { u: turning(1), limits: AHEAD(-1) }, ''],
    [
      'rotation braked is no translation braked',
      { u: [1, 0, 0, 0, 0, 0.8], was: [1, 0, 0, 0, 0, 1], limits: AHEAD(0.1) },
      'pose_box',
    ],
  ])('%s', (_name, given, said) => {
    expect(judged(given)).toBe(said);
  });
});

describe('the post-check of tip twists: the cone', () => {
  const tilt = 0.15;
  it.each<Row>([
    // 1 rad/s stops in 0.15 rad.
    ['as wide as the stop', { u: turning(1), limits: { tilt } }, ''],
    ['narrower', { u: turning(1), limits: { tilt: tilt - nearer } }, 'tilt'],
    ['narrower, of a tip that moves', { u: [0.5, 0, 0, 0, 0, 1], limits: { tilt: tilt - nearer } }, 'tilt'],
    ['from where the tip is', { u: turning(1), turn: [0, 0, 0.1], limits: { tilt: 0.25 } }, ''],
    ['from where the tip is, narrower', { u: turning(1), turn: [0, 0, 0.1], limits: { tilt: 0.25 - nearer } }, 'tilt'],
    [
      'from where any delay has it',
      {
        u: turning(1),
        moved: [[...still], [9, 9, 9, 0, 0, 0.1], [...still]] as Twist[],
        limits: { tilt: 0.25 - nearer },
      },
      'tilt',
    ],
    ['from both', { u: turning(1), turn: [0, 0, 0.1], moved: [[0, 0, 0, 0, 0, 0.1]], limits: { tilt: 0.35 } }, ''],
    [
      'from both, narrower',
      { u: turning(1), turn: [0, 0, 0.1], moved: [[0, 0, 0, 0, 0, 0.1]], limits: { tilt: 0.35 - nearer } },
      'tilt',
    ],
    ['with what nobody remembers', { u: turning(1), unknown: 0.05, limits: { tilt: 0.25 } }, ''],
    ['with what nobody remembers, narrower', { u: turning(1), unknown: 0.05, limits: { tilt: 0.25 - nearer } }, 'tilt'],
    ['outside, on the way back', { u: turning(-1), turn: [0, 0, 0.5], limits: { tilt } }, ''],
    ['outside, and past it on the other side', { u: turning(-1), turn: [0, 0, 0.05], limits: { tilt: 0.01 } }, 'tilt'],
    ['outside, and on', { u: turning(0.01), turn: [0, 0, 0.5], limits: { tilt } }, 'tilt'],
    ['outside, but braked', { u: turning(0.8), was: turning(1), turn: [0, 0, 0.5], limits: { tilt } }, ''],
    ['outside, less than braked', { u: turning(0.81), was: turning(1), turn: [0, 0, 0.5], limits: { tilt } }, 'tilt'],
    ['is nothing to a translation', { u: moving(1), turn: [0, 0, 0.5], limits: { tilt } }, ''],
    // A turn about another axis: cos(θ/2) = cos(0.05)·cos(0.075).
    [
      'askew',
      { u: [0, 0, 0, 1, 0, 0], turn: [0, 0, 0.1], limits: { tilt: 2 * Math.acos(Math.cos(0.05) * Math.cos(0.075)) } },
      '',
    ],
    [
      'askew, narrower',
      {
        u: [0, 0, 0, 1, 0, 0],
        turn: [0, 0, 0.1],
        limits: { tilt: 2 * Math.acos(Math.cos(0.05) * Math.cos(0.075)) - nearer },
      },
      'tilt',
    ],
  ])('%s', (_name, given, said) => {
    expect(judged(given)).toBe(said);
  });
});
