import type { RunConfig } from '../config-schema.ts';
import { brakingTimeMs } from './braking-time.ts';
import { checkLog } from './log-semantics.ts';
import { type Finding, Notes } from './notes.ts';
import { checkPractice } from './practice-semantics.ts';
import type { Path } from './source.ts';
import { checkSpace } from './space-semantics.ts';
import { checkTip } from './tip-semantics.ts';
import { checkWorkspace } from './workspace-semantics.ts';

export interface Findings {
  /** Contradictions: the run is refused. */
  readonly problems: readonly Finding[];
  /** Allowed, but worth a second look. */
  readonly warnings: readonly Finding[];
}

/** Ideal spring force Δ·K beyond this multiple of the force limit is a slip of a unit, not a choice. */
const SLIP = 5;

/** What a type cannot say: limits that cross, rates that starve a deadline, magnitudes that betray a wrong unit. */
export function checkSemantics(config: RunConfig): Findings {
  const notes = new Notes();
  checkRobot(config, notes);
  checkSpelling(config, notes);
  checkBase(config, notes);
  checkTip(config, notes);
  checkForces(config, notes);
  checkSpace(config, notes);
  checkWorkspace(config, notes);
  checkTiming(config, notes);
  checkGuard(config, notes);
  checkProcesses(config, notes);
  checkLog(config, notes);
  checkPractice(config, notes);
  return notes;
}

function checkRobot({ robot, safety }: RunConfig, notes: Notes): void {
  const { joint_state: joints } = robot;
  notes.refuse(
    joints.effort === 'none' && !safety.off.includes('effort'),
    ['robot', 'joint_state', 'effort'],
    'none: the rule effort would judge zeros; say that it is off, `safety.off: [effort]`',
  );
  notes.warn(
    joints.velocity === 'estimated',
    ['robot', 'joint_state', 'velocity'],
    `estimated: from positions, low-passed at ${joints.velocity_hz} Hz; a velocity lags by ${round(1e3 / (2 * Math.PI * joints.velocity_hz))} ms`,
  );
  const seen = new Set<string>();
  for (const [i, joint] of robot.joints.entries()) {
    notes.refuse(seen.has(joint.name), ['robot', 'joints', i, 'name'], `${joint.name} is named twice`);
    seen.add(joint.name);
    const [lo, hi] = joint.position;
    notes.refuse(lo === hi, ['robot', 'joints', i, 'position'], `[${lo}, ${hi}] leaves the joint no room`);
    notes.warn(
      Math.max(Math.abs(lo), Math.abs(hi)) > 4 * Math.PI,
      ['robot', 'joints', i, 'position'],
      `[${lo}, ${hi}] is more than two turns: these are radians, not degrees`,
    );
  }
  notes.refuse(
    robot.sources.includes('odom') && robot.sources.includes('pose'),
    ['robot', 'sources'],
    'has odom and pose, which both say where the robot is',
  );
  notes.refuse(
    new Set(robot.sources).size < robot.sources.length,
    ['robot', 'sources'],
    `${robot.sources.join(', ')} names one twice`,
  );
  const topics = new Map<string, string>();
  const named: [Path, string, string][] = [
    ...Object.entries(robot.topics).map(([key, topic]): [Path, string, string] => [
      ['robot', 'topics', key],
      key,
      topic,
    ]),
    ...robot.ranging.map((s, i): [Path, string, string] => [
      ['robot', 'ranging', i, 'topic'],
      `ranging[${i}]`,
      s.topic,
    ]),
  ];
  for (const [path, key, topic] of named) {
    const other = topics.get(topic);
    notes.refuse(other !== undefined, path, `${topic} is the topic of ${other} too`);
    topics.set(topic, key);
  }
}

/** Ramps of acceleration within a stop, as multiples of A/J. */
const JERK_RAMPS = 2.5;

