import { z } from 'zod';
import { bridgeSchema } from './bridge-schema.ts';
import { daemonSchema } from './daemon-schema.ts';
import { fileHere } from './file-here.ts';
import { logSchema } from './log-schema.ts';
import { observationSchema } from './observation-schema.ts';
import { practiceSchema } from './practice-schema.ts';

/**
 * The schema of a run file. One run names a robot, a task, a safety file and its policies; each of the first three may
 * stand in its own file (`robot: ../robots/fr3.yaml`) or inline. Keys are snake_case as in ROS YAML; the unit is the
 * last word of a key that is not SI base: `_ms`, `_hz`, `_us`, `_bytes`.
 */
const finite = z.number();
const positive = finite.positive();
const vec = (n: number) => z.array(finite).length(n);
const range = z
  .tuple([finite, finite])
  .refine(([lo, hi]) => lo <= hi, 'lower bound above upper bound')
  .describe('[min, max]');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex');

export const jointSchema = z.strictObject({
  name: z.string().min(1),
  position: range.describe('rad'),
  velocity: positive.describe('rad/s'),
  acceleration: positive.describe('rad/s²'),
  jerk: positive.describe('rad/s³'),
  effort: positive.describe('Nm'),
});

/**
 * How joint setpoints are spelt. Positions are not a JointJog unless it is asked for: its `displacements` are absolute here, and others
 * take them for steps.
 */
const jointMessage = (usual: 'joint_jog' | 'joint_trajectory') => ({
  message: z
    .enum(['float64_multi_array', 'joint_trajectory', 'joint_jog'])
    .default(usual)
    .describe('std_msgs/Float64MultiArray, trajectory_msgs/JointTrajectory or control_msgs/JointJog'),
  trajectory: z
    .strictObject({
      hold_ms: positive.default(30).describe('a velocity goes on for so long, or a position is reached after it'),
      deceleration: finite.gt(0).max(1).default(0.7).describe('share of the acceleration limit at which it then stops'),
      positions: z
        .boolean()
        .default(false)
        .describe(
          "velocities come with positions: ROS 1's controller takes none without; one of ROS 2 must then have interpolate_from_desired_state, and without them allow_integration_in_goal_trajectories",
        ),
    })
    .prefault({})
    .describe('for joint_trajectory: how it ends when nothing more is said'),
});

