import type { RobotConfig, SafetyConfig } from '../../src/core/config-schema.ts';
import type { CommandInterface } from '../interfaces/interface.ts';
import { CartesianEnvelope } from './cartesian/envelope.ts';
import type { Envelope } from './envelope.ts';
import { JointEnvelope } from './joint/envelope.ts';
import { TipEnvelope } from './tip/envelope.ts';
import { TwistEnvelope } from './twist/envelope.ts';

type MakeEnvelope = new (safety: SafetyConfig, robot: RobotConfig, iface: CommandInterface) => Envelope;

/** The envelope of each kind of setpoint, by the name of its command interface. */
export const ENVELOPES: Readonly<Record<RobotConfig['interface']['type'], MakeEnvelope>> = {
  cartesian_impedance: CartesianEnvelope,
  joint_velocity: JointEnvelope,
  joint_position: JointEnvelope,
  twist: TwistEnvelope,
  tip_twist: TipEnvelope,
};

/** @throws ReflexArcError RA_CONFIG_INVALID for limits that no command could satisfy together */
export const makeEnvelope = (safety: SafetyConfig, robot: RobotConfig, iface: CommandInterface): Envelope =>
  new ENVELOPES[robot.interface.type](safety, robot, iface);
