import type { RobotConfig } from '../../src/core/config-schema.ts';
import { ReflexArcError } from '../../src/core/errors.ts';
import type { Physics } from './mujoco.ts';

/** @throws ReflexArcError RA_JOINT_NAMES when the model's joints are not the robot's, in its order. */
export function requireJoints(physics: Physics, robot: RobotConfig, file: string): void {
  const inModel = Array.from({ length: physics.joints }, (_, j) => physics.name('joint', j));
  const inConfig = robot.joints.map((j) => j.name);
  if (inModel.join() === inConfig.join()) return;
  throw new ReflexArcError('RA_JOINT_NAMES', {
    seen: `\`robot.joints\`: ${inConfig.join(', ')}`,
    allowed: `${inModel.join(', ') || 'no joint'} in ${file}`,
  });
}