export const robotSchema = z.strictObject({
  name: z.string(),
  base_frame: z.string().default('base'),
  tip_frame: z.string().default('tip'),
  joints: z.array(jointSchema).describe('in the order of every joint vector; empty for a mobile base'),
  sources: z
    .array(z.enum(['joint_states', 'pose', 'wrench', 'odom']))
    .min(1)
    .default(['joint_states', 'pose', 'wrench'])
    .describe('the messages of one stamp that make a state; without a source, what is judged by it is off'),
  joint_state: z
    .strictObject({
      velocity: z
        .enum(['measured', 'estimated'])
        .default('measured')
        .describe('estimated: from positions and stamps, for a driver that leaves velocities empty'),
      velocity_hz: positive.default(20).describe('low pass of estimated velocities'),
      effort: z
        .enum(['measured', 'none'])
        .default('measured')
        .describe('none: the driver leaves efforts empty; they are 0, and the rule `effort` must be off'),
    })
    .prefault({})
    .describe('what a joint state brings besides positions'),
  topics: z.strictObject({
    joint_states: z.string().default('/joint_states'),
    pose: z.string().default('/ee_pose'),
    wrench: z.string().default('/wrench'),
    odom: z.string().default('/odom').describe('of a mobile base: pose and measured twist'),
    clock: z.string().default('/clock'),
    command: z.string().default('/equilibrium_command'),
    stop: z.string().default('/stop').describe('the sentinel publishes here when the reflex is silent'),
    robot_status: z.string().default('/robot_status'),
  }),
  ranging: z
    .array(
      z.strictObject({
        type: z.enum(['scan', 'range']).describe('sensor_msgs/LaserScan or sensor_msgs/Range'),
        topic: z.string().min(1),
        mount: vec(3).default([0, 0, 0]).describe('[x y yaw] of the sensor in the base frame, m and rad'),
        upside_down: z.boolean().default(false).describe('mounted with its z axis down: angles run clockwise'),
        age_ms: positive.default(300).describe('a newest reading that is older stops the robot: a few of its periods'),
        invalid_share: finite
          .min(0)
          .max(1)
          .default(0.5)
          .describe('a scan with more beams that tell nothing is refused'),
        beams: z.int().positive().max(65_536).default(4096).describe('a scan with more is refused'),
      }),
    )
    .default([])
    .describe('sensors that see obstacles; each ages by itself'),
  interface: z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('cartesian_impedance'),
      position_scale: positive.default(0.005).describe('m per unit of action'),
      stiffness: positive.default(2000).describe('nominal translational stiffness, N/m'),
      stiffness_rotation: positive.default(150).describe('Nm/rad'),
      stiffness_factor: vec(3).default([0.3, 1, 1.5]).describe('factor at stiffness action -1, 0, +1'),
      message: z
        .enum(['equilibrium_command', 'pose_stamped'])
        .default('equilibrium_command')
        .describe('ours, with stiffness, epoch, sequence and lease; or geometry_msgs/PoseStamped'),
      stiffness_topic: z
        .string()
        .min(1)
        .optional()
        .describe('for pose_stamped: geometry_msgs/WrenchStamped of N/m and Nm/rad, before each pose'),
    }),
    z.strictObject({
      type: z.literal('joint_velocity'),
      velocity_scale: finite.positive().max(1).default(0.5).describe('share of the velocity limit per unit of action'),
      ...jointMessage('joint_jog'),
    }),
    z.strictObject({
      type: z.literal('joint_position'),
      position_scale: positive.default(0.05).describe('rad per unit of action, from where the setpoint is'),
      ...jointMessage('joint_trajectory'),
    }),
    z.strictObject({
      type: z
        .literal('tip_twist')
        .describe('geometry_msgs/TwistStamped for the tip of an arm, as MoveIt Servo takes it'),
      scale: z
        .array(finite.min(0))
        .length(6)
        .refine((scale) => scale.some((v) => v > 0), 'no axis of it moves')
        .default([0.1, 0.1, 0.1, 0.5, 0.5, 0.5])
        .describe(
          '[vx vy vz wx wy wz] of the tip per unit of action, base frame, m/s and rad/s; 0: an axis that stays',
        ),
    }),
    z.strictObject({
      type: z.literal('twist'),
      message: z.enum(['twist', 'twist_stamped']).default('twist').describe('of geometry_msgs'),
      scale: z
        .tuple([positive, finite.min(0), positive])
        .default([0.5, 0, 1])
        .describe('[vx vy wz] per unit of action, m/s and rad/s; vy 0: a base that cannot move sideways'),
      footprint: z
        .strictObject({
          center: vec(2).default([0, 0]).describe('in the base frame, m'),
          radius: positive.describe('m'),
        })
        .describe('a circle around everything that the base may hit with'),
    }),
  ]),
});

export const taskSchema = z.strictObject({
  name: z.string(),
  decision_hz: positive.default(20),
  horizon_steps: z.int().positive().default(200).describe('decisions before an episode times out'),
  target_topic: z.string().default('/hole_estimate'),
  episode_topic: z.string().default('/episode'),
  observation: observationSchema
    .optional()
    .describe('what the policies see; without it, the tip relative to the target, and for the residual the wrench'),
  reset_service: z.string().default('/reset_episode'),
  release_service: z.string().default('/release'),
  world: z
    .strictObject({
      model: fileHere('MJCF file, relative to this file'),
      timestep_us: z.int().positive().default(2000),
      state_hz: positive.default(100).describe('rate of state messages'),
      friction: positive.default(0.3).describe('of peg and fixture'),
      joint_damping: finite.min(0).optional().describe("Nm s/rad, of every joint, instead of the model's"),
      joint_friction: finite.min(0).optional().describe("dry friction, Nm, of every joint, instead of the model's"),
      payload: finite
        .min(0)
        .optional()
        .describe("kg at the tool that the robot's servo does not know of: its weight, not its inertia"),
      clearance: positive.default(0.0005).describe('m per side'),
      estimate_error: vec(3)
        .default([0.003, 0.003, 0.001])
        .describe('uniform half width of the hole estimate error, m'),
      hole_range: vec(2).default([0.03, 0.03]).describe('half width of the hole position around its nominal, m'),
      hole_nominal: vec(3).default([0.5, 0, 0.05]).describe('centre of the hole mouth, base frame, m'),
      violation_force: positive.default(30).describe('N, on the filtered norm'),
      deadman_ms: positive.default(100).describe('robot side: no fresh command for so long, and it holds'),
    })
    .optional()
    .describe('the simulated world of this task; a robot that is there needs none'),
});

