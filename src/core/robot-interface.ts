import type { RobotConfig } from './config-schema.ts';
import { ReflexArcError } from './errors.ts';

export type InterfaceType = RobotConfig['interface']['type'];
export type InterfaceConfig<T extends InterfaceType> = Extract<RobotConfig['interface'], { type: T }>;

/** The interface of this robot, which must be of this type. @throws ReflexArcError RA_CONFIG_INVALID */
export function interfaceOf<T extends InterfaceType>(robot: RobotConfig, type: T): InterfaceConfig<T> {
  if (robot.interface.type !== type)
    throw new ReflexArcError('RA_CONFIG_INVALID', {
      seen: `robot.interface.type: ${robot.interface.type}`,
      allowed: type,
    });
  return robot.interface as InterfaceConfig<T>;
}
