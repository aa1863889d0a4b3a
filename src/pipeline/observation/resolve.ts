import { fieldsOf, type MessageField } from '../../../bridges/messages/fields.ts';
import { nearest } from '../../core/config/nearest.ts';
import { type FieldPath, PathComplaint, type Step } from './path.ts';
import { type FieldReader, type Key, namedReader, placesReader, type ValueKind } from './reader.ts';

/** The joints that a name in a path may mean. */
export interface JointNames {
  /** Those of the robot, in its order: what `[*]` stands for. */
  readonly robot: readonly string[];
  /** Others that it publishes. */
  readonly extra: readonly string[];
}

/** What a whole message means as numbers: the places of its fields, in order. */
const STRUCTURES: Readonly<Record<string, { kind: ValueKind; places: readonly string[] }>> = {
  'geometry_msgs/Vector3': { kind: 'vector', places: ['x', 'y', 'z'] },
  'geometry_msgs/Point': { kind: 'vector', places: ['x', 'y', 'z'] },
  'geometry_msgs/Quaternion': { kind: 'quaternion', places: ['x', 'y', 'z', 'w'] },
  'geometry_msgs/Pose': pose('position', 'orientation'),
  'geometry_msgs/Transform': pose('translation', 'rotation'),
  'geometry_msgs/Twist': pair('linear', 'angular'),
  'geometry_msgs/Accel': pair('linear', 'angular'),
  'geometry_msgs/Wrench': pair('force', 'torque'),
};

function pose(position: string, rotation: string): { kind: ValueKind; places: string[] } {
  const places = [
    ...['x', 'y', 'z'].map((a) => `${position}.${a}`),
    ...['x', 'y', 'z', 'w'].map((a) => `${rotation}.${a}`),
  ];
  return { kind: 'pose', places };
}

function pair(first: string, second: string): { kind: ValueKind; places: string[] } {
  return { kind: 'vector', places: [first, second].flatMap((part) => ['x', 'y', 'z'].map((a) => `${part}.${a}`)) };
}

/** Arrays that name the elements of the arrays beside them. */
const NAMES = ['name', 'joint_names', 'names'];

/**
 * How the numbers of `path` are read from messages of `type`. Of a type that is not known here only the spelling of the
 * path can be checked; what a message lacks is then found when it comes.
 * @throws PathComplaint: unknown field, joint or index, with the nearest right spelling
 */
export function resolvePath(path: FieldPath, type: string, joints: JointNames): FieldReader {
  const fields = fieldsOf(type);
  return fields === undefined ? resolveUnknown(path, type, joints) : resolveIn(fields, path.steps, type, [], joints);
}

function resolveIn(
  fields: readonly MessageField[],
  steps: readonly Step[],
  type: string,
  parent: readonly Key[],
  joints: JointNames,
): FieldReader {
  const [step, ...rest] = steps as [Step, ...Step[]];
  const field = fields.find((f) => f.name === step.field);
  if (field === undefined) throw new PathComplaint(unknownField(step.field, type, fields));
  const here = `${type}.${field.name}`;
  const keys = [...parent, field.name];
  if (field.isArray) return resolveArray(field, fields, step, rest, here, parent, joints);
  if (step.select !== null) throw new PathComplaint(`takes elements of ${here}, which is a single ${field.type}`);
  return resolveValue(field, rest, here, keys, joints);
}

/** A field that is no array, or one element of an array: a number, or a message to go on in. */
function resolveValue(
  field: MessageField,
  rest: readonly Step[],
  here: string,
  keys: readonly Key[],
  joints: JointNames,
): FieldReader {
  if (!field.isComplex) {
    if (rest.length > 0) throw new PathComplaint(`goes on after ${here}, which is a single ${field.type}`);
    requireNumber(field, here);
    return placesReader('vector', [keys]);
  }
  const inner = fieldsOf(field.type);
  if (rest.length > 0) {
    if (inner === undefined) throw new PathComplaint(`goes into ${here}, a ${field.type}, which is not known here`);
    return resolveIn(inner, rest, field.type, keys, joints);
  }
  const structure = STRUCTURES[field.type];
  if (structure !== undefined)
    return placesReader(
      structure.kind,
      structure.places.map((place) => [...keys, ...place.split('.')]),
    );
  const names = (inner ?? []).map((f) => f.name).join(', ');
  throw new PathComplaint(`ends at ${here}, a ${field.type}, which is no number: go on with one of ${names}`);
}