export const safetySchema = z.strictObject({
  control_hz: positive.default(100),
  pose_box: z
    .strictObject({ min: vec(3), max: vec(3) })
    .optional()
    .describe(
      'workspace of the tip, base frame, m; a Cartesian interface and a tip twist need it, and keep it; with joints only a rule stops outside',
    ),
  planes: z
    .array(z.strictObject({ normal: vec(3), offset: finite }))
    .default([])
    .describe('half-spaces of the workspace: normal · position ≤ offset, base frame, m; enforced as pose_box is'),
  target_box: z
    .strictObject({ min: vec(3), max: vec(3) })
    .optional()
    .describe('workspace around the task target estimate, m'),
  approach: z
    .strictObject({ distance: positive, speed: positive })
    .optional()
    .describe(
      'near the target estimate (m), where a first touch is due, the setpoint of a policy or person goes at most so fast (m/s); unknown target: everywhere',
    ),
  tilt: positive.default(0.2).describe('largest rotation away from the reference orientation, rad'),
  reference_limit: positive.default(0.01).describe('Δ: setpoint never further from the measured pose, m per axis'),
  reference_limit_rotation: positive.default(0.1).describe('rad per axis'),
  speed: positive.default(0.1).describe('of the setpoint, m/s'),
  speed_rotation: positive.default(0.5).describe('rad/s'),
  stiffness: range.default([200, 3000]).describe('N/m'),
  stiffness_rotation: range.default([10, 300]).describe('Nm/rad'),
  stiffness_rate: positive.default(10000).describe('N/m per second'),
  joints: z
    .strictObject({
      margin: finite.min(0).default(0.002).describe('rad that a limit is kept off by'),
      derate: finite.gt(0).max(1).default(0.7).describe('share of the acceleration limit that stopping reckons with'),
      reaction_ms: positive
        .default(30)
        .describe('how long a velocity may go on before it is braked: 3 of the longest periods'),
      delay_ms: finite.min(0).default(20).describe('a command shows in the measured positions after at most this'),
      reference_limit: positive.default(0.05).describe('position setpoint never further from the measured one, rad'),
      tracking: positive.default(0.1).describe('largest difference between motion asked and motion seen, rad'),
      inward_speed: positive.default(0.05).describe('of a joint that comes back from outside its limits, rad/s'),
      stop_speed: positive.default(0.01).describe('rad/s: below, a joint counts as stopped'),
    })
    .prefault({})
    .describe('for joint interfaces; limits are those of the robot'),
  twist: z
    .strictObject({
      speed: positive.default(0.5).describe('m/s, norm of the translation'),
      speed_rotation: positive.default(1).describe('rad/s'),
      acceleration: positive.default(1).describe('m/s²'),
      acceleration_rotation: positive.default(2).describe('rad/s²'),
      jerk: positive.default(10).describe('m/s³'),
      jerk_rotation: positive.default(20).describe('rad/s³'),
      derate: finite.gt(0).max(1).default(0.7).describe('share of the acceleration limits that stopping reckons with'),
      min_distance: finite.min(0).default(0.2).describe('m from the footprint to whatever a ranging sensor sees'),
      reaction_ms: positive.default(50).describe('how long a twist may go on before it is braked: 3 periods and more'),
      delay_ms: finite.min(0).default(100).describe('a command shows in the odometry after at most this'),
      tracking: positive.default(0.3).describe('largest drift between motion asked and motion seen, m'),
      tracking_rotation: positive.default(0.5).describe('rad'),
      stop_speed_rotation: positive.default(0.02).describe('rad/s: below, the base counts as stopped'),
    })
    .prefault({})
    .describe('for a twist interface'),
  tip_twist: z
    .strictObject({
      speed: positive.default(0.1).describe('m/s, norm of the translation'),
      speed_rotation: positive.default(0.5).describe('rad/s, norm of the rotation'),
      acceleration: positive.default(0.5).describe('m/s²'),
      acceleration_rotation: positive.default(2).describe('rad/s²'),
      jerk: positive.default(20).describe('m/s³'),
      jerk_rotation: positive.default(80).describe('rad/s³'),
      derate: finite.gt(0).max(1).default(0.7).describe('share of the acceleration limits that stopping reckons with'),
      reaction_ms: positive.default(30).describe('how long a twist may go on before it is braked: 3 periods and more'),
      delay_ms: finite.min(0).default(50).describe('a command shows in the measured pose after at most this'),
      tracking: positive.default(0.03).describe('largest drift between motion asked and motion seen, m'),
      tracking_rotation: positive.default(0.15).describe('rad'),
      inward_speed: positive.default(0.02).describe('of a recovery, m/s'),
      inward_speed_rotation: positive.default(0.1).describe('rad/s'),
      stop_speed_rotation: positive.default(0.02).describe('rad/s: below, the tip counts as stopped'),
    })
    .prefault({})
    .describe('for a tip_twist interface; its workspace is pose_box, planes, target_box and tilt'),
  force_soft: positive.default(22).describe('N: above, stiffness goes down to its floor and nothing pushes on'),
  force_limit: positive.default(30).describe('N on the filtered norm: above, controlled stop'),
  force_filter_hz: positive.default(30),
  state_age_ms: positive.default(50),
  decision_age_ms: positive.default(100),
  takeover_age_ms: positive
    .default(200)
    .describe("a person's action counts for so long after the command that it answers went out"),
  lease_ms: positive.default(100).describe('how long the receiver may act on one command'),
  stamp_skew_ms: positive.default(50).describe('largest difference between the stamps of one state'),
  engage_ramp_ms: positive.default(300),
  stop_speed: positive.default(0.005).describe('m/s: below, the robot counts as stopped'),
  stop_dwell_ms: positive.default(100),
  stop_timeout_ms: positive.default(1500),
  residual_bound: finite.min(0).max(1).default(0.3).describe('|residual| in normalised action units'),
  risk: z
    .strictObject({
      high: finite.min(0).max(1).default(0.35).describe('above it a candidate of the policy is not admitted'),
      low: finite.min(0).max(1).default(0.2).describe('at or below it a recovery ends'),
      warn: finite
        .min(0)
        .max(1)
        .optional()
        .describe(
          'above it the policy is slowed, to a fifth at `high`; `low` without it, and not at all where it is `high`',
        ),
      dwell_ms: positive.default(100),
      recovery_budget: z.int().min(0).default(5).describe('recoveries per arming'),
      recovery_ms: positive.default(1500).describe('longest single recovery'),
      budget_ms: positive.default(20).describe('an answer of the critic that took longer is none: the largest risk'),
    })
    .refine((r) => r.low < r.high, 'low must be below high')
    .refine((r) => (r.warn ?? r.low) <= r.high, 'warn must not be above high'),
  guard: z
    .strictObject({
      model: fileHere('MJCF of the robot and of what it may touch, relative to this file'),
      timestep_us: z.int().positive().default(2500).describe('of its physics; a control period holds a whole number'),
      horizon_ms: positive.default(400).describe('one tick, then braking: no shorter than that takes'),
      budget_us: positive.default(2000).describe('of one check; a longer one is a stop'),
      target_error: finite.min(0).default(0.002).describe('m: a tip deeper below the estimated target is inside it'),
    })
    .optional()
    .describe("asks the physics before a policy's command goes out; off unless it is here"),
  off: z
    .array(z.string())
    .default([])
    .describe('rules switched off by name: an explicit choice, logged at every start'),
  rules: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .optional()
    .describe("options of single rules by name; each rule's own schema checks them"),
});

