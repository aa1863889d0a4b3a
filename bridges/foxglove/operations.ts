import { z } from 'zod';
import type { Client } from './client.ts';
import { messageData, readClientFrame } from './protocol.ts';
import { advertise, publish, unadvertise } from './publish.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Room } from './room.ts';

const id = z.int().min(0).max(0xffffffff);
const ids = z.array(id);
const names = z.array(z.string());
const requestId = z.string().optional();

/** The operations that we carry out. Fields that are not named here are left alone. */
const OPERATIONS = {
  subscribe: z.object({ subscriptions: z.array(z.object({ id, channelId: id })) }),
  unsubscribe: z.object({ subscriptionIds: ids }),
  advertise: z.object({
    channels: z.array(
      z.object({ id, topic: z.string().min(1).max(256), encoding: z.string(), schemaName: z.string() }),
    ),
  }),
  unadvertise: z.object({ channelIds: ids }),
  getParameters: z.object({ parameterNames: names, id: requestId }),
  setParameters: z.object({ parameters: z.array(z.object({ name: z.string() })), id: requestId }),
  subscribeParameterUpdates: z.object({ parameterNames: names }),
  unsubscribeParameterUpdates: z.object({ parameterNames: names }),
  subscribeConnectionGraph: z.object({}),
  unsubscribeConnectionGraph: z.object({}),
  fetchAsset: z.object({ uri: z.string() }),
} as const;

type Name = keyof typeof OPERATIONS;
type Fields<N extends Name> = z.infer<(typeof OPERATIONS)[N]>;
/** Carries an operation out. Returns what was wrong with it, in each part of it. */
type Carry<N extends Name> = (from: Client, fields: Fields<N>, room: Room) => Iterable<Refusal | null>;

const CARRY: { readonly [N in Name]: Carry<N> } = {
  subscribe: (from, { subscriptions }, room) => {
    const refusals = subscriptions.map((wish) => subscribe(from, wish, room));
    room.graph.changed();
    return refusals;
  },
  unsubscribe: (from, { subscriptionIds }, room) => {
    const refusals = subscriptionIds.map((subscription) => unsubscribe(from, subscription, room));
    room.graph.changed();
    return refusals;
  },
  advertise: (from, { channels }, room) => channels.map((channel) => advertise(from, channel, room)),
  unadvertise: (from, { channelIds }) => channelIds.map((channel) => unadvertise(from, channel)),
  getParameters: (from, { parameterNames, id: request }, { parameters }) => {
    sendParameters(from, parameterNames, request, parameters);
    return [];
  },
  setParameters: (from, { parameters: wanted, id: request }, { parameters }) => {
    const asked = wanted.map(({ name }) => name);
    // Who asked shows what it wished for until it is told what is.
    if (asked.length > 0) sendParameters(from, asked, request, parameters);
    return [refuse('not_allowed', `parameters cannot be changed here: ${asked.join(', ').slice(0, 200)}`)];
  },
  subscribeParameterUpdates: (from, { parameterNames }, { parameters }) => {
    parameters.subscribe(from, parameterNames);
    return [];
  },
  unsubscribeParameterUpdates: (from, { parameterNames }, { parameters }) => {
    parameters.unsubscribe(from, parameterNames);
    return [];
  },
  subscribeConnectionGraph: (from, _fields, { graph }) => {
    graph.subscribe(from);
    return [];
  },
  unsubscribeConnectionGraph: (from, _fields, { graph }) => {
    graph.unsubscribe(from);
    return [];
  },
  fetchAsset: (_from, { uri }) => [refuse('not_allowed', `there are no assets here: ${uri.slice(0, 80)}`)],
};

/** Carries out what is in a frame. `refused` is told of everything that was not carried out. */
export function receive(from: Client, frame: Buffer, binary: boolean, room: Room, refused: (r: Refusal) => void): void {
  for (const refusal of binary ? binaryFrame(from, frame, room) : textFrame(from, frame, room))
    if (refusal !== null) refused(refusal);
}

function binaryFrame(from: Client, bytes: Buffer, room: Room): (Refusal | null)[] {
  const frame = readClientFrame(bytes);
  if (typeof frame === 'string') return [refuse('bad_frame', frame)];
  return [frame.op === 'call' ? room.services.call(from, frame.call) : publish(from, frame.message, room)];
}

function textFrame(from: Client, bytes: Buffer, room: Room): Iterable<Refusal | null> {
  let said: unknown;
  try {
    said = JSON.parse(bytes.toString());
  } catch {
    return [refuse('not_json', 'a text frame that is not JSON')];
  }
  const op = typeof said === 'object' && said !== null ? (said as { op?: unknown }).op : undefined;
  if (typeof op !== 'string' || !Object.hasOwn(OPERATIONS, op))
    return [refuse('unknown_op', `op ${String(op).slice(0, 80)} is not known here`)];
  return carryOut(from, op as Name, said, room);
}

function carryOut<N extends Name>(from: Client, op: N, said: unknown, room: Room): Iterable<Refusal | null> {
  const fields = OPERATIONS[op].safeParse(said);
  if (fields.success) return CARRY[op](from, fields.data as Fields<N>, room);
  const [issue] = fields.error.issues;
  return [refuse('bad_field', `${op}: ${issue?.path.join('.')}: ${issue?.message}`)];
}

function subscribe(from: Client, wish: { id: number; channelId: number }, { channels }: Room): Refusal | null {
  const channel = channels.withId(wish.channelId);
  if (channel === undefined) return refuse('unknown_id', `channel ${wish.channelId} is not advertised`);
  if (channel.subscribers.has(from)) return refuse('redundant', `${channel.info.topic} is subscribed already`);
  if (from.subscriptions.has(wish.id)) return refuse('bad_field', `subscription ${wish.id} exists already`);
  from.subscriptions.set(wish.id, wish.channelId);
  channel.subscribers.set(from, wish.id);
  const { latched } = channel;
  if (latched !== null) from.outbox.message(wish.channelId, messageData(wish.id, latched.timeNs, latched.payload));
  return null;
}

function unsubscribe(from: Client, subscription: number, { channels }: Room): Refusal | null {
  const channelId = from.subscriptions.get(subscription);
  if (channelId === undefined) return refuse('redundant', `subscription ${subscription} does not exist`);
  from.subscriptions.delete(subscription);
  channels.withId(channelId)?.subscribers.delete(from);
  from.outbox.forget(channelId);
  return null;
}

function sendParameters(
  to: Client,
  wanted: readonly string[],
  request: string | undefined,
  parameters: Room['parameters'],
): void {
  to.say({
    op: 'parameterValues',
    parameters: parameters.get(wanted),
    ...(request === undefined ? {} : { id: request }),
  });
}

/** Takes back all that a viewer asked for. */
export function leave(from: Client, room: Room): void {
  for (const channelId of from.subscriptions.values()) room.channels.withId(channelId)?.subscribers.delete(from);
  from.subscriptions.clear();
  room.graph.unsubscribe(from);
  room.graph.changed();
}
