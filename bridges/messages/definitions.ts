/**
 * The .msg text of every type that we write to a log or serve to rosapi, ours and the standard ones. A type's own text is
 * kept once; `definitionOf` joins it with the texts of what it uses, as an MCAP schema of encoding `ros2msg` wants it.
 */
import { ReflexArcError } from '../../src/core/errors.ts';

const STANDARD: Readonly<Record<string, string>> = {
  'builtin_interfaces/msg/Time': 'int32 sec\nuint32 nanosec',
  'std_msgs/msg/Header': 'builtin_interfaces/Time stamp\nstring frame_id',
  'std_msgs/msg/Float64': 'float64 data',
  'std_msgs/msg/String': 'string data',
  'geometry_msgs/msg/Vector3': 'float64 x\nfloat64 y\nfloat64 z',
  'geometry_msgs/msg/Point': 'float64 x\nfloat64 y\nfloat64 z',
  'geometry_msgs/msg/Quaternion': 'float64 x 0\nfloat64 y 0\nfloat64 z 0\nfloat64 w 1',
  'geometry_msgs/msg/Pose': 'geometry_msgs/Point position\ngeometry_msgs/Quaternion orientation',
  'geometry_msgs/msg/Wrench': 'geometry_msgs/Vector3 force\ngeometry_msgs/Vector3 torque',
  'geometry_msgs/msg/PoseStamped': 'std_msgs/Header header\ngeometry_msgs/Pose pose',
  'geometry_msgs/msg/WrenchStamped': 'std_msgs/Header header\ngeometry_msgs/Wrench wrench',
  'sensor_msgs/msg/JointState':
    'std_msgs/Header header\nstring[] name\nfloat64[] position\nfloat64[] velocity\nfloat64[] effort',
  'geometry_msgs/msg/Twist': 'geometry_msgs/Vector3 linear\ngeometry_msgs/Vector3 angular',
  'geometry_msgs/msg/TwistStamped': 'std_msgs/Header header\ngeometry_msgs/Twist twist',
  'geometry_msgs/msg/PoseWithCovariance': 'geometry_msgs/Pose pose\nfloat64[36] covariance',
  'geometry_msgs/msg/TwistWithCovariance': 'geometry_msgs/Twist twist\nfloat64[36] covariance',
  'nav_msgs/msg/Odometry':
    'std_msgs/Header header\nstring child_frame_id\n' +
    'geometry_msgs/PoseWithCovariance pose\ngeometry_msgs/TwistWithCovariance twist',
  'sensor_msgs/msg/LaserScan':
    'std_msgs/Header header\nfloat32 angle_min\nfloat32 angle_max\nfloat32 angle_increment\n' +
    'float32 time_increment\nfloat32 scan_time\nfloat32 range_min\nfloat32 range_max\n' +
    'float32[] ranges\nfloat32[] intensities',
  'sensor_msgs/msg/Range':
    'std_msgs/Header header\nuint8 radiation_type\nfloat32 field_of_view\nfloat32 min_range\n' +
    'float32 max_range\nfloat32 range',
  'sensor_msgs/msg/CompressedImage': 'std_msgs/Header header\nstring format\nuint8[] data',
  'sensor_msgs/msg/Image':
    'std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\nuint8[] data',
  'builtin_interfaces/msg/Duration': 'int32 sec\nuint32 nanosec',
  'std_msgs/msg/MultiArrayDimension': 'string label\nuint32 size\nuint32 stride',
  'std_msgs/msg/MultiArrayLayout': 'std_msgs/MultiArrayDimension[] dim\nuint32 data_offset',
  'std_msgs/msg/Float64MultiArray': 'std_msgs/MultiArrayLayout layout\nfloat64[] data',
  'trajectory_msgs/msg/JointTrajectoryPoint':
    'float64[] positions\nfloat64[] velocities\nfloat64[] accelerations\nfloat64[] effort\n' +
    'builtin_interfaces/Duration time_from_start',
  'trajectory_msgs/msg/JointTrajectory':
    'std_msgs/Header header\nstring[] joint_names\ntrajectory_msgs/JointTrajectoryPoint[] points',
  'control_msgs/msg/JointJog':
    'std_msgs/Header header\nstring[] joint_names\nfloat64[] displacements\nfloat64[] velocities\nfloat64 duration',
  'rosgraph_msgs/msg/Clock': 'builtin_interfaces/Time clock',
  'std_srvs/srv/Trigger_Response': 'bool success\nstring message',
};

