import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { ReflexArcError } from '../../core/errors.ts';

/** The joints of a URDF (https://wiki.ros.org/urdf/XML/joint), as far as limits go. SI, as URDF has it. */
export interface UrdfJoint {
  readonly name: string;
  readonly type: 'revolute' | 'continuous' | 'prismatic' | 'fixed' | 'floating' | 'planar';
  readonly parent: string;
  readonly child: string;
  /** What the `limit` element says; undefined where it says nothing. */
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  readonly velocity: number | undefined;
  readonly effort: number | undefined;
  /** Soft limits of the `safety_controller` element. */
  readonly softLower: number | undefined;
  readonly softUpper: number | undefined;
  /** Joint that this one follows. */
  readonly mimics: string | undefined;
}

export interface Urdf {
  readonly name: string;
  readonly joints: readonly UrdfJoint[];
}

const TYPES: readonly string[] = ['revolute', 'continuous', 'prismatic', 'fixed', 'floating', 'planar'];
const MAX_BYTES = 20_000_000;

const refused = (seen: string, allowed: string, next?: string): ReflexArcError =>
  new ReflexArcError('RA_URDF', { seen, allowed, ...(next === undefined ? {} : { next }) });

type Element = Readonly<Record<string, unknown>>;

/** @throws ReflexArcError RA_URDF for xacro, text that is no XML, or no robot, with what to do */
export function readUrdf(text: string, from: string): Urdf {
  if (text.length > MAX_BYTES) throw refused(`${from}: ${text.length} characters`, `at most ${MAX_BYTES}`);
  if (/<xacro:|xmlns:xacro|\$\{|\$\(/.test(text))
    throw refused(
      `${from}: a xacro file, not a URDF`,
      'a URDF, with its macros expanded',
      'Expand it where ROS is installed: `xacro FILE > robot.urdf`; or take what the robot publishes: `--robot-description`.',
    );
  const valid = XMLValidator.validate(text);
  if (valid !== true) throw refused(`${from}:${valid.err.line}: ${valid.err.msg}`, 'well-formed XML');
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    parseTagValue: false,
    processEntities: false,
    // Transmissions have joints too; they stand inside `transmission`, not beside the robot's.
    isArray: (name, path) => name === 'joint' && path === 'robot.joint',
  });
  const { robot } = parser.parse(text) as { robot?: Element };
  if (typeof robot !== 'object') throw refused(`${from}: no <robot> element`, 'a URDF');
  const joints = ((robot.joint ?? []) as Element[]).map((joint) => readJoint(joint, from));
  const twice = joints.find((j, i) => joints.findIndex((other) => other.name === j.name) !== i);
  if (twice !== undefined)
    throw refused(`${from}: joint ${twice.name} stands there twice`, 'joints of different names');
  return { name: typeof robot.name === 'string' && robot.name !== '' ? robot.name : 'robot', joints };
}

function readJoint(joint: Element, from: string): UrdfJoint {
  const name = String(joint.name ?? '');
  const type = String(joint.type ?? '');
  if (name === '') throw refused(`${from}: a joint without a name`, 'every joint has one');
  if (!TYPES.includes(type)) throw refused(`${from}: joint ${name} is of type ${type || '(none)'}`, TYPES.join(', '));
  const number = (element: string, attribute: string): number | undefined => {
    const text = (joint[element] as Element | undefined)?.[attribute];
    if (text === undefined || text === '') return undefined;
    const value = Number(text);
    if (!Number.isFinite(value))
      throw refused(`${from}: joint ${name}: ${element} ${attribute} is ${String(text)}`, 'a finite number');
    return value;
  };
  const text = (element: string, attribute: string): string | undefined => {
    const value = (joint[element] as Element | undefined)?.[attribute];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    name,
    type: type as UrdfJoint['type'],
    parent: text('parent', 'link') ?? '',
    child: text('child', 'link') ?? '',
    lower: number('limit', 'lower'),
    upper: number('limit', 'upper'),
    velocity: number('limit', 'velocity'),
    effort: number('limit', 'effort'),
    softLower: number('safety_controller', 'soft_lower_limit'),
    softUpper: number('safety_controller', 'soft_upper_limit'),
    mimics: text('mimic', 'joint'),
  };
}
