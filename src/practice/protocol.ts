/**
 * `reflexarc.practice.v1`: what the daemon on the robot (the actor) and the process that learns say to each other. The learner
 * listens; the actor connects, so that the robot's host opens no port. A websocket of that subprotocol, `Authorization: Bearer` with
 * the token of the learner's folder, and one CBOR map (RFC 8949) a binary message, told apart by `kind`.
 *
 *   actor → learner   hello      once, first: shapes and digests; the learner answers `welcome`, or `refused` and closes
 *                     episode    one whole episode; it is the actor's until it is acknowledged, and comes again until then
 *                     verdict    what became of weights: accepted, refused, rolled_back, with the reason
 *   learner → actor   welcome    how many decisions it has learned from, how to explore
 *                     ack        the episode of this id is on the learner's disk
 *                     rejected   the episode of this id is none; the actor puts it aside
 *                     weights    a version of the residual: .safetensors bytes and their SHA-256, and how to explore with it
 *
 * Numbers of an episode are byte strings of little-endian float64, row after row; n decisions have n + 1 observations. Either side
 * ends the connection at a message that it cannot read. A learner that cannot keep an episode (its disk is full) closes with 1011, and the
 * actor comes again less and less often. Keys that are not known are left alone: what is new within v1 is added.
 */
import { z } from 'zod';
import { decodeCbor } from '../../bridges/messages/cbor.ts';
import { encodeCbor } from '../../bridges/messages/cbor-writer.ts';
import { ReflexArcError } from '../core/errors.ts';

export const PROTOCOL = 'reflexarc.practice.v1';
/** Close code of a learner that cannot keep an episode (RFC 6455: an internal error). */
export const NOT_KEPT = 1011;
/** An episode of some thousand decisions, or the weights of a large residual. */
export const MAX_MESSAGE_BYTES = 16 << 20;

/** Noise that a residual explores by, action units, on the whole action; within the residual's bound. */
export interface Exploration {
  /** Half width of a uniform noise. */
  readonly uniform: number;
  /** Standard deviation of a normal noise, cut at two of them. */
  readonly normal: number;
}

const count = z.int().min(0);
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const exploration = z.object({ uniform: z.number().min(0).max(2), normal: z.number().min(0).max(2) });
/** A copy: what comes off a wire is a view of a buffer that is larger. */
const bytes = z
  .custom<Uint8Array>((v) => v instanceof Uint8Array, 'a byte string')
  .transform((view): Uint8Array => new Uint8Array(view));
/** Float64 in and out, bytes on the wire. */
const numbers = bytes.transform((raw, context): Float64Array => {
  if (raw.length % 8 !== 0) {
    context.addIssue({ code: 'custom', message: `${raw.length} bytes, not whole float64` });
    return z.NEVER;
  }
  const out = new Float64Array(raw.length / 8);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let i = 0; i < out.length; i++) out[i] = view.getFloat64(8 * i, true);
  if (!out.every(Number.isFinite)) context.addIssue({ code: 'custom', message: 'a number that is not finite' });
  return out;
});

/** Who acted, in the order of the wire's `intervened`. */
export const ACTED = ['none', 'safety', 'human'] as const;

const episode = z.object({
  kind: z.literal('episode'),
  id: z.string().regex(/^[\w.-]{1,80}$/, 'an id of letters, digits, _ . -'),
  /** Version of the residual that acted; 0 is the one of the run's config. */
  version: count,
  /** How it ended, in one word; and whether that state had no future, or the episode was only cut short. */
  ended: z.string().max(80),
  terminated: z.boolean(),
  truncated: z.boolean(),
  success: z.boolean(),
  violation: z.boolean(),
  /** (n + 1) × observation, (n + 1) × action, and n × action each: what was wanted, and what was done. */
  observation: numbers,
  base: numbers,
  proposed: numbers,
  executed: numbers,
  /** n each. */
  reward: numbers,
  cost: numbers,
  /** n bytes, indices of ACTED. */
  intervened: bytes,
});

const messages = {
  hello: z.object({
    kind: z.literal('hello'),
    protocol: z.string(),
    /** SHA-256 of what both must have in common: see `configDigest`. */
    config: digest,
    observation_size: count,
    action_size: count,
    /** Weights in use, and episodes that wait to be sent. */
    version: count,
    waiting: count,
  }),
  episode,
  verdict: z.object({
    kind: z.literal('verdict'),
    version: count,
    verdict: z.enum(['accepted', 'refused', 'rolled_back']),
    why: z.string(),
  }),
  welcome: z.object({
    kind: z.literal('welcome'),
    protocol: z.string(),
    /** Of the learner's run: one that began anew has another. */
    run: z.string(),
    steps: count,
    episodes: count,
    exploration,
  }),
  refused: z.object({ kind: z.literal('refused'), why: z.string() }),
  ack: z.object({ kind: z.literal('ack'), id: z.string() }),
  rejected: z.object({ kind: z.literal('rejected'), id: z.string(), why: z.string() }),
  weights: z.object({
    kind: z.literal('weights'),
    version: count,
    sha256: digest,
    exploration,
    bytes,
  }),
};
type Messages = typeof messages;
export type Kind = keyof Messages;
export type MessageOf<K extends Kind> = z.output<Messages[K]>;
export type Message = { [K in Kind]: MessageOf<K> }[Kind];
export type Verdict = MessageOf<'verdict'>['verdict'];
/** One whole episode, as both sides have it. */
export type Episode = Omit<MessageOf<'episode'>, 'kind'>;

/** The bytes of a message. */
export function encode(message: Message): Buffer {
  const wire = Object.entries(message).map(([key, value]) => [
    key,
    value instanceof Float64Array ? littleEndian(value) : value,
  ]);
  return encodeCbor(Object.fromEntries(wire));
}

/** @throws ReflexArcError RA_LINK_PROTOCOL for what is no message of this protocol, with the key that is wrong */
export function decode(raw: Uint8Array): Message {
  let value: unknown;
  try {
    value = decodeCbor(raw);
  } catch (cause) {
    throw unreadable(`${raw.length} bytes: ${(cause as Error).message}`, cause);
  }
  const kind = (value as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(messages, kind)) throw unreadable(`a message of kind ${String(kind)}`);
  const parsed = messages[kind as Kind].safeParse(value);
  if (parsed.success) return parsed.data as Message;
  const issue = parsed.error.issues[0];
  throw unreadable(`${kind}.${issue?.path.join('.')}: ${issue?.message}`);
}

const unreadable = (seen: string, cause?: unknown) =>
  new ReflexArcError('RA_LINK_PROTOCOL', {
    seen,
    allowed: `a message of ${PROTOCOL}`,
    next: 'Daemon and learner must speak the same version of the practice protocol.',
    cause,
  });

function littleEndian(values: Float64Array): Uint8Array {
  const out = new Uint8Array(8 * values.length);
  const view = new DataView(out.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat64(8 * i, values[i]!, true);
  return out;
}
