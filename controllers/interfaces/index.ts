import type { RobotConfig } from '../../src/core/config-schema.ts';
import { cartesianImpedance } from './cartesian-impedance.ts';
import type { CommandInterface } from './interface.ts';
import { jointInterface } from './joint.ts';
import { tipTwist } from './tip-twist.ts';
import { twist } from './twist.ts';

/** How each kind of robot is commanded, by `robot.interface.type`. */
export const INTERFACES: Readonly<Record<RobotConfig['interface']['type'], (robot: RobotConfig) => CommandInterface>> =
  {
    cartesian_impedance: cartesianImpedance,
    joint_velocity: jointInterface,
    joint_position: jointInterface,
    twist,
    tip_twist: tipTwist,
  };

export const commandInterface = (robot: RobotConfig): CommandInterface => INTERFACES[robot.interface.type](robot);