function resolveArray(
  field: MessageField,
  siblings: readonly MessageField[],
  step: Step,
  rest: readonly Step[],
  here: string,
  parent: readonly Key[],
  joints: JointNames,
): FieldReader {
  const names = siblings.find((f) => NAMES.includes(f.name) && f.isArray && f.type === 'string' && f !== field);
  const select = step.select;
  const ways = names === undefined ? '[0..6]' : '[0..6], [joint1..7], or [*] for all joints of the robot';
  const keys = [...parent, field.name];
  if (select === null) {
    const length = field.arrayLength;
    if (length === undefined || field.isComplex)
      throw new PathComplaint(`ends at ${here}, an array of ${field.type}: say which elements, ${ways}`);
    requireNumber(field, here);
    return placesReader(
      'vector',
      Array.from({ length }, (_, i) => [...keys, i]),
    );
  }
  if (select.kind !== 'indices') {
    if (names === undefined || field.isComplex)
      throw new PathComplaint(`takes elements of ${here} by name, but nothing names them: take indices, ${ways}`);
    requireNumber(field, here);
    const wanted = select.kind === 'joints' ? joints.robot : select.names;
    if (wanted.length === 0) throw new PathComplaint('has [*], but the robot has no joints');
    for (const name of wanted) requireJoint(name, joints);
    return namedReader(parent, field.name, names.name, wanted);
  }
  const { indices } = select;
  const last = (field.arrayLength ?? Number.POSITIVE_INFINITY) - 1;
  const beyond = indices.find((i) => i > last);
  if (beyond !== undefined) throw new PathComplaint(`has index ${beyond}, but ${here} has elements 0 to ${last}`);
  if (field.isComplex || rest.length > 0) {
    if (indices.length !== 1)
      throw new PathComplaint(`takes ${indices.length} elements of ${here}, a ${field.type}: take one`);
    return resolveValue(field, rest, here, [...keys, indices[0]!], joints);
  }
  requireNumber(field, here);
  return placesReader(
    'vector',
    indices.map((i) => [...keys, i]),
  );
}

/** A type that is not known: each place must be a number by itself. */
function resolveUnknown(path: FieldPath, type: string, joints: JointNames): FieldReader {
  const keys: Key[] = [];
  for (const [i, { field, select }] of path.steps.entries()) {
    const isLast = i === path.steps.length - 1;
    if (select !== null && select.kind !== 'indices') {
      if (!isLast) throw new PathComplaint(`takes elements by name in the middle; ${type} is not known here`);
      const wanted = select.kind === 'joints' ? joints.robot : select.names;
      for (const name of wanted) requireJoint(name, joints);
      return namedReader(keys, field, 'name', wanted);
    }
    keys.push(field);
    if (select === null) continue;
    if (isLast)
      return placesReader(
        'vector',
        select.indices.map((index) => [...keys, index]),
      );
    if (select.indices.length !== 1) throw new PathComplaint(`takes several elements in the middle, at ${field}`);
    keys.push(select.indices[0]!);
  }
  return placesReader('vector', [keys]);
}

const NOT_NUMBERS = new Set(['string', 'wstring']);

function requireNumber(field: MessageField, here: string): void {
  if (NOT_NUMBERS.has(field.type)) throw new PathComplaint(`ends at ${here}, which is ${field.type}, not a number`);
}

function requireJoint(name: string, { robot, extra }: JointNames): void {
  if (robot.includes(name) || extra.includes(name)) return;
  const guess = nearest(name, [...robot, ...extra]);
  throw new PathComplaint(
    `names joint ${name}, ${guess ? `which is not there; did you mean ${guess}?` : `which is not in robot.joints (${robot.join(', ') || 'none'}) or observation.extra_joints`}`,
  );
}

function unknownField(name: string, type: string, fields: readonly MessageField[]): string {
  const names = fields.map((f) => f.name);
  // A letter is near to every other letter.
  const guess = name.length > 1 ? nearest(name, names) : undefined;
  return `has no field ${name} in ${type}; ${guess ? `did you mean ${guess}?` : `it has ${names.join(', ')}`}`;
}
