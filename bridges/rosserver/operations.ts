import type { Connection } from './connection.ts';
import { Feed } from './feed.ts';
import { globalName, Publication } from './publication.ts';
import type { Registry, TopicEntry } from './registry.ts';
import type { Operation, Room } from './room.ts';
import { callService } from './services.ts';

/** Carries an operation out. Returns what was wrong with it, or the empty string. */
type Carry = (from: Connection, op: Operation, room: Room) => string;

/** A client may have so many topics subscribed and so many advertised. */
const MAX_TOPICS_PER_CLIENT = 200;
/** And so many subscriptions to one topic. */
const MAX_SUBSCRIPTIONS = 20;
const MAX_QUEUE = 1000;
/** A client may have a message kept for late subscribers up to this size. */
const MAX_LATCHED_BYTES = 100_000;

const text = (v: unknown) => (typeof v === 'string' ? v : '');
const atLeast0 = (v: unknown) => (typeof v === 'number' && v > 0 ? v : 0);

const subscribe: Carry = (from, op, { registry }) => {
  const spelling = text(op.topic);
  if (spelling === '') return 'subscribe needs a topic';
  const compression = op.compression ?? 'none';
  if (compression !== 'none') return `compression ${String(compression)}; allowed: none`;
  const topic = globalName(spelling);
  if (from.feeds.size >= MAX_TOPICS_PER_CLIENT && !from.feeds.has(topic))
    return `no more than ${MAX_TOPICS_PER_CLIENT} topics subscribed`;
  const entry = registry.open(topic, text(op.type));
  if (typeof entry === 'string') return entry;
  let feed = from.feeds.get(topic);
  if (feed === undefined) {
    feed = new Feed(spelling, from);
    from.feeds.set(topic, feed);
    entry.feeds.add(feed);
  }
  if (feed.subscriptions >= MAX_SUBSCRIPTIONS) return `no more than ${MAX_SUBSCRIPTIONS} subscriptions to ${topic}`;
  feed.subscribe(text(op.id), {
    throttleNs: atLeast0(op.throttle_rate) * 1e6,
    queueLength: Math.min(Math.floor(atLeast0(op.queue_length)), MAX_QUEUE),
  });
  if (entry.latched !== null) feed.offer(entry.latched, from.nowNs());
  return '';
};

const unsubscribe: Carry = (from, op, { registry }) => {
  const topic = globalName(text(op.topic));
  const feed = from.feeds.get(topic);
  if (feed === undefined) return `topic ${topic} is not subscribed`;
  if (!feed.unsubscribe(typeof op.id === 'string' ? op.id : undefined)) return '';
  registry.topics.get(topic)?.feeds.delete(feed);
  from.drop(topic);
  registry.release(topic);
  return '';
};

const advertise: Carry = (from, op, { registry }) => {
  const spelling = text(op.topic);
  const type = text(op.type);
  if (spelling === '' || type === '') return 'advertise needs topic and type';
  const topic = globalName(spelling);
  if (from.advertised.size >= MAX_TOPICS_PER_CLIENT && !from.advertised.has(topic))
    return `no more than ${MAX_TOPICS_PER_CLIENT} topics advertised`;
  const entry = registry.open(topic, type);
  if (typeof entry === 'string') return entry;
  from.advertised.set(topic, op.latch === true);
  entry.advertisers.add(from);
  return '';
};

const unadvertise: Carry = (from, op, { registry }) => {
  const topic = globalName(text(op.topic));
  if (!from.advertised.delete(topic)) return `topic ${topic} is not advertised by you`;
  registry.topics.get(topic)?.advertisers.delete(from);
  registry.release(topic);
  return '';
};

const publish: Carry = (from, op, { registry, failed }) => {
  const topic = globalName(text(op.topic));
  const entry = registry.topics.get(topic);
  if (entry === undefined || entry.type === '') return `topic ${topic} is not advertised`;
  if (typeof op.msg !== 'object' || op.msg === null || Array.isArray(op.msg)) return `msg of ${topic} is not an object`;
  const publication = new Publication(topic, op.msg);
  // Before our own handlers, which may keep or change the message.
  distribute(entry, publication, from.nowNs());
  const latch = op.latch === true || from.advertised.get(topic) === true;
  if (latch && !entry.ours) {
    if (publication.bytes(topic).length > MAX_LATCHED_BYTES)
      return `a latched message above ${MAX_LATCHED_BYTES} bytes`;
    entry.latched = publication;
  }
  for (const handler of entry.handlers) {
    try {
      handler(op.msg, from);
    } catch (error) {
      failed(`a handler of ${topic}`, error);
    }
  }
  return '';
};

const setLevel: Carry = (from, op) =>
  from.setLevel(op.level) ? '' : `level ${String(op.level)}; allowed: none, error, warning, info`;

/** The operations we carry out; a further one is a further line. */
export const OPERATIONS: ReadonlyMap<unknown, Carry> = new Map<unknown, Carry>([
  ['subscribe', subscribe],
  ['unsubscribe', unsubscribe],
  ['advertise', advertise],
  ['unadvertise', unadvertise],
  ['publish', publish],
  ['call_service', callService],
  ['set_level', setLevel],
]);

/** These are not acknowledged at level info: one is answered anyway, the other would be a flood. */
const UNACKNOWLEDGED = new Set<unknown>(['publish', 'call_service']);

/** Carries out one operation and, as far as the client asked by `set_level`, says what came of it. False: refused. */
export function carryOut(from: Connection, value: unknown, room: Room): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    from.status('error', undefined, 'an operation is an object');
    return false;
  }
  const op = value as Operation;
  const carry = OPERATIONS.get(op.op);
  const why = carry === undefined ? `op ${String(op.op)} is not known here` : carry(from, op, room);
  if (why !== '') from.status('error', op.id, why);
  else if (!UNACKNOWLEDGED.has(op.op)) from.status('info', op.id, `${String(op.op)} done`);
  return why === '';
}

export function distribute(entry: TopicEntry, publication: Publication, nowNs: number): void {
  for (const feed of entry.feeds) feed.offer(publication, nowNs);
}

/** Takes back all that a client subscribed and advertised. */
export function leave(from: Connection, registry: Registry): void {
  for (const [topic, feed] of [...from.feeds]) {
    registry.topics.get(topic)?.feeds.delete(feed);
    from.drop(topic);
    registry.release(topic);
  }
  for (const topic of from.advertised.keys()) {
    registry.topics.get(topic)?.advertisers.delete(from);
    registry.release(topic);
  }
  from.advertised.clear();
}