/** What the message of a command says of its end, against what the limits reckon with. */
function checkSpelling({ robot, safety, bridge }: RunConfig, notes: Notes): void {
  const how = robot.interface;
  const at = (...keys: string[]): Path => ['robot', 'interface', ...keys];
  if (how.type === 'cartesian_impedance') {
    notes.refuse(
      how.message !== 'pose_stamped' && how.stiffness_topic !== undefined,
      at('stiffness_topic'),
      `is for message: pose_stamped; ${how.message} carries its stiffness`,
    );
    notes.warn(
      how.message === 'pose_stamped' && how.stiffness_topic === undefined,
      at('message'),
      "pose_stamped without stiffness_topic: stiffness is the controller's own, and its limits here have no effect",
    );
  }
  if (how.type !== 'joint_velocity' && how.type !== 'joint_position') return;
  notes.warn(
    how.type === 'joint_velocity' && how.message === 'float64_multi_array',
    at('message'),
    'float64_multi_array has no end: a velocity goes on when commands stop, unless the robot itself times out',
  );
  if (how.message !== 'joint_trajectory') return;
  const { hold_ms, deceleration, positions } = how.trajectory;
  const { reaction_ms, derate } = safety.joints;
  const tick = 1000 / safety.control_hz;
  notes.refuse(
    hold_ms < tick,
    at('trajectory', 'hold_ms'),
    `${hold_ms} ms is shorter than one control tick of ${round(tick)} ms: it would brake between commands`,
  );
  if (how.type === 'joint_position') return;
  notes.refuse(
    bridge.ros_version === 1 && !positions,
    at('trajectory', 'positions'),
    "false: ROS 1's joint_trajectory_controller refuses velocities without positions; say true, or take joint_position",
  );
  notes.warn(
    bridge.ros_version === 'auto' && !positions,
    at('trajectory', 'positions'),
    "false: a robot that turns out to be ROS 1 refuses velocities without positions, and ROS 2's wants allow_integration_in_goal_trajectories",
  );
  notes.warn(
    bridge.ros_version !== 1 && positions,
    at('trajectory', 'positions'),
    "true: ROS 2's joint_trajectory_controller must have interpolate_from_desired_state, or it begins each command where the arm was measured and makes up its lag at up to twice the speed",
  );
  notes.refuse(
    hold_ms > reaction_ms,
    at('trajectory', 'hold_ms'),
    `${hold_ms} ms is longer than safety.joints.reaction_ms ${reaction_ms} ms, which the joint limits reckon with`,
  );
  notes.refuse(
    deceleration < derate,
    at('trajectory', 'deceleration'),
    `${deceleration} is gentler than safety.joints.derate ${derate}, which the joint limits reckon with`,
  );
  const ends = robot.joints.map(
    ({ velocity, acceleration, jerk }) =>
      hold_ms + 1000 * (velocity / (deceleration * acceleration) + (JERK_RAMPS * acceleration) / jerk),
  );
  notes.warn(
    Math.max(...ends) > safety.lease_ms,
    at('message'),
    `joint_trajectory: from full speed it ends ${round(Math.max(...ends))} ms after the last command, lease_ms is ${safety.lease_ms} ms`,
  );
}

/** A stop takes longer than the acceleration alone says: ramps of jerk, and the way of a command, reckoned generously. */
const STOP_RAMPS = 2.5;

function checkBase({ robot, safety, daemon }: RunConfig, notes: Notes): void {
  const { twist: s, off } = safety;
  const how = robot.interface;
  const isBase = how.type === 'twist';
  notes.refuse(
    isBase && !robot.sources.includes('odom'),
    ['robot', 'sources'],
    `${robot.sources.join(', ')}: a twist interface needs odom, and usually nothing else`,
  );
  notes.refuse(
    isBase && robot.ranging.length === 0 && !off.includes('obstacles'),
    ['robot', 'ranging'],
    'is empty: a base that sees no obstacles drives into them; name a sensor, or `obstacles` in safety.off',
  );
  notes.warn(!isBase && robot.ranging.length > 0, ['robot', 'ranging'], 'is heeded by a twist interface only');
  if (how.type !== 'twist') return;
  const at = (key: string): Path => ['safety', 'twist', key];
  const tick = 1000 / safety.control_hz;
  notes.refuse(
    s.reaction_ms < tick,
    at('reaction_ms'),
    `${s.reaction_ms} ms is below a control tick of ${round(tick)} ms`,
  );
  const stop = Math.max(
    s.speed / s.acceleration + (STOP_RAMPS * s.acceleration) / s.jerk,
    s.speed_rotation / s.acceleration_rotation + (STOP_RAMPS * s.acceleration_rotation) / s.jerk_rotation,
  );
  const stopMs = stop * 1000 + s.delay_ms + safety.stop_dwell_ms;
  notes.refuse(
    stopMs > safety.stop_timeout_ms,
    ['safety', 'stop_timeout_ms'],
    `${safety.stop_timeout_ms} ms is shorter than a stop from full speed, ${round(stopMs)} ms: it would end in ESTOP`,
  );
  notes.warn(
    how.scale[0] > s.speed || how.scale[1] > s.speed,
    ['robot', 'interface', 'scale'],
    `${how.scale.join(', ')} asks for more than safety.twist.speed ${s.speed} m/s: full actions will always be clipped`,
  );
  notes.warn(
    how.scale[2] > s.speed_rotation,
    ['robot', 'interface', 'scale'],
    `${how.scale[2]} rad/s is above safety.twist.speed_rotation ${s.speed_rotation} rad/s: it will be clipped`,
  );
  notes.warn(off.includes('obstacles'), ['safety', 'off'], 'obstacles: a sensor that is silent does not stop the base');
  notes.warn(
    daemon.heartbeat_ms + s.delay_ms > 1000 * (s.min_distance / s.speed),
    at('min_distance'),
    `${s.min_distance} m at ${s.speed} m/s is less than a dead reflex takes to be stopped, ${round(daemon.heartbeat_ms + s.delay_ms)} ms`,
  );
}

