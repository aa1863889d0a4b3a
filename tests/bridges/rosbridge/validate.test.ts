import { describe, expect, it } from 'vitest';
import { TYPES } from '../../../bridges/messages/messages.ts';
import { isKnown, validate } from '../../../bridges/rosbridge/validate.ts';
import { covers } from '../../interop/conformance.ts';

const header = { stamp: { sec: 1, nanosec: 2 }, frame_id: 'base' };
const xyz = { x: 1, y: 2, z: 3 };
const pose = { position: xyz, orientation: { ...xyz, w: 4 } };

const twist = { linear: xyz, angular: xyz };

const GOOD: Record<string, object> = {
  [TYPES.jointState]: { header, name: ['a', 'b'], position: [1, 2], velocity: [3, 4], effort: [] },
  [TYPES.poseStamped]: { header, pose },
  [TYPES.wrenchStamped]: { header, wrench: { force: xyz, torque: xyz } },
  [TYPES.twist]: twist,
  [TYPES.twistStamped]: { header, twist },
  [TYPES.odometry]: {
    header,
    child_frame_id: 'base_link',
    pose: { pose, covariance: Array(36).fill(0) },
    twist: { twist, covariance: Array(36).fill(0) },
  },
  [TYPES.laserScan]: {
    header,
    ...{ angle_min: -1, angle_max: 1, angle_increment: 1, time_increment: 0, scan_time: 0.1 },
    ...{ range_min: 0.1, range_max: 10, ranges: [1, 2, 3], intensities: [] },
  },
  [TYPES.range]: { header, radiation_type: 1, field_of_view: 0.5, min_range: 0.1, max_range: 4, range: 1 },
  [TYPES.clock]: { clock: header.stamp },
  [TYPES.equilibriumCommand]: {
    header,
    epoch: 1_700_000_000_123,
    seq: 1,
    lease_ms: 100,
    state_stamp: header.stamp,
    pose,
    stiffness: 2000,
    stiffness_rotation: 150,
    mode: 'ACTIVE',
    source: 'policy',
  },
  [TYPES.stop]: { header, epoch: 1, reason: 'operator' },
  [TYPES.robotStatus]: {
    header,
    holding: false,
    reason: '',
    epoch: 1,
    seq: 2,
    accepted: 3,
    refused: 0,
    last_refusal: '',
    command_age_ms: 1.5,
  },
  [TYPES.episodeStatus]: {
    header,
    episode: 1,
    seed: 2,
    phase: 'running',
    success: false,
    violation: false,
    max_force: 3,
    depth: 0.01,
    duration_s: 1.5,
  },
};

/** A copy of the good message in which the field at `path` is `value`; undefined takes it away. */
function bad(type: string, path: string, value: unknown): unknown {
  const message = JSON.parse(JSON.stringify(GOOD[type])) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop()!;
  let holder = message;
  for (const key of keys) holder = holder[key] as Record<string, unknown>;
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return message;
}

