import { describe, expect, it } from 'vitest';
import { TipWorkspace } from '../../../../controllers/safety/tip/workspace.ts';
import { close, limitsOf, motionOf, poseOf, type Twist, type Vector, wall } from './table.ts';

/** A workspace of a box, a half-space and a box around the target in x. */
const walls = [
  wall([1, 0, 0], 0.2),
  wall([0, 0, 1], 0.3, 'workspace_plane'),
  wall([1, 0, 0], 0.05, 'target_box'),
  wall([-1, 0, 0], 0.05, 'target_box'),
];
const made = (delays: Vector[] = [[0, 0, 0]]) => {
  const l = limitsOf({ walls, tilt: 0.15 });
  const motionAt = (turns: Vector[]) => motionOf(l, { moved: turns.map((turn) => [0, 0, 0, ...turn]) });
  const motion = motionAt(delays);
  const workspace = new TipWorkspace(l, motion);
  workspace.look(poseOf(), motion);
  return { workspace, motionAt };
};

describe('the workspace of a tip', () => {
  it('has no walls around a target that is not known; a target moves those and no others', () => {
    const { workspace } = made();
    expect([...workspace.offsets]).toEqual([0.2, 0.3, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    workspace.setTarget(poseOf([0.1, 9, 9]));
    expect([...workspace.offsets]).toEqual(close([0.2, 0.3, 0.15, -0.05]));
    workspace.setTarget(poseOf([-0.1, 9, 9]));
    expect([...workspace.offsets]).toEqual(close([0.2, 0.3, -0.05, 0.15]));
  });

  it('leads back from two walls at once, and turns back as fast as from none', () => {
    const l = limitsOf({ walls: [wall([1, 0, 0], 0.2), wall([0, 1, 0], 0.2)], tilt: 0.15 });
    const moved: Twist[] = [
      [0, 0, 0, 0.3, 0, 0],
      [0, 0, 0, 0.1, 0, 0],
    ];
    const motion = motionOf(l, { moved });
    const workspace = new TipWorkspace(l, motion);
    workspace.look(poseOf([0.3, 0.4, 0]), motion);
    // What comes after a direction is somebody else's: as of a velocity, 0 at first.
    const out = new Float64Array(7);
    workspace.inward(out);
    expect([...out]).toEqual(close([-Math.SQRT1_2, -Math.SQRT1_2, 0, -1, 0, 0, 0]));
  });

  it('turns back from where the tip may be now, not from where it might have been a tick ago', () => {
    const { workspace, motionAt } = made([
      [0, 0, 0],
      [0, 0.3, 0],
    ]);
    const out = new Float64Array(6);
    workspace.inward(out);
    expect([...out]).toEqual(close([0, 0, 0, 0, -1, 0]));
    workspace.look(poseOf(), motionAt([[0, 0, 0]]));
    workspace.inward(out);
    expect([...out]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