const size = (what: string) => z.int().positive().optional().describe(`${what}; for a backend without weights`);
/** What a backend needs of these it says itself, in its own schema. */
const policyRef = z.strictObject({
  type: z.string().describe('policy backend'),
  path: fileHere('weights file, relative to this file').optional(),
  sha256: sha256.describe('pins the file: another digest refuses to start').optional(),
  observation_size: size('numbers it takes'),
  action_size: size('numbers of an action'),
});

export const policiesSchema = z.strictObject({
  base: policyRef.extend({ execute_steps: z.int().positive().default(4).describe('steps executed of each chunk') }),
  residual: policyRef.extend({ scale: finite.min(0).max(1).default(0.3).describe('0: the base alone, bit for bit') }),
  critic: policyRef.extend({ input_size: size('numbers of state and aim') }),
});

export const runSchema = z.strictObject({
  name: z.string(),
  robot: robotSchema,
  task: taskSchema,
  safety: safetySchema,
  policies: policiesSchema,
  bridge: bridgeSchema.prefault({}),
  daemon: daemonSchema.prefault({}),
  log: logSchema.prefault({}),
  practice: practiceSchema.optional().describe('the residual goes on learning on the robot; off unless it is here'),
  seed: z.int().min(0).default(1),
});

export type RunConfig = z.infer<typeof runSchema>;
export type RobotConfig = z.infer<typeof robotSchema>;
export type TaskConfig = z.infer<typeof taskSchema>;
export type SafetyConfig = z.infer<typeof safetySchema>;
export type PoliciesConfig = z.infer<typeof policiesSchema>;
