import { globalName, longType } from '../messages/names.ts';
import { shapeOf } from '../messages/shape.ts';
import { callWithin } from '../serving/service.ts';
import type { Connection, Manner } from './connection.ts';
import { mannerOf, text } from './fields.ts';
import type { Operation } from './operation.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { Room } from './room.ts';

/** A client may have so many calls unanswered. */
const MAX_CALLS = 32;
/** A client may offer so many services. */
const MAX_SERVICES_PER_CLIENT = 100;

/**
 * `call_service`: answered exactly once, with the values or, on any failure, with result false and a text. Calls do not
 * wait for each other; answers carry the id of their call. `type` is not needed, and a wrong one refuses nothing, as in
 * rosbridge_suite: a call of `~/stop` must not fail for how its type is spelt. Who asked for status is told.
 */
export function callService(from: Connection, op: Operation, room: Room): Refusal | null {
  const name = text(op.service);
  const manner = mannerOf(op, ['none', 'png', 'cbor']);
  const id = op.id === undefined ? {} : { id: op.id };
  const wanted = 'kind' in manner ? undefined : manner;
  const respond = (result: boolean, values: unknown, how?: Manner) =>
    from.reply({ op: 'service_response', ...id, service: name, values, result }, how);
  const refused = (refusal: Refusal) => {
    respond(false, refusal.why, wanted);
    return refusal;
  };
  if ('kind' in manner) return refused(manner);
  if (name !== '' && !room.allowed('call', globalName(name)))
    return refused(refuse('not_allowed', `Service ${name} may not be called`));
  const service = room.registry.services.get(globalName(name));
  if (name === '' || service === undefined) {
    respond(false, `Service ${name} does not exist`, wanted);
    return null;
  }
  const args = named(op.args, service.type);
  if (args === null) return refused(refuse('bad_message', `Service ${name} takes fewer arguments`));
  if (typeof op.type === 'string' && op.type !== '' && longType(op.type, 'srv') !== service.type)
    from.status(
      'warning',
      op.id,
      `Service ${name} is ${service.type}, not ${op.type.slice(0, 80)}; called all the same`,
    );
  if (from.calls >= MAX_CALLS) return refused(refuse('limit', `more than ${MAX_CALLS} calls unanswered`));
  from.calls++;
  const asked = typeof op.timeout === 'number' && op.timeout > 0 ? op.timeout * 1000 : Number.POSITIVE_INFINITY;
  void callWithin(service.handler, name, args, Math.min(asked, room.callTimeoutMs)).then(({ result, values }) => {
    from.calls--;
    try {
      respond(result, values, manner);
    } catch (error) {
      // What cannot be written is a failure of the service, and still gets its one answer.
      respond(false, (error as Error).message);
    }
  });
  return null;
}

/** A list as the request that it is, field by field, where the type is known; null for one that is too long. */
function named(args: unknown, type: string): unknown {
  const fields = Array.isArray(args) ? shapeOf(`${type}_Request`)?.fields : undefined;
  if (fields === undefined) return args ?? {};
  const given = args as unknown[];
  return given.length > fields.length ? null : Object.fromEntries(given.map((v, i) => [fields[i]!.name, v]));
}

export function advertiseService(from: Connection, op: Operation, room: Room): Refusal | null {
  const spelling = text(op.service);
  const type = text(op.type);
  if (spelling === '' || type === '') return refuse('bad_field', 'advertise_service needs service and type');
  const name = globalName(spelling);
  if (!room.allowed('call', name)) return refuse('not_allowed', `service ${name} may not be offered`);
  if (from.services.size >= MAX_SERVICES_PER_CLIENT && !from.services.has(name))
    return refuse('limit', `no more than ${MAX_SERVICES_PER_CLIENT} services offered`);
  const refused = room.registry.provide(name, type, from, (args, signal) =>
    room.calls.forward(from, spelling, args, signal),
  );
  if (refused === null) from.services.add(name);
  return refused;
}

export function unadvertiseService(from: Connection, op: Operation, room: Room): Refusal | null {
  const name = globalName(text(op.service));
  if (!room.registry.withdraw(name, from)) return refuse('unknown_name', `service ${name} is not offered by you`);
  from.services.delete(name);
  room.calls.fail(from, `Service ${name} was unadvertised`, name);
  return null;
}

export function serviceResponse(from: Connection, op: Operation, room: Room): Refusal | null {
  const id = text(op.id);
  if (typeof op.result !== 'boolean') return refuse('bad_field', 'service_response needs result, true or false');
  return room.calls.answer(from, id, op.result, op.values)
    ? null
    : refuse('unknown_name', `nobody waits for a service_response ${id.slice(0, 80)}`);
}
