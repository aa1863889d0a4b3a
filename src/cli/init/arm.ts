import { nearest } from '../../core/config/nearest.ts';
import { ReflexArcError } from '../../core/errors.ts';
import type { Urdf, UrdfJoint } from './urdf.ts';

/** The part of a robot that is commanded: a chain of moving joints from a base link to a tip link. */
export interface Arm {
  readonly base: string;
  readonly tip: string;
  readonly joints: readonly UrdfJoint[];
  /** Moving joints that are not of the arm: grippers, other arms. The robot may publish them. */
  readonly others: readonly UrdfJoint[];
}

const isMoving = ({ type, mimics }: UrdfJoint) =>
  mimics === undefined && (type === 'revolute' || type === 'continuous' || type === 'prismatic');

/**
 * The arm that ends at `tip`; without one, the longest chain of moving joints. A joint that mimics another has no will of its
 * own, and one that is mimicked is a gripper's: both are left out when nobody says where the arm ends.
 * @throws ReflexArcError RA_URDF when there is no arm, more than one, or no such tip
 */
export function findArm(urdf: Urdf, tip: string | undefined): Arm {
  const { joints } = urdf;
  const mimicked = new Set(joints.map((j) => j.mimics));
  const into = new Map(joints.map((j) => [j.child, j]));
  const links = [...new Set(joints.flatMap((j) => [j.parent, j.child]))];
  if (tip !== undefined && !links.includes(tip)) {
    const guess = nearest(tip, links);
    throw new ReflexArcError('RA_URDF', {
      seen: `--tip ${tip}: no such link${guess ? `; did you mean ${guess}?` : ''}`,
      allowed: links.join(', '),
    });
  }
  const chainTo = (link: string): UrdfJoint[] => {
    const chain: UrdfJoint[] = [];
    for (let joint = into.get(link); joint !== undefined; joint = into.get(joint.parent)) {
      if (chain.includes(joint))
        throw new ReflexArcError('RA_URDF', { seen: `link ${link} is in a loop`, allowed: 'a tree' });
      chain.unshift(joint);
    }
    return chain;
  };
  const moving = (link: string) =>
    chainTo(link).filter((j) => isMoving(j) && (tip !== undefined || !mimicked.has(j.name)));
  const end = tip ?? longest(links, moving);
  const arm = moving(end);
  if (arm.length === 0)
    throw new ReflexArcError('RA_URDF', {
      seen: `${urdf.name}: no moving joint${tip === undefined ? '' : ` on the way to ${tip}`}`,
      allowed: 'a chain with revolute, continuous or prismatic joints',
    });
  return {
    base: arm[0]!.parent,
    tip: end,
    joints: arm,
    others: joints.filter((j) => (isMoving(j) || j.mimics !== undefined) && !arm.includes(j)),
  };
}

/** The link with the most moving joints on the way to it; of several on one chain, the one right behind the last joint. */
function longest(links: readonly string[], moving: (link: string) => UrdfJoint[]): string {
  let most: UrdfJoint[] = [];
  for (const link of links) if (moving(link).length > most.length) most = moving(link);
  const last = most.at(-1);
  const rivals = links.filter((link) => moving(link).length === most.length && moving(link).at(-1) !== last);
  if (rivals.length > 0 && last !== undefined) {
    const ends = new Set([last, ...rivals.map((link) => moving(link).at(-1)!)].map((j) => j.child));
    throw new ReflexArcError('RA_URDF', {
      seen: `several chains of ${most.length} moving joints`,
      allowed: 'one arm',
      next: `Say where the arm ends: \`--tip\` with one of ${[...ends].join(', ')}.`,
    });
  }
  return last?.child ?? '';
}
