/**
 * The ROS messages we speak, in ROS 2 spelling, as types. Standard types are the standard's; `reflexarc_msgs` are ours
 * and documented by their .msg text in `definitions.ts`. A bridge that speaks ROS 1 respells at its edge.
 */
export interface Time {
  sec: number;
  nanosec: number;
}
export interface Header {
  stamp: Time;
  frame_id: string;
}
export interface Vector3 {
  x: number;
  y: number;
  z: number;
}
export interface Quaternion extends Vector3 {
  w: number;
}
export interface Pose {
  position: Vector3;
  orientation: Quaternion;
}
/** sensor_msgs/msg/JointState */
export interface JointState {
  header: Header;
  name: string[];
  position: number[];
  velocity: number[];
  effort: number[];
}
/** geometry_msgs/msg/PoseStamped */
export interface PoseStamped {
  header: Header;
  pose: Pose;
}
/** geometry_msgs/msg/WrenchStamped */
export interface WrenchStamped {
  header: Header;
  wrench: { force: Vector3; torque: Vector3 };
}
/** geometry_msgs/msg/Twist: m/s and rad/s in the frame of the base. */
export interface Twist {
  linear: Vector3;
  angular: Vector3;
}
/** geometry_msgs/msg/TwistStamped */
export interface TwistStamped {
  header: Header;
  twist: Twist;
}
/** nav_msgs/msg/Odometry: pose in `header.frame_id`, twist in `child_frame_id`. */
export interface Odometry {
  header: Header;
  child_frame_id: string;
  pose: { pose: Pose; covariance: number[] };
  twist: { twist: Twist; covariance: number[] };
}
/** sensor_msgs/msg/LaserScan: ranges in m, counter-clockwise from angle_min. */
export interface LaserScan {
  header: Header;
  angle_min: number;
  angle_max: number;
  angle_increment: number;
  time_increment: number;
  scan_time: number;
  range_min: number;
  range_max: number;
  ranges: number[];
  intensities: number[];
}
/** sensor_msgs/msg/Range: one distance along the x axis of the sensor, m. */
export interface Range {
  header: Header;
  radiation_type: number;
  field_of_view: number;
  min_range: number;
  max_range: number;
  range: number;
}
/** rosgraph_msgs/msg/Clock */
export interface ClockMessage {
  clock: Time;
}
/** std_srvs/srv/Trigger response */
export interface TriggerResponse {
  success: boolean;
  message: string;
}

/** diagnostic_msgs/msg/DiagnosticStatus */
export interface DiagnosticStatus {
  level: number;
  name: string;
  message: string;
  hardware_id: string;
  values: { key: string; value: string }[];
}
/** diagnostic_msgs/msg/DiagnosticArray */
export interface DiagnosticArray {
  header: Header;
  status: DiagnosticStatus[];
}

/**
 * reflexarc_msgs/msg/EquilibriumCommand: an equilibrium pose with stiffness, and what a receiver needs to refuse it.
 * The receiver acts on it for `lease_ms` after its arrival and no longer, refuses epoch < last epoch, refuses
 * seq <= last seq within an epoch, and refuses every command of an epoch that was stopped.
 */
export interface EquilibriumCommand {
  header: Header;
  epoch: number;
  seq: number;
  lease_ms: number;
  /** Stamp of the state this command was judged against. */
  state_stamp: Time;
  pose: Pose;
  stiffness: number;
  stiffness_rotation: number;
  mode: string;
  source: string;
}

/** reflexarc_msgs/msg/Stop: hold where you are and refuse every command of this epoch and before. */
export interface Stop {
  header: Header;
  epoch: number;
  reason: string;
}

/** reflexarc_msgs/msg/RobotStatus: the robot side's own word on what it is doing. */
export interface RobotStatus {
  header: Header;
  /** True while it holds by its own decision (deadman, stop, start-up) and follows no command. */
  holding: boolean;
  /** `start`, `deadman`, `stop: …`, or empty while it follows commands. */
  reason: string;
  epoch: number;
  seq: number;
  accepted: number;
  refused: number;
  /** Why the last refused command was refused; empty if none was. */
  last_refusal: string;
  /** Age of the last accepted command, ms; -1 before the first. */
  command_age_ms: number;
}

/** reflexarc_msgs/msg/EpisodeStatus: the simulated task's own score. */
export interface EpisodeStatus {
  header: Header;
  episode: number;
  seed: number;
  /** `running`, `success` or `timeout`: the last two end it. */
  phase: string;
  success: boolean;
  violation: boolean;
  /** Largest filtered force norm so far, N. */
  max_force: number;
  /** Largest distance from the start of the hole downwards, m. */
  depth: number;
  duration_s: number;
}

/** reflexarc_msgs/msg/Takeover: a person's action in the place of the policy's. See definitions.ts. */
export interface TakeoverMessage {
  header: Header;
  epoch: number;
  command_seq: number;
  seq: number;
  action: number[];
  release: boolean;
  operator: string;
}

export const TYPES = {
  jointState: 'sensor_msgs/msg/JointState',
  poseStamped: 'geometry_msgs/msg/PoseStamped',
  wrenchStamped: 'geometry_msgs/msg/WrenchStamped',
  twist: 'geometry_msgs/msg/Twist',
  twistStamped: 'geometry_msgs/msg/TwistStamped',
  odometry: 'nav_msgs/msg/Odometry',
  laserScan: 'sensor_msgs/msg/LaserScan',
  range: 'sensor_msgs/msg/Range',
  clock: 'rosgraph_msgs/msg/Clock',
  string: 'std_msgs/msg/String',
  float64: 'std_msgs/msg/Float64',
  uint64MultiArray: 'std_msgs/msg/UInt64MultiArray',
  diagnosticArray: 'diagnostic_msgs/msg/DiagnosticArray',
  trigger: 'std_srvs/srv/Trigger',
  setBool: 'std_srvs/srv/SetBool',
  setScale: 'reflexarc_msgs/srv/SetScale',
  equilibriumCommand: 'reflexarc_msgs/msg/EquilibriumCommand',
  stop: 'reflexarc_msgs/msg/Stop',
  robotStatus: 'reflexarc_msgs/msg/RobotStatus',
  episodeStatus: 'reflexarc_msgs/msg/EpisodeStatus',
  state: 'reflexarc_msgs/msg/State',
  takeover: 'reflexarc_msgs/msg/Takeover',
  command: 'reflexarc_msgs/msg/Command',
  intervention: 'reflexarc_msgs/msg/Intervention',
  decision: 'reflexarc_msgs/msg/Decision',
  tickRecord: 'reflexarc_msgs/msg/TickRecord',
  ladderTransition: 'reflexarc_msgs/msg/LadderTransition',
} as const;

export function timeFromNs(ns: number): Time {
  const sec = Math.floor(ns / 1e9);
  return { sec, nanosec: Math.round(ns - sec * 1e9) };
}

export function nsFromTime(t: Time): number {
  return t.sec * 1e9 + t.nanosec;
}
