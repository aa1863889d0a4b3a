/**
 * Structural checks of the messages we know: that the parts are there and of the right kind. Numbers are looked at
 * later, one by one, in `assemble` and in the gate: rosbridge sends NaN as `null`, and such a number must arrive there
 * as not-a-number, never as 0 and never as a message that silently did not come.
 */
type Check = (m: Record<string, unknown>) => string;

const object = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);

function parts(m: unknown, path: string, ...names: string[]): string {
  for (const name of names) {
    if (!object(m) || !object(m[name]))
      return `${path}${name} is ${kindOf(object(m) ? m[name] : undefined)}, not an object`;
  }
  return '';
}

const kindOf = (v: unknown) =>
  v === null ? 'null' : v === undefined ? 'missing' : Array.isArray(v) ? 'an array' : typeof v;

function stamped(m: Record<string, unknown>): string {
  const why = parts(m, '', 'header');
  return why !== '' ? why : parts(m.header, 'header.', 'stamp');
}

const CHECKS: Readonly<Record<string, Check>> = {
  'sensor_msgs/msg/JointState': (m) => {
    for (const name of ['name', 'position', 'velocity', 'effort'])
      if (!Array.isArray(m[name])) return `${name} is ${kindOf(m[name])}, not an array`;
    return stamped(m);
  },
  'geometry_msgs/msg/PoseStamped': (m) =>
    stamped(m) || parts(m, '', 'pose') || parts(m.pose, 'pose.', 'position', 'orientation'),
  'geometry_msgs/msg/WrenchStamped': (m) =>
    stamped(m) || parts(m, '', 'wrench') || parts(m.wrench, 'wrench.', 'force', 'torque'),
  'rosgraph_msgs/msg/Clock': (m) => parts(m, '', 'clock'),
  'reflexarc_msgs/msg/RobotStatus': (m) => (typeof m.holding === 'boolean' ? '' : 'holding is not a boolean'),
  'reflexarc_msgs/msg/EpisodeStatus': (m) => (typeof m.phase === 'string' ? '' : 'phase is not a string'),
};

/** Empty when `message` may be a message of `type` (long spelling); otherwise what was seen where. */
export function validate(type: string, message: unknown): string {
  if (!object(message)) return `the message is ${kindOf(message)}, not an object`;
  return CHECKS[type]?.(message) ?? '';
}
