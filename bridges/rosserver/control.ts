import type { Connection } from './connection.ts';
import { fragmentField } from './fields.ts';
import type { Operation } from './operation.ts';
import type { Refusal } from './refusal.ts';

/** These have a `fragment_size` of their own: it holds for what they ask for, and for nothing else. */
const OWN_FRAGMENTS = new Set<unknown>(['subscribe', 'call_service', 'send_action_goal']);

/**
 * Fields of any operation, in no specification, that rosbridge_suite looks for before it carries it out (its protocol.py).
 * `fragment_size` holds from then on for all that goes to this client and has none of its own (calls of its services,
 * goals, answers, status); 0 ends it. The two others change nothing there or would do harm here: `png` is read and never
 * used, and `message_intervall` puts the sender to sleep after each frame, which would make everything old. Who asks for
 * that is told so, at level warning.
 */
export function control(from: Connection, op: Operation): Refusal | null {
  if (op.fragment_size !== undefined && !OWN_FRAGMENTS.has(op.op)) {
    const size = fragmentField(op);
    if (typeof size !== 'number') return size;
    from.fragmentSize = size;
  }
  if (op.message_intervall !== undefined)
    from.status('warning', op.id, 'message_intervall is not kept: throttle_rate of a subscription thins it out');
  return null;
}