describe('a message', () => {
  it.each(Object.keys(GOOD))('of %s that is whole passes unchanged', (type) => {
    const message = structuredClone(GOOD[type]);
    expect(validate(type, message)).toBeNull();
    expect(message).toEqual(GOOD[type]);
    expect(isKnown(type)).toBe(true);
  });

  it('may have more fields than we know', () => {
    expect(validate(TYPES.clock, { clock: { sec: 1, nanosec: 2 }, more: 1 })).toBeNull();
  });

  it('has its null numbers made NaN, wherever they are, and none made 0', () => {
    const joints = { header, name: ['a', 'b'], position: [null, 1], velocity: [0, null], effort: [null] };
    expect(validate(TYPES.jointState, joints)).toBeNull();
    expect(joints).toMatchObject({ position: [Number.NaN, 1], velocity: [0, Number.NaN], effort: [Number.NaN] });
    const wrench = { header, wrench: { force: { x: 1, y: null, z: 0 }, torque: { x: null, y: 1, z: 1 } } };
    expect(validate(TYPES.wrenchStamped, wrench)).toBeNull();
    expect(wrench.wrench).toEqual({ force: { x: 1, y: Number.NaN, z: 0 }, torque: { x: Number.NaN, y: 1, z: 1 } });
    const stamped = { header, pose: { position: xyz, orientation: { x: 0, y: 0, z: 0, w: null } } };
    expect(validate(TYPES.poseStamped, stamped)).toBeNull();
    expect(stamped.pose.orientation.w).toBeNaN();
  });

  it.each([
    [TYPES.jointState, 'position', undefined, 'missing', 'an array of numbers, null for NaN'],
    [TYPES.jointState, 'position', 'AQID', '"AQID"', 'an array of numbers, null for NaN'],
    [TYPES.jointState, 'position', { 0: 1 }, 'an object', 'an array of numbers, null for NaN'],
    [TYPES.jointState, 'name', null, 'null', 'an array of strings'],
    [TYPES.jointState, 'header', undefined, 'missing', 'an object'],
    [TYPES.jointState, 'header.stamp', 'now', '"now"', 'an object'],
    [TYPES.jointState, 'header.stamp.sec', null, 'null', 'an integer'],
    [TYPES.jointState, 'header.stamp.nanosec', 0.5, '0.5', 'an integer'],
    [TYPES.jointState, 'header.frame_id', 7, '7', 'a string'],
    [TYPES.poseStamped, 'pose', [1, 2, 3], 'an array', 'an object'],
    [TYPES.poseStamped, 'pose.position.x', '0.5', '"0.5"', 'a number, or null for NaN'],
    [TYPES.poseStamped, 'pose.orientation.w', undefined, 'missing', 'a number, or null for NaN'],
    [TYPES.wrenchStamped, 'wrench.force', null, 'null', 'an object'],
    [TYPES.wrenchStamped, 'wrench.torque.z', true, 'true', 'a number, or null for NaN'],
    [TYPES.odometry, 'twist.twist.linear.x', 'fast', '"fast"', 'a number, or null for NaN'],
    [TYPES.odometry, 'pose.pose', undefined, 'missing', 'an object'],
    [TYPES.laserScan, 'ranges', 'AQID', '"AQID"', 'an array of numbers, null for NaN'],
    [TYPES.range, 'range', [1], 'an array', 'a number, or null for NaN'],
    [TYPES.clock, 'clock', 5, '5', 'an object'],
    [TYPES.robotStatus, 'holding', 'yes', '"yes"', 'a boolean'],
    [TYPES.robotStatus, 'epoch', null, 'null', 'an integer'],
    [TYPES.episodeStatus, 'phase', 3, '3', 'a string'],
    [TYPES.equilibriumCommand, 'stiffness', [], 'an array', 'a number, or null for NaN'],
  ])('of %s whose %s is %j is refused: seen %s, allowed %s', (type, field, value, seen, allowed) => {
    expect(validate(type, bad(type, field, value))).toEqual({ field, seen, allowed });
  });

  it.each([
    ['position', [1, '2'], 'position[1]', '"2"', 'a number, or null for NaN'],
    ['effort', [[1]], 'effort[0]', 'an array', 'a number, or null for NaN'],
    ['name', ['a', null], 'name[1]', 'null', 'a string'],
  ])('with an element of %s that is wrong is refused: %j', (path, value, field, seen, allowed) => {
    expect(validate(TYPES.jointState, bad(TYPES.jointState, path, value))).toEqual({ field, seen, allowed });
  });

  it.each([undefined, null, 7, 'text', [1]])('that is %j is refused, of whatever type', (message) => {
    for (const type of [TYPES.jointState, 'other_msgs/msg/Thing'])
      expect(validate(type, message)).toMatchObject({ field: 'msg', allowed: 'an object' });
  });

  it.each([
    ['base64, as rosbridge writes them', 'AQL/'],
    ['an array, as rws and some others do', [1, 2, 255]],
    ['bytes, from CBOR', Uint8Array.of(1, 2, 255)],
  ])('of bytes has them as bytes, from %s', (_name, data) => {
    covers('client', 'publish.uint8[]', 'unit');
    const image: Record<string, unknown> = { header, format: 'jpeg', data };
    expect(validate('sensor_msgs/msg/CompressedImage', image)).toBeNull();
    expect(image.data).toBeInstanceOf(Uint8Array);
    expect([...(image.data as Uint8Array)]).toEqual([1, 2, 255]);
  });

  it.each([
    ['no base64!', '"no base64!"'],
    [[1, 256], 'an array'],
    [[1, 0.5], 'an array'],
    [7, '7'],
    [null, 'null'],
  ])('of bytes that are %j is refused', (data, seen) => {
    const allowed = 'bytes in base64, or an array of them';
    expect(validate('sensor_msgs/msg/CompressedImage', { header, format: 'jpeg', data })).toEqual({
      field: 'data',
      seen,
      allowed,
    });
  });

  it('64-bit integers in a typed array, as CBOR has them, become plain ones, exact beyond 2^53', () => {
    const layout = { dim: [], data_offset: 0 };
    const message: { layout: object; data: unknown } = { layout, data: BigUint64Array.of(5n, 9_007_199_254_740_993n) };
    expect(validate('std_msgs/msg/UInt64MultiArray', message)).toBeNull();
    expect(message.data).toEqual([5, 9_007_199_254_740_993n]);
  });

  it('has typed arrays made plain, and integers of 64 bits made numbers where they fit', () => {
    const joints = { header, name: ['a'], position: Float64Array.of(1), velocity: [], effort: Float32Array.of(0.5) };
    expect(validate(TYPES.jointState, joints)).toBeNull();
    expect(joints).toEqual({ header, name: ['a'], position: [1], velocity: [], effort: [0.5] });
    const stop = { header, epoch: 5n as number | bigint, reason: '' };
    expect(validate(TYPES.stop, stop)).toBeNull();
    expect(stop.epoch).toBe(5);
    stop.epoch = 2n ** 60n;
    expect(validate(TYPES.stop, stop)).toBeNull();
    expect(stop.epoch).toBe(2n ** 60n);
    // A double that was rounded on its way is not the number that was sent.
    expect(validate(TYPES.stop, { ...stop, epoch: 2 ** 60 })).toMatchObject({ field: 'epoch' });
  });

  it('with a list of messages and one of fixed length has each looked at', () => {
    const type = 'nav_msgs/msg/Odometry';
    const zeros = (n: number) => Array(n).fill(0);
    const odometry = (covariance: unknown[]) => ({
      header,
      child_frame_id: 'base',
      pose: { pose: { position: xyz, orientation: { ...xyz, w: 1 } }, covariance },
      twist: { twist: { linear: xyz, angular: xyz }, covariance: zeros(36) },
    });
    expect(validate(type, odometry(zeros(36)))).toBeNull();
    expect(validate(type, odometry(zeros(35)))).toEqual({
      field: 'pose.covariance',
      seen: '35 elements',
      allowed: '36 elements',
    });
    expect(validate(type, odometry([...zeros(35), 'x']))).toMatchObject({ field: 'pose.covariance[35]' });
  });

  it('of a type that we do not know is not looked into', () => {
    expect(isKnown('other_msgs/msg/Thing')).toBe(false);
    expect(validate('other_msgs/msg/Thing', { position: 'anything' })).toBeNull();
  });
});
