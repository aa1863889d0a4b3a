import type { RunConfig } from '../config-schema.ts';
import type { Notes } from './notes.ts';

/** Whose hard filter keeps every command inside the workspace; that of joints and of a base knows no tip. */
const FILTERED: readonly string[] = ['cartesian_impedance', 'tip_twist'];

/**
 * Who enforces the workspace: a wall that nobody would is refused, one at which the robot is only stopped is said.
 * Joints and a base go through filters of their own limits; what is left of `pose_box` and `planes` is the rule `workspace`,
 * which needs the measured pose, and the guard, which asks the physics. Nothing at all is left of `target_box`.
 */
export function checkWorkspace({ robot, safety }: RunConfig, notes: Notes): void {
  const { pose_box: box, planes, target_box: near } = safety;
  for (const [k, { normal }] of planes.entries()) {
    notes.refuse(
      !(Math.hypot(...normal) > 0),
      ['safety', 'planes', k, 'normal'],
      `[${normal.join(', ')}] is no direction: which side is inside?`,
    );
  }
  const { type } = robot.interface;
  if (FILTERED.includes(type)) return;
  notes.refuse(
    near !== undefined,
    ['safety', 'target_box'],
    `would be enforced by nothing with ${type} commands; allowed: with ${FILTERED.join(' or ')}; take it out`,
  );
  const measured = robot.sources.includes('pose');
  const stops = measured && !safety.off.includes('workspace');
  const foreseen = safety.guard !== undefined;
  const why = measured ? 'the rule workspace is in safety.off' : `robot.sources is [${robot.sources.join(', ')}]`;
  // A base's place is its odometry: odom and pose exclude each other.
  const add = measured ? 'take workspace out of safety.off' : 'add pose to robot.sources';
  const next = type === 'twist' ? 'take it out; walls of a base are what its ranging sees' : `${add}, or take it out`;
  for (const [given, key] of [
    [box !== undefined, 'pose_box'],
    [planes.length > 0, 'planes'],
  ] as const) {
    notes.refuse(
      given && !stops && !foreseen,
      ['safety', key],
      `would be enforced by nothing: ${type} commands are not filtered by it, and ${why}; allowed: with ` +
        `${FILTERED.join(' or ')}, or with a measured pose and the rule workspace; ${next}`,
    );
    notes.warn(
      given && stops && !foreseen,
      ['safety', key],
      `does not bound ${type} commands: the rule workspace stops the robot once its measured tip is outside`,
    );
    notes.warn(
      given && foreseen,
      ['safety', key],
      `does not bound ${type} commands: the guard foresees a policy's way out${stops ? ', and the rule workspace stops the robot once its tip is outside' : `; ${why}, so that nothing looks at the measured tip`}`,
    );
  }
}
