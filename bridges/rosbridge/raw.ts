import { parse } from '@foxglove/rosmsg';
import { MessageReader as Ros1Reader } from '@foxglove/rosmsg-serialization';
import { MessageReader as Ros2Reader } from '@foxglove/rosmsg2-serialization';
import { definitions } from '../messages/definitions.ts';
import { ros1Text } from '../messages/ros1.ts';
import type { RosVersion } from './dialect.ts';

/** Reads the bytes of one message, as `cbor-raw` carries them: CDR from ROS 2, ROS 1's own serialisation from ROS 1. */
export type ReadRaw = (bytes: Uint8Array) => unknown;

/**
 * The reader of a type (long spelling). `foreign` is the server's own text of the definition, in its own dialect, for a
 * type that we have none of. Times are spelt `{sec, nanosec}` from ROS 2 and `{sec, nsec}` from ROS 1; arrays of numbers
 * are typed arrays, 64-bit integers bigint.
 * @returns null without a definition
 * @throws Error when the definition cannot be read
 */
export function rawReader(type: string, version: RosVersion, foreign?: string): ReadRaw | null {
  const own = definitions.get(type);
  const text = own === undefined || version === 2 ? (own ?? foreign) : ros1Text(own);
  if (text === undefined) return null;
  const reader = version === 2 ? new Ros2Reader(parse(text, { ros2: true })) : new Ros1Reader(parse(text));
  return (bytes) => reader.readMessage(bytes);
}