function checkForces({ robot, safety, task }: RunConfig, notes: Notes): void {
  const { force_soft, force_limit, reference_limit, stiffness } = safety;
  const at = (key: string): Path => ['safety', key];
  notes.refuse(
    force_soft >= force_limit,
    at('force_soft'),
    `${force_soft} N is not below force_limit ${force_limit} N`,
  );
  notes.refuse(
    stiffness[0] < 0,
    at('stiffness'),
    `goes down to ${stiffness[0]} N/m; a spring that pushes away is no spring`,
  );
  notes.refuse(
    safety.stiffness_rotation[0] < 0,
    at('stiffness_rotation'),
    `goes down to ${safety.stiffness_rotation[0]} Nm/rad`,
  );
  // SERL: contact force stays near K·Δ whatever the policy asks (design, section 6).
  const spring = stiffness[1] * reference_limit;
  const product = `${reference_limit} m × stiffness ${stiffness[1]} N/m = ${round(spring)} N`;
  notes.refuse(
    spring > SLIP * force_limit,
    at('reference_limit'),
    `${product}, over ${SLIP} × force_limit ${force_limit} N: a slip of a unit?`,
  );
  notes.warn(
    spring > force_limit && spring <= SLIP * force_limit,
    at('reference_limit'),
    `${product} is above force_limit ${force_limit} N: the force rule, not Δ, will do the limiting`,
  );
  if (robot.interface.type !== 'cartesian_impedance') return;
  const violation = task.world?.violation_force ?? Number.POSITIVE_INFINITY;
  const { stiffness: nominal, stiffness_factor: factors } = robot.interface;
  const reach = factors.map((f) => f * nominal);
  notes.warn(
    Math.min(...reach) < stiffness[0] || Math.max(...reach) > stiffness[1],
    at('stiffness'),
    `[${stiffness.join(', ')}] N/m clips what the interface can ask for, ${Math.min(...reach)} to ${Math.max(...reach)} N/m`,
  );
  notes.warn(
    violation < force_limit,
    at('force_limit'),
    `${force_limit} N is above the task's violation_force ${violation} N: violations will pass the force rule`,
  );
}

