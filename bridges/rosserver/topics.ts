import { globalName } from '../messages/names.ts';
import { shapeOf } from '../messages/shape.ts';
import type { Connection } from './connection.ts';
import { Feed } from './feed.ts';
import { countField, mannerOf, text, throttleField } from './fields.ts';
import type { Operation } from './operation.ts';
import { Publication } from './publication.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { TopicEntry } from './registry.ts';
import type { Room } from './room.ts';

/** A client may have so many topics subscribed and so many advertised. */
const MAX_TOPICS_PER_CLIENT = 200;
/** And so many subscriptions to one topic. */
const MAX_SUBSCRIPTIONS = 20;
/** A longer queue is one of this length, and none is longer than a client's bytes (`Waiting`): roslibpy and others ask for what they never need. */
const MAX_QUEUE = 1000;
/** A client may have a message kept for late subscribers up to this size. */
const MAX_LATCHED_BYTES = 100_000;
/** Of a message of unknown type: Python's readers end at a nesting that ours still read. */
const MAX_DEPTH = 64;
/** Where every node of a ROS graph speaks: what others say there is no forgery of ours. Not `/clock`, which has one source. */
const SHARED = new Set(['/diagnostics', '/parameter_events', '/rosout', '/tf', '/tf_static']);

export function subscribe(from: Connection, op: Operation, { registry, allowed }: Room): Refusal | null {
  const spelling = text(op.topic);
  if (spelling === '') return refuse('bad_field', 'subscribe needs a topic');
  const manner = mannerOf(op);
  if ('kind' in manner) return manner;
  const throttleMs = throttleField(op);
  if (typeof throttleMs !== 'number') return throttleMs;
  const queueLength = countField(op, 'queue_length', Number.MAX_SAFE_INTEGER);
  if (typeof queueLength !== 'number') return queueLength;
  const topic = globalName(spelling);
  if (!allowed('subscribe', topic)) return refuse('not_allowed', `topic ${topic} may not be subscribed`);
  if (from.feeds.size >= MAX_TOPICS_PER_CLIENT && !from.feeds.has(topic))
    return refuse('limit', `no more than ${MAX_TOPICS_PER_CLIENT} topics subscribed`);
  const entry = registry.open(topic, text(op.type));
  if ('kind' in entry) return entry;
  if (manner.encoding === 'cbor-raw' && shapeOf(entry.type) === null) {
    registry.release(topic);
    return refuse('bad_field', `compression cbor-raw; no definition of ${entry.type || 'a topic without type'} here`);
  }
  let feed = from.feeds.get(topic);
  if (feed === undefined) {
    feed = new Feed(spelling, from);
    from.feeds.set(topic, feed);
    entry.feeds.add(feed);
  }
  if (feed.subscriptions >= MAX_SUBSCRIPTIONS)
    return refuse('limit', `no more than ${MAX_SUBSCRIPTIONS} subscriptions to ${topic}`);
  feed.subscribe(text(op.id), {
    ...manner,
    throttleNs: throttleMs * 1e6,
    queueLength: Math.min(queueLength, MAX_QUEUE),
  });
  if (entry.latched !== null) feed.offer(entry.latched, from.nowNs());
  return null;
}

export function unsubscribe(from: Connection, op: Operation, { registry }: Room): Refusal | null {
  const topic = globalName(text(op.topic));
  const feed = from.feeds.get(topic);
  if (feed === undefined) return refuse('unknown_name', `topic ${topic} is not subscribed`);
  if (!feed.unsubscribe(typeof op.id === 'string' ? op.id : undefined)) return null;
  registry.topics.get(topic)?.feeds.delete(feed);
  from.drop(topic);
  registry.release(topic);
  return null;
}

export function advertise(from: Connection, op: Operation, { registry, allowed }: Room): Refusal | null {
  const spelling = text(op.topic);
  const type = text(op.type);
  if (spelling === '' || type === '') return refuse('bad_field', 'advertise needs topic and type');
  const topic = globalName(spelling);
  if (!allowed('publish', topic)) return refuse('not_allowed', `topic ${topic} may not be published`);
  if (from.advertised.size >= MAX_TOPICS_PER_CLIENT && !from.advertised.has(topic))
    return refuse('limit', `no more than ${MAX_TOPICS_PER_CLIENT} topics advertised`);
  const entry = registry.open(topic, type);
  if ('kind' in entry) return entry;
  if (isOnlyOurs(entry)) return refusePublished(topic);
  from.advertised.set(topic, op.latch === true || isTransientLocal(op.qos));
  entry.advertisers.add(from);
  return null;
}

