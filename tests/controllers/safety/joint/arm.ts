import { type RobotConfig, robotSchema, type SafetyConfig, safetySchema } from '../../../../src/core/config-schema.ts';

export type Kind = 'joint_velocity' | 'joint_position';

/** Three joints of the FR3 with the vendor's absolute limits. */
export const FR3 = [
  { position: [-2.7437, 2.7437], velocity: 2.62 },
  { position: [-3.0421, -0.1518], velocity: 2.62 },
  { position: [-2.8065, 2.8065], velocity: 5.26 },
];

export const armOf = (type: Kind, joints: object[] = FR3, message = 'joint_jog'): RobotConfig =>
  robotSchema.parse({
    name: 'joints',
    joints: joints.map((j, i) => ({ name: `j${i}`, acceleration: 10, jerk: 5000, effort: 87, ...j })),
    sources: ['joint_states'],
    topics: {},
    interface: { type, message, trajectory: { positions: message === 'joint_trajectory' } },
  });

export const jointSafety = (changes: object = {}): SafetyConfig => safetySchema.parse({ risk: {}, ...changes });