function checkTiming({ safety, task, daemon }: RunConfig, notes: Notes): void {
  const { world, decision_hz } = task;
  const tick = 1000 / safety.control_hz;
  const state = world ? 1000 / world.state_hz : tick;
  const at = (key: string): Path => ['safety', key];
  const starved = (key: 'state_age_ms' | 'decision_age_ms' | 'lease_ms', period: number, of: string) =>
    notes.refuse(
      safety[key] < period,
      at(key),
      `${safety[key]} ms is shorter than one ${of} of ${round(period)} ms: always expired`,
    );
  starved('state_age_ms', tick, 'control tick');
  if (state > tick) starved('state_age_ms', state, 'state message');
  starved('decision_age_ms', 1000 / decision_hz, 'decision');
  starved('lease_ms', tick, 'control tick');
  notes.refuse(
    decision_hz > safety.control_hz,
    ['task', 'decision_hz'],
    `${decision_hz} is above safety.control_hz ${safety.control_hz}: decisions would be skipped`,
  );
  notes.refuse(
    daemon.heartbeat_ms < tick,
    ['daemon', 'heartbeat_ms'],
    `${daemon.heartbeat_ms} ms is shorter than one control tick of ${round(tick)} ms: the sentinel would always stop`,
  );
  notes.refuse(
    safety.stop_dwell_ms >= safety.stop_timeout_ms,
    at('stop_dwell_ms'),
    `${safety.stop_dwell_ms} ms is not below stop_timeout_ms ${safety.stop_timeout_ms} ms: no stop could ever be confirmed`,
  );
  if (!world) return;
  notes.refuse(
    world.deadman_ms < tick,
    ['task', 'world', 'deadman_ms'],
    `${world.deadman_ms} ms is shorter than one control tick of ${round(tick)} ms: the robot would always hold`,
  );
  const steps = 1e6 / (world.state_hz * world.timestep_us);
  notes.refuse(
    Math.abs(steps - Math.round(steps)) > 1e-6 || steps < 1,
    ['task', 'world', 'state_hz'],
    `${world.state_hz} is ${round(steps)} physics steps of ${world.timestep_us} µs a message: it must be a whole number`,
  );
}

/** Share of a tick that a check may take before it is worth a word: the rest of the tick and the machine need theirs. */
const GUARD_SHARE = 0.5;

function checkGuard(config: RunConfig, notes: Notes): void {
  const { robot, safety } = config;
  const { guard } = safety;
  if (guard === undefined) return;
  const at = (key: string): Path => ['safety', 'guard', key];
  const tick = 1000 / safety.control_hz;
  const steps = (1000 * tick) / guard.timestep_us;
  notes.refuse(
    robot.joints.length === 0,
    ['safety', 'guard'],
    'needs a robot with joints: what it asks is the physics of an arm',
  );
  notes.refuse(
    Math.abs(steps - Math.round(steps)) > 1e-6 || steps < 1,
    at('timestep_us'),
    `${guard.timestep_us} µs is ${round(steps)} to a control tick of ${round(tick)} ms: it must be a whole number`,
  );
  const needed = tick + brakingTimeMs(config);
  notes.refuse(
    guard.horizon_ms < needed,
    at('horizon_ms'),
    `${guard.horizon_ms} ms is shorter than one tick and braking, ${Math.ceil(needed)} ms: what comes then is not seen`,
  );
  notes.refuse(
    guard.budget_us >= 1000 * tick,
    at('budget_us'),
    `${guard.budget_us} µs is not below the control tick of ${round(1000 * tick)} µs`,
  );
  notes.warn(
    guard.budget_us < 1000 * tick && guard.budget_us > GUARD_SHARE * 1000 * tick,
    at('budget_us'),
    `${guard.budget_us} µs is over ${100 * GUARD_SHARE} % of the control tick of ${round(1000 * tick)} µs`,
  );
}

function checkProcesses({ daemon, policies, safety, bridge }: RunConfig, notes: Notes): void {
  notes.refuse(
    daemon.console_port !== 0 && daemon.console_port === daemon.ros_port,
    ['daemon', 'ros_port'],
    `${daemon.ros_port} is the console's port too`,
  );
  notes.refuse(
    !!daemon.foxglove_port && [daemon.console_port, daemon.ros_port].includes(daemon.foxglove_port),
    ['daemon', 'foxglove_port'],
    `${daemon.foxglove_port} is the port of another server of the daemon too`,
  );
  notes.warn(
    !['127.0.0.1', '::1', 'localhost'].includes(daemon.host),
    ['daemon', 'host'],
    `${daemon.host} is not loopback: whoever reaches it can arm the robot, and there is no password`,
  );
  notes.warn(
    policies.residual.scale > safety.residual_bound,
    ['policies', 'residual', 'scale'],
    `${policies.residual.scale} is above safety.residual_bound ${safety.residual_bound}: the residual will be clipped`,
  );
  notes.warn(
    bridge.max_message_bytes < 10_000,
    ['bridge', 'max_message_bytes'],
    `${bridge.max_message_bytes} may be too small for a state message`,
  );
  for (const rule of safety.off) notes.warn(true, ['safety', 'off'], `${rule}: this rule is switched off`);
}

const round = (v: number): number => Number(v.toPrecision(4));