const OURS: Readonly<Record<string, string>> = {
  'reflexarc_msgs/msg/EquilibriumCommand': `
# An equilibrium pose with stiffness, and what a receiver needs to refuse it.
std_msgs/Header header
# Grows whenever what was decided before must no longer move the robot. Refuse an older one.
uint64 epoch
# Grows within an epoch. Refuse one that is not newer.
uint32 seq
# Act on it for so long after its arrival and no longer, ms.
float64 lease_ms
# Stamp of the state that it was judged against.
builtin_interfaces/Time state_stamp
# Base frame, m.
geometry_msgs/Pose pose
# Translational, N/m.
float64 stiffness
# Rotational, Nm/rad.
float64 stiffness_rotation
# Mode of the ladder, and who the setpoint came from.
string mode
string source`,
  'reflexarc_msgs/msg/Stop': `
# Hold where you are, and refuse every command of this epoch and before.
std_msgs/Header header
uint64 epoch
string reason`,
  'reflexarc_msgs/msg/RobotStatus': `
# The robot side's own word on what it is doing.
std_msgs/Header header
# True while it holds by its own decision and follows no command.
bool holding
# start, deadman, "stop: ...", or empty while it follows commands.
string reason
# Of the last accepted command.
uint64 epoch
uint32 seq
uint32 accepted
uint32 refused
# Why the last refused command was refused; empty if none was.
string last_refusal
# Age of the last accepted command, ms; -1 before the first.
float64 command_age_ms`,
  'reflexarc_msgs/msg/EpisodeStatus': `
# The simulated task's own score.
std_msgs/Header header
uint32 episode
uint32 seed
# running, success or timeout.
string phase
bool success
bool violation
# Largest filtered force norm so far, N.
float64 max_force
# Largest distance from the mouth of the hole downwards, m.
float64 depth
float64 duration_s`,
  'reflexarc_msgs/msg/Decision': `
# The brain's answer to one observation, with that observation.
std_msgs/Header header
# Epoch of commands that it was made for.
uint64 epoch
uint32 seq
uint32 observation_seq
builtin_interfaces/Time observation_stamp
# What the base and the residual policy saw.
float64[] observation_base
float64[] observation_residual
# Normalised action units, [-1, 1]; the residual as bounded and scaled.
float64[] base
float64[] residual
# Scale in it, of config and operator.
float64 residual_scale`,
  'reflexarc_msgs/msg/TickRecord': `
# One tick of the gate: what it judged, and what it let out.
std_msgs/Header header
uint64 epoch
uint32 seq
string mode
string source
# Of the state and of the decision that it was judged with.
uint32 state_seq
builtin_interfaces/Time state_stamp
# -1 when there was no decision.
int64 decision_seq
# Fraction of the residual that was left, [0, 1].
float64 residual_fraction
# Critic's risk of the remaining action, [0, 1].
float64 risk
# Filtered force norm, N.
float64 force
# Rule that spoke, what it saw and what it allows; empty when none did.
string cause
float64 value
float64 limit
# Where the policy wants to go, and the setpoint that went out.
float64[] aim
float64[] setpoint
bool sent
# Why the bridge refused it; empty when it was sent.
string refused
# Time of the tick alone, and from the arrival of the state to the command handed over.
float64 compute_us
float64 loop_us`,
  'reflexarc_msgs/msg/GateJournal': `
# Calls of the gate in the order in which they were made: replayed on a new gate with the same config, they give the same
# commands bit for bit. One after another: kind, size of what follows, arguments; the layout of this version is in
# src/pipeline/journal/entry.ts.
std_msgs/Header header
uint32 version
# Number of the first entry, counted from the birth of the gate: a gap is a loss.
uint64 first
float64[] entries`,
  'reflexarc_msgs/msg/LadderTransition': `
# One change of the ladder's mode.
std_msgs/Header header
string from_mode
string to_mode
# Code of the rule or event, and one sentence on what was seen and what was allowed.
string cause
string detail
float64 value
float64 limit
# From value to limit, negative by how far the value was past it.
float64 margin
uint32 incident
uint64 epoch`,
};

const TEXTS: Readonly<Record<string, string>> = { ...STANDARD, ...OURS };

/** Types used by the fields of a text, in order of appearance, long spelling. */
function used(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const found = /^(\w+)\/(\w+)(\[\d*\])? /.exec(line);
    return found === null ? [] : [`${found[1]}/msg/${found[2]}`];
  });
}

/** Everything that `type` uses, directly or not, each once, in order of first use. */
function dependencies(type: string, found: Set<string> = new Set()): Set<string> {
  for (const name of used(TEXTS[type]!)) {
    if (found.has(name)) continue;
    found.add(name);
    dependencies(name, found);
  }
  return found;
}

const short = (type: string) => type.replace(/\/(msg|srv)\//, '/');

/** By type, in long spelling (`pkg/msg/Type`): its text, then each type that it uses below 80 `=` and `MSG: pkg/Type`. */
export const definitions: ReadonlyMap<string, string> = new Map(
  Object.keys(TEXTS).map((type) => [
    type,
    [
      TEXTS[type]!.trim(),
      ...[...dependencies(type)].map((name) => `${'='.repeat(80)}\nMSG: ${short(name)}\n${TEXTS[name]!.trim()}`),
    ].join('\n'),
  ]),
);

/**
 * The definition of a type, as text for an MCAP schema of encoding `ros2msg`.
 * @throws ReflexArcError RA_INTERNAL for a type that is not here
 */
export function definitionOf(type: string): string {
  const text = definitions.get(type);
  if (text === undefined)
    throw new ReflexArcError('RA_INTERNAL', {
      seen: `no definition of ${type}`,
      allowed: [...definitions.keys()].join(', '),
    });
  return text;
}
