import { parseFrame } from '../messages/json.ts';
import { textOfPng } from '../messages/png.ts';
import {
  actionFeedback,
  actionResult,
  advertiseAction,
  cancelActionGoal,
  cancelService,
  sendActionGoal,
  unadvertiseAction,
} from './actions.ts';
import type { Connection } from './connection.ts';
import { control } from './control.ts';
import { text } from './fields.ts';
import type { Operation } from './operation.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Room } from './room.ts';
import { advertiseService, callService, serviceResponse, unadvertiseService } from './services.ts';
import { advertise, publish, subscribe, unadvertise, unsubscribe } from './topics.ts';
import { messageText } from './verbatim.ts';

/** How an operation came. */
interface Delivery {
  /** The frame's text where it is plain JSON and holds this one operation; else null. */
  readonly text: string | null;
  /** Fragments and pictures around it. */
  readonly depth: number;
}

/** Carries an operation out. Returns what was wrong with it, or null. */
type Carry = (from: Connection, op: Operation, room: Room, how: Delivery) => Refusal | null;

/** A picture within fragments is as deep as it goes. */
const MAX_DEPTH = 2;

const setLevel: Carry = (from, op) =>
  from.setLevel(op.level)
    ? null
    : refuse('bad_field', `level ${String(op.level).slice(0, 40)}; allowed: none, error, warning, info`);

const auth: Carry = (from, op, room) => {
  const until = room.authenticate(op);
  if (typeof until === 'number') {
    from.authenticatedUntilS = until;
    return null;
  }
  from.close(1008, 'not authenticated');
  return refuse('not_authenticated', until);
};

const fragment: Carry = (from, op, room, { depth }) => {
  if (depth >= MAX_DEPTH) return refuse('bad_fragment', 'fragments within fragments');
  const whole = from.fragments.accept(op, from.nowNs());
  if (typeof whole === 'string') room.receive(from, whole, depth + 1);
  return typeof whole === 'string' ? null : whole;
};

const png: Carry = (from, op, room, { depth }) => {
  if (depth >= MAX_DEPTH) return refuse('bad_png', 'pictures within pictures');
  let within: string;
  try {
    within = textOfPng(Buffer.from(text(op.data), 'base64'), room.maxMessageBytes);
  } catch (error) {
    return refuse('bad_png', (error as Error).message);
  }
  room.receive(from, within, depth + 1);
  return null;
};

/** The operations we carry out; a further one is a further line. */
export const OPERATIONS: ReadonlyMap<unknown, Carry> = new Map<unknown, Carry>([
  ['subscribe', subscribe],
  ['unsubscribe', unsubscribe],
  ['advertise', advertise],
  ['unadvertise', unadvertise],
  ['publish', (from, op, room, how) => publish(from, op, room, () => how.text && messageText(how.text, op))],
  ['call_service', callService],
  ['advertise_service', advertiseService],
  ['unadvertise_service', unadvertiseService],
  ['service_response', serviceResponse],
  ['advertise_action', advertiseAction],
  ['unadvertise_action', unadvertiseAction],
  ['send_action_goal', sendActionGoal],
  ['cancel_action_goal', cancelActionGoal],
  ['action_feedback', actionFeedback],
  ['action_result', actionResult],
  ['fragment', fragment],
  ['png', png],
  ['set_level', setLevel],
  ['auth', auth],
]);

/** These are not acknowledged at level info: they are answered anyway, or it would be a flood. */
const UNACKNOWLEDGED = new Set<unknown>([
  ...['publish', 'call_service', 'service_response', 'send_action_goal', 'action_feedback', 'fragment', 'png'],
]);

/**
 * Carries out what is in a frame and, as far as the client asked by `set_level`, says what came of it. `refused` is told
 * of everything that was not carried out.
 */
export function receive(
  from: Connection,
  frame: string,
  room: Room,
  refused: (refusal: Refusal) => void,
  depth = 0,
): void {
  const refuseTo = (id: unknown, refusal: Refusal) => {
    refused(refusal);
    from.status('error', id, refusal.why);
  };
  let found: unknown[];
  let how: Delivery = { text: frame, depth };
  try {
    found = [JSON.parse(frame)];
  } catch {
    how = { text: null, depth };
    try {
      found = parseFrame(frame);
    } catch (error) {
      refuseTo(undefined, refuse('not_json', (error as Error).message));
      return;
    }
  }
  for (const value of found) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      refuseTo(undefined, refuse('not_an_operation', 'an operation is an object'));
      continue;
    }
    const op = value as Operation;
    const refusal = carryOut(from, op, room, how);
    if (refusal !== null) refuseTo(op.id, refusal);
    else if (!UNACKNOWLEDGED.has(op.op)) from.status('info', op.id, `${String(op.op)} done`);
  }
}

function carryOut(from: Connection, op: Operation, room: Room, how: Delivery): Refusal | null {
  const carry = OPERATIONS.get(op.op);
  if (carry === undefined) return refuse('unknown_op', `op ${String(op.op).slice(0, 80)} is not known here`);
  if (Number.isNaN(from.authenticatedUntilS) && op.op !== 'auth')
    return refuse('not_authenticated', 'first of all, an auth operation');
  try {
    return control(from, op) ?? carry(from, op, room, how);
  } catch (error) {
    // What a message holds that cannot be written (nested beyond the stack, for one).
    return refuse('bad_message', (error as Error).message);
  }
}

/** Takes back all that a client subscribed, advertised and offered. */
export function leave(from: Connection, { registry, calls, actions }: Room): void {
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
  for (const name of from.services) registry.withdraw(name, from);
  for (const name of from.actions) registry.withdraw(cancelService(name), from);
  calls.fail(from, 'the client that offers the service has left');
  actions.leave(from);
}