/** ROS 2's word for latching. Of all that `qos` may say, it alone means something here. */
const isTransientLocal = (qos: unknown): boolean =>
  (qos as { durability?: unknown } | null)?.durability === 'transient_local';

export function unadvertise(from: Connection, op: Operation, { registry }: Room): Refusal | null {
  const topic = globalName(text(op.topic));
  if (!from.advertised.delete(topic)) return refuse('unknown_name', `topic ${topic} is not advertised by you`);
  registry.topics.get(topic)?.advertisers.delete(from);
  registry.release(topic);
  return null;
}

/** Published by our own process and by nobody else: what a client says there would pass for our word. */
const isOnlyOurs = ({ ours, handlers, topic }: TopicEntry): boolean =>
  ours && handlers.length === 0 && !SHARED.has(topic);

const refusePublished = (topic: string) => refuse('not_allowed', `topic ${topic} is published here`);

/** `body`: the text of the message as it came, where that is known. */
export function publish(from: Connection, op: Operation, room: Room, body: () => string | null): Refusal | null {
  const topic = globalName(text(op.topic));
  const entry = room.registry.topics.get(topic);
  if (entry === undefined || entry.type === '') return refuse('unknown_name', `topic ${topic} is not advertised`);
  if (!room.allowed('publish', topic)) return refuse('not_allowed', `topic ${topic} may not be published`);
  if (isOnlyOurs(entry)) return refusePublished(topic);
  if (typeof op.msg !== 'object' || op.msg === null || Array.isArray(op.msg))
    return refuse('bad_message', `msg of ${topic} is not an object`);
  let whole = true;
  // What comes to our own handlers is theirs to check: they know more than its shape.
  const shape = entry.handlers.length > 0 ? null : shapeOf(entry.type);
  if (shape !== null) {
    try {
      room.conformer.conform(op.msg as Record<string, unknown>, shape);
    } catch (error) {
      return refuse('bad_message', `${topic}: ${(error as Error).message}`);
    }
    whole = !room.conformer.changed;
  } else if (!isWithin(op.msg, MAX_DEPTH)) return refuse('bad_message', `${topic}: nested deeper than ${MAX_DEPTH}`);
  const publication = new Publication(topic, entry.type, op.msg, whole ? body() : null);
  const latch = (op.latch === true || from.advertised.get(topic) === true) && !entry.ours;
  if (latch && Buffer.byteLength(publication.body) > MAX_LATCHED_BYTES)
    return refuse('limit', `a latched message above ${MAX_LATCHED_BYTES} bytes`);
  handOn(entry, publication, op.msg, from, from.nowNs(), room);
  if (latch) entry.latched = publication;
  return null;
}

/**
 * Takes a whole message that a client of another server of ours published, as if a client of ours had.
 * @returns why it is not passed on, or null
 */
export function deliver(
  topic: string,
  type: string,
  message: object,
  from: { id: number },
  nowNs: number,
  room: Room,
): Refusal | null {
  const { registry, allowed } = room;
  if (!allowed('publish', topic)) return refuse('not_allowed', `topic ${topic} may not be published`);
  const entry = registry.open(topic, type);
  if ('kind' in entry) return entry;
  if (isOnlyOurs(entry)) return refusePublished(topic);
  handOn(entry, new Publication(topic, entry.type, message), message, from, nowNs, room);
  registry.release(topic);
  return null;
}

/** To all who listen; then to our own handlers, which may keep or change the message. */
function handOn(
  entry: TopicEntry,
  publication: Publication,
  message: unknown,
  from: { id: number },
  nowNs: number,
  room: Room,
) {
  distribute(entry, publication, nowNs);
  for (const handler of entry.handlers) {
    try {
      handler(message, from);
    } catch (error) {
      room.failed(`a handler of ${entry.topic}`, error);
    }
  }
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth === 0) return false;
  for (const within of Array.isArray(value) ? value : Object.values(value))
    if (!isWithin(within, depth - 1)) return false;
  return true;
}

/**
 * Gives a message to all who want it: what cannot be written in the encoding of one is no loss of the others.
 * @throws what was thrown for the last for whom it could not be written
 */
export function distribute(entry: TopicEntry, publication: Publication, nowNs: number): void {
  let failure: unknown = null;
  for (const feed of entry.feeds) {
    try {
      feed.offer(publication, nowNs);
    } catch (error) {
      failure = error;
    }
  }
  if (failure !== null) throw failure;
}
