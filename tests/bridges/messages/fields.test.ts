import { ros2jazzy } from '@foxglove/rosmsg-msgs-common';
import { describe, expect, it } from 'vitest';
import { definitions } from '../../../bridges/messages/definitions.ts';
import { fieldsOf } from '../../../bridges/messages/fields.ts';
import { STANDARD } from '../../../bridges/messages/standard-msgs.ts';
import { definitionsFor, loadStandardTypes } from '../../../bridges/messages/types.ts';

type Definition = NonNullable<ReturnType<typeof definitionsFor>>[number];

const shown = (type: string) =>
  fieldsOf(type)?.map(
    ({ name, type: of, isArray, arrayLength }) => `${of}${isArray ? `[${arrayLength ?? ''}]` : ''} ${name}`,
  );

describe('the fields of a type', () => {
  it('are its own, in either spelling; a time is a message with fields as any other', () => {
    expect(shown('sensor_msgs/Imu')).toEqual(shown('sensor_msgs/msg/Imu'));
    expect(shown('sensor_msgs/Imu')?.slice(0, 3)).toEqual([
      'std_msgs/Header header',
      'geometry_msgs/Quaternion orientation',
      'float64[9] orientation_covariance',
    ]);
    expect(fieldsOf('std_msgs/Header')?.[0]).toMatchObject({ type: 'builtin_interfaces/Time', isComplex: true });
    expect(shown('builtin_interfaces/Time')).toEqual(['int32 sec', 'uint32 nanosec']);
  });

  it('are without its constants', () => {
    expect(shown('diagnostic_msgs/DiagnosticStatus')?.[0]).toMatch(/ level$/);
  });

  it('of every type can be followed to the primitives', () => {
    const follow = (type: string): number =>
      fieldsOf(type)!.reduce((sum, field) => sum + (field.isComplex ? follow(field.type) : 1), 0);
    for (const type of definitions.keys()) expect(follow(type), type).toBeGreaterThan(0);
  });

  it('are unknown for any other type, whatever this process has loaded', async () => {
    expect(fieldsOf('nav_msgs/Path')).toBeUndefined();
    await loadStandardTypes();
    expect(definitionsFor('nav_msgs/msg/Path')).not.toBeNull();
    expect(fieldsOf('nav_msgs/Path')).toBeUndefined();
    expect(fieldsOf('constructor')).toBeUndefined();
  });
});

/** Not in the package: those of controllers and of services. */
const NOT_THERE = [
  'control_msgs/msg/JointJog',
  ...['std_srvs/srv/Trigger_Response', 'std_srvs/srv/SetBool_Request', 'std_srvs/srv/SetBool_Response'],
];
/** Fields that a later ROS 2 has added at the end: without them, messages of every one can be read. */
const LATER: Readonly<Record<string, string>> = { 'sensor_msgs/msg/Range': 'float32 variance one' };

describe('our text of a standard type', () => {
  const theirs = ros2jazzy as Readonly<Record<string, Definition | undefined>>;
  const short = (type: string) => type.replace('/msg/', '/');
  const of = (definition: Definition) =>
    definition.definitions
      .filter((f) => f.isConstant !== true)
      .map((f) => `${f.type} ${f.name} ${f.isArray === true ? (f.arrayLength ?? 'any') : 'one'}`);

  it.each(Object.keys(STANDARD).filter((type) => !NOT_THERE.includes(type)))(
    '%s has the fields that the package has, in order',
    (type) => {
      const later = LATER[type] === undefined ? [] : [LATER[type]];
      expect([...of(definitionsFor(type)![0]!), ...later]).toEqual(of(theirs[short(type)]!));
    },
  );
});
