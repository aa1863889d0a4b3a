/**
 * Structural checks of the messages we know, in place and without allocation while all is well. A number that came as
 * `null` is NaN on the sender's side (rosbridge writes it so): it becomes NaN, so that the gate sees a number that is
 * not finite, never 0 and never a message that silently did not come.
 */
export interface Fault {
  readonly field: string;
  readonly seen: string;
  readonly allowed: string;
}

type Leaf = 'number' | 'integer' | 'boolean' | 'string' | 'numbers' | 'strings';
interface Shape {
  readonly [field: string]: Leaf | Shape;
}
type Check = Leaf | readonly Field[];
type Field = readonly [name: string, check: Check];

const TIME: Shape = { sec: 'integer', nanosec: 'integer' };
const HEADER: Shape = { stamp: TIME, frame_id: 'string' };
const XYZ: Shape = { x: 'number', y: 'number', z: 'number' };
const POSE: Shape = { position: XYZ, orientation: { ...XYZ, w: 'number' } };

const TWIST: Shape = { linear: XYZ, angular: XYZ };

const SHAPES: Readonly<Record<string, Shape>> = {
  'sensor_msgs/msg/JointState': {
    header: HEADER,
    name: 'strings',
    position: 'numbers',
    velocity: 'numbers',
    effort: 'numbers',
  },
  'geometry_msgs/msg/PoseStamped': { header: HEADER, pose: POSE },
  'geometry_msgs/msg/WrenchStamped': { header: HEADER, wrench: { force: XYZ, torque: XYZ } },
  'geometry_msgs/msg/Twist': TWIST,
  'geometry_msgs/msg/TwistStamped': { header: HEADER, twist: TWIST },
  'nav_msgs/msg/Odometry': { header: HEADER, child_frame_id: 'string', pose: { pose: POSE }, twist: { twist: TWIST } },
  'sensor_msgs/msg/LaserScan': {
    header: HEADER,
    angle_min: 'number',
    angle_max: 'number',
    angle_increment: 'number',
    range_min: 'number',
    range_max: 'number',
    ranges: 'numbers',
  },
  'sensor_msgs/msg/Range': {
    header: HEADER,
    field_of_view: 'number',
    min_range: 'number',
    max_range: 'number',
    range: 'number',
  },
  'rosgraph_msgs/msg/Clock': { clock: TIME },
  'reflexarc_msgs/msg/EquilibriumCommand': {
    header: HEADER,
    epoch: 'integer',
    seq: 'integer',
    lease_ms: 'number',
    state_stamp: TIME,
    pose: POSE,
    stiffness: 'number',
    stiffness_rotation: 'number',
    mode: 'string',
    source: 'string',
  },
  'reflexarc_msgs/msg/Stop': { header: HEADER, epoch: 'integer', reason: 'string' },
  'reflexarc_msgs/msg/RobotStatus': {
    header: HEADER,
    holding: 'boolean',
    reason: 'string',
    epoch: 'integer',
    seq: 'integer',
    accepted: 'integer',
    refused: 'integer',
    last_refusal: 'string',
    command_age_ms: 'number',
  },
  'reflexarc_msgs/msg/EpisodeStatus': {
    header: HEADER,
    episode: 'integer',
    seed: 'integer',
    phase: 'string',
    success: 'boolean',
    violation: 'boolean',
    max_force: 'number',
    depth: 'number',
    duration_s: 'number',
  },
};

const compile = (shape: Shape): readonly Field[] =>
  Object.entries(shape).map(([name, part]) => [name, typeof part === 'string' ? part : compile(part)]);

const CHECKS: ReadonlyMap<string, readonly Field[]> = new Map(
  Object.entries(SHAPES).map(([type, shape]) => [type, compile(shape)]),
);

/** True for a type (long spelling) whose fields are checked. */
export function isKnown(type: string): boolean {
  return CHECKS.has(type);
}

/** Null when `message` is of `type`, in ROS 2 spelling; otherwise its first fault. An unknown type is not looked into. */
export function validate(type: string, message: unknown): Fault | null {
  if (!isFields(message)) return { field: 'msg', seen: kindOf(message), allowed: 'an object' };
  const fields = CHECKS.get(type);
  return fields === undefined ? null : checkFields(message, fields, '');
}

function checkFields(message: Record<string, unknown>, fields: readonly Field[], path: string): Fault | null {
  for (const [name, check] of fields) {
    const value = message[name];
    if (typeof check !== 'string') {
      const fault = isFields(value)
        ? checkFields(value, check, path === '' ? name : `${path}.${name}`)
        : faultAt(path, name, value, 'an object');
      if (fault !== null) return fault;
    } else if (!checkLeaf(message, name, value, check)) return leafFault(path, name, value, check);
  }
  return null;
}

function checkLeaf(message: Record<string, unknown>, name: string, value: unknown, leaf: Leaf): boolean {
  switch (leaf) {
    case 'number':
      if (value === null) message[name] = Number.NaN;
      return typeof value === 'number' || value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'numbers':
      return Array.isArray(value) && wrongNumberAt(value) < 0;
    case 'strings':
      return Array.isArray(value) && wrongStringAt(value) < 0;
    default:
      return typeof value === leaf;
  }
}

/** Index of the first element that is neither a number nor null; null becomes NaN. -1 when there is none. */
function wrongNumberAt(values: unknown[]): number {
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] === 'number') continue;
    if (values[i] !== null) return i;
    values[i] = Number.NaN;
  }
  return -1;
}

function wrongStringAt(values: unknown[]): number {
  for (let i = 0; i < values.length; i++) if (typeof values[i] !== 'string') return i;
  return -1;
}

const ALLOWED: Readonly<Record<Leaf, string>> = {
  number: 'a number, or null for NaN',
  integer: 'an integer',
  boolean: 'a boolean',
  string: 'a string',
  numbers: 'an array of numbers, null for NaN',
  strings: 'an array of strings',
};

function leafFault(path: string, name: string, value: unknown, leaf: Leaf): Fault {
  if (Array.isArray(value) && (leaf === 'numbers' || leaf === 'strings')) {
    const at = leaf === 'numbers' ? wrongNumberAt(value) : wrongStringAt(value);
    return faultAt(path, `${name}[${at}]`, value[at], leaf === 'numbers' ? ALLOWED.number : ALLOWED.string);
  }
  return faultAt(path, name, value, ALLOWED[leaf]);
}

function faultAt(path: string, name: string, value: unknown, allowed: string): Fault {
  return { field: path === '' ? name : `${path}.${name}`, seen: kindOf(value), allowed };
}

const isFields = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

function kindOf(v: unknown): string {
  if (v === undefined) return 'missing';
  if (Array.isArray(v)) return 'an array';
  if (typeof v === 'object' && v !== null) return 'an object';
  return typeof v === 'string' ? JSON.stringify(v.slice(0, 40)) : String(v);
}
