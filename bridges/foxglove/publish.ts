import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { globalName, longType } from '../messages/names.ts';
import { shapeOf } from '../messages/shape.ts';
import { definitionsFor } from '../messages/types.ts';
import type { Client } from './client.ts';
import type { ClientMessage } from './protocol.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Room } from './room.ts';

/** How viewers may write their own messages; they take the first that they know. */
export const PUBLISH_ENCODINGS = ['json', 'cdr'] as const;
/** A viewer may publish so many topics. */
const MAX_PUBLICATIONS = 100;

export interface Advertised {
  readonly id: number;
  readonly topic: string;
  readonly encoding: string;
  readonly schemaName: string;
}

/** `advertise` of a viewer: one of its channels. */
export function advertise(
  from: Client,
  { id, topic: spelling, encoding, schemaName }: Advertised,
  room: Room,
): Refusal | null {
  const topic = globalName(spelling);
  const type = longType(schemaName);
  if (room.mayPublish === null || !from.mayAct)
    return refuse('not_allowed', `topic ${topic} may not be published: this is a view, clientPublish is not offered`);
  if (!room.mayPublish(topic)) return refuse('not_allowed', `topic ${topic} may not be published`);
  if (room.channels.of(topic) !== undefined) return refuse('not_allowed', `topic ${topic} is published here`);
  if (shapeOf(type) === null) return refuse('bad_field', `no definition of ${type} here`);
  if (!PUBLISH_ENCODINGS.some((known) => known === encoding))
    return refuse('bad_field', `encoding ${encoding.slice(0, 40)}; allowed: ${PUBLISH_ENCODINGS.join(', ')}`);
  if (from.publications.has(id)) return refuse('redundant', `channel ${id} is advertised already`);
  if (from.publications.size >= MAX_PUBLICATIONS)
    return refuse('limit', `no more than ${MAX_PUBLICATIONS} topics published`);
  from.publications.set(id, { topic, type, encoding });
  return null;
}

export function unadvertise(from: Client, id: number): Refusal | null {
  return from.publications.delete(id) ? null : refuse('redundant', `channel ${id} is not advertised by you`);
}

/** A message of one of a viewer's channels: made whole as its type wants it, and handed on. */
export function publish(from: Client, { channelId, payload }: ClientMessage, room: Room): Refusal | null {
  const publication = from.publications.get(channelId);
  if (publication === undefined) return refuse('unknown_id', `channel ${channelId} is not advertised by you`);
  const { topic, type, encoding } = publication;
  try {
    const message = encoding === 'json' ? JSON.parse(payload.toString()) : plain(readCdr(type, payload));
    if (typeof message !== 'object' || message === null || Array.isArray(message))
      return refuse('bad_message', `${topic}: a message is an object`);
    room.conformer.conform(message, shapeOf(type)!);
    room.onMessage(topic, type, message, from);
    return null;
  } catch (error) {
    return refuse('bad_message', `${topic}: ${(error as Error).message}`);
  }
}

const readCdr = (type: string, payload: Uint8Array): unknown =>
  new MessageReader(definitionsFor(type)!).readMessage(payload);

/** Arrays of numbers as plain ones, bytes as they are, a bigint only where a number would not be exact. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as ArrayLike<unknown>, plain);
  return Object.fromEntries(Object.entries(value).map(([key, within]) => [key, plain(within)]));
}
