import { globalName, longType } from '../messages/names.ts';
import type { Connection } from './connection.ts';
import { mannerOf, text } from './fields.ts';
import { STATUS_ABORTED, STATUS_UNKNOWN, tell } from './goals.ts';
import type { Operation } from './operation.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Room } from './room.ts';

const MAX_ACTIONS_PER_CLIENT = 100;

export function advertiseAction(from: Connection, op: Operation, { actions, allowed, registry }: Room): Refusal | null {
  const spelling = text(op.action);
  const type = text(op.type);
  if (spelling === '' || type === '') return refuse('bad_field', 'advertise_action needs action and type');
  const name = globalName(spelling);
  if (!allowed('call', name)) return refuse('not_allowed', `action ${name} may not be offered`);
  const found = actions.offers.get(name);
  if (found !== undefined && found.provider !== from)
    return refuse('type_conflict', `action ${name} is offered already`);
  if (from.actions.size >= MAX_ACTIONS_PER_CLIENT && !from.actions.has(name))
    return refuse('limit', `no more than ${MAX_ACTIONS_PER_CLIENT} actions offered`);
  // What ROS 2 hides behind an action, as far as client libraries call it.
  const refused = registry.provide(cancelService(name), 'action_msgs/srv/CancelGoal', from, () => {
    actions.cancelAll(name);
    return { return_code: 0, goals_canceling: [] };
  });
  if (refused !== null) return refused;
  actions.offers.set(name, { spelling, type: longType(type, 'action'), provider: from });
  from.actions.add(name);
  return null;
}

export function unadvertiseAction(from: Connection, op: Operation, { actions, registry }: Room): Refusal | null {
  const name = globalName(text(op.action));
  if (!from.actions.delete(name)) return refuse('unknown_name', `action ${name} is not offered by you`);
  registry.withdraw(cancelService(name), from);
  actions.offers.delete(name);
  actions.abandon(from, `Action ${name} was unadvertised`, name);
  return null;
}

export const cancelService = (action: string): string => `${action}/_action/cancel_goal`;

/** Answered by feedback, where asked for, and by exactly one result. */
export function sendActionGoal(from: Connection, op: Operation, room: Room): Refusal | null {
  const spelling = text(op.action);
  const name = globalName(spelling);
  const manner = mannerOf(op, ['none', 'png', 'cbor']);
  const offer = room.actions.offers.get(name);
  let refused: Refusal | null;
  if ('kind' in manner) refused = manner;
  else if (!room.allowed('call', name)) refused = refuse('not_allowed', `Action ${name} may not be called`);
  else if (offer === undefined) refused = refuse('unknown_name', `Action ${spelling} does not exist`);
  else if (op.action_type !== undefined && longType(text(op.action_type), 'action') !== offer.type)
    refused = refuse('type_conflict', `Action ${name} is ${offer.type}, not ${text(op.action_type)}`);
  else refused = room.actions.send(from, offer, op, manner);
  if (refused === null) return null;
  const id = op.id === undefined ? {} : { id: op.id };
  const result = { values: refused.why, status: STATUS_UNKNOWN, result: false };
  from.reply({ op: 'action_result', ...id, action: spelling, ...result }, 'kind' in manner ? undefined : manner);
  return refused;
}

/** action_msgs/msg/GoalStatus: 0 unknown to 6 aborted. */
const isStatus = (status: unknown): status is number =>
  Number.isInteger(status) && (status as number) >= STATUS_UNKNOWN && (status as number) <= STATUS_ABORTED;

export function cancelActionGoal(from: Connection, op: Operation, { actions }: Room): Refusal | null {
  const goal = actions.sentBy(from, op.id);
  if (goal === null) return refuse('unknown_name', `no goal ${String(op.id).slice(0, 80)} of yours is under way`);
  actions.cancel(goal);
  return null;
}

export function actionFeedback(from: Connection, op: Operation, { actions }: Room): Refusal | null {
  const goal = actions.carriedOutBy(from, op.id);
  if (goal === null) return refuse('unknown_name', `you carry out no goal ${String(op.id).slice(0, 80)}`);
  if (goal.feedback) tell(goal, 'action_feedback', { values: op.values ?? {} });
  return null;
}

export function actionResult(from: Connection, op: Operation, { actions }: Room): Refusal | null {
  const goal = actions.carriedOutBy(from, op.id);
  if (goal === null) return refuse('unknown_name', `you carry out no goal ${String(op.id).slice(0, 80)}`);
  if (typeof op.result !== 'boolean') return refuse('bad_field', 'action_result needs result, true or false');
  const status = isStatus(op.status) ? op.status : op.result ? STATUS_UNKNOWN : STATUS_ABORTED;
  actions.finish(goal, op.result, status, op.values ?? (op.result ? {} : 'the action failed'));
  return null;
}
