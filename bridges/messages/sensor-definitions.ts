import { definitions } from './definitions.ts';
import { longType } from './names.ts';

/**
 * Standard types that robots publish and that we read but never write: what an observation may be made of. With the types
 * of `definitions.ts` they are what a path of the observation mapping is held against.
 */
const SENSORS: Readonly<Record<string, string>> = {
  'std_msgs/msg/Bool': 'bool data',
  'std_msgs/msg/Float32': 'float32 data',
  'std_msgs/msg/Int32': 'int32 data',
  'std_msgs/msg/MultiArrayDimension': 'string label\nuint32 size\nuint32 stride',
  'std_msgs/msg/MultiArrayLayout': 'std_msgs/MultiArrayDimension[] dim\nuint32 data_offset',
  'std_msgs/msg/Float32MultiArray': 'std_msgs/MultiArrayLayout layout\nfloat32[] data',
  'std_msgs/msg/Float64MultiArray': 'std_msgs/MultiArrayLayout layout\nfloat64[] data',
  'geometry_msgs/msg/Accel': 'geometry_msgs/Vector3 linear\ngeometry_msgs/Vector3 angular',
  'geometry_msgs/msg/Transform': 'geometry_msgs/Vector3 translation\ngeometry_msgs/Quaternion rotation',
  'geometry_msgs/msg/PointStamped': 'std_msgs/Header header\ngeometry_msgs/Point point',
  'geometry_msgs/msg/Vector3Stamped': 'std_msgs/Header header\ngeometry_msgs/Vector3 vector',
  'geometry_msgs/msg/QuaternionStamped': 'std_msgs/Header header\ngeometry_msgs/Quaternion quaternion',
  'geometry_msgs/msg/AccelStamped': 'std_msgs/Header header\ngeometry_msgs/Accel accel',
  'geometry_msgs/msg/TransformStamped':
    'std_msgs/Header header\nstring child_frame_id\ngeometry_msgs/Transform transform',
  'geometry_msgs/msg/PoseWithCovarianceStamped': 'std_msgs/Header header\ngeometry_msgs/PoseWithCovariance pose',
  'tf2_msgs/msg/TFMessage': 'geometry_msgs/TransformStamped[] transforms',
  'sensor_msgs/msg/Imu':
    'std_msgs/Header header\ngeometry_msgs/Quaternion orientation\nfloat64[9] orientation_covariance\n' +
    'geometry_msgs/Vector3 angular_velocity\nfloat64[9] angular_velocity_covariance\n' +
    'geometry_msgs/Vector3 linear_acceleration\nfloat64[9] linear_acceleration_covariance',
  'sensor_msgs/msg/Joy': 'std_msgs/Header header\nfloat32[] axes\nint32[] buttons',
};

export interface MessageField {
  readonly name: string;
  /** Of a primitive: ROS's name; of a message: `pkg/Type`. */
  readonly type: string;
  readonly isComplex: boolean;
  readonly isArray: boolean;
  /** Of an array of a fixed length. */
  readonly arrayLength: number | undefined;
}

const FIELD = /^([\w/]+)(\[(?:<=)?(\d*)\])?\s+(\w+)(?:\s[^=]*)?$/;
const parsed = new Map<string, readonly MessageField[]>();

/** The fields of a message type, in either spelling, or undefined for a type that is not known here. */
export function fieldsOf(type: string): readonly MessageField[] | undefined {
  const name = longType(type);
  const known = parsed.get(name);
  if (known !== undefined) return known;
  const text = definitions.get(name) ?? SENSORS[name];
  if (text === undefined) return undefined;
  // Its own lines only: those of the types that it uses stand below a line of equal signs.
  const own = text.split('='.repeat(80))[0]!;
  const fields = own.split('\n').flatMap((line): MessageField[] => {
    const [, fieldType, array, length, field] = FIELD.exec(line.trim()) ?? [];
    if (fieldType === undefined || field === undefined) return [];
    const isBounded = array?.includes('<=') === true || length === '' || length === undefined;
    return [
      {
        name: field,
        type: fieldType,
        isComplex: fieldType.includes('/'),
        isArray: array !== undefined,
        arrayLength: isBounded ? undefined : Number(length),
      },
    ];
  });
  parsed.set(name, fields);
  return fields;
}
