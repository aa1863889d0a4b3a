import type { Connection } from './connection.ts';
import { globalName } from './publication.ts';
import type { Operation, Room } from './room.ts';

/** A client may have so many calls unanswered. */
const MAX_CALLS = 32;

/**
 * `call_service`: answered exactly once, with the values or, on any failure, with result false and a text. Calls do not
 * wait for each other; answers carry the id of their call.
 */
export function callService(from: Connection, op: Operation, room: Room): string {
  const name = typeof op.service === 'string' ? op.service : '';
  const service = room.registry.services.get(globalName(name));
  let open = true;
  const answer = (result: boolean, values: unknown) => {
    if (!open) return;
    open = false;
    const id = op.id === undefined ? {} : { id: op.id };
    from.reply({ op: 'service_response', ...id, service: name, values, result });
  };
  if (name === '' || service === undefined) {
    answer(false, `Service ${name} does not exist`);
    return '';
  }
  if (from.calls >= MAX_CALLS) {
    answer(false, `more than ${MAX_CALLS} calls unanswered`);
    return '';
  }
  const asked = typeof op.timeout === 'number' && op.timeout > 0 ? op.timeout * 1000 : Number.POSITIVE_INFINITY;
  const timeoutMs = Math.min(asked, room.callTimeoutMs);
  const timer = setTimeout(() => end(false, `Service ${name} did not answer within ${timeoutMs} ms`), timeoutMs);
  timer.unref();
  from.calls++;
  const end = (result: boolean, values: unknown) => {
    if (!open) return;
    clearTimeout(timer);
    from.calls--;
    try {
      answer(result, values);
    } catch (error) {
      // What cannot be serialised is a failure of the service, and still gets its one answer.
      open = true;
      answer(false, (error as Error).message);
    }
  };
  void (async () => {
    try {
      end(true, (await service.handler(op.args ?? {})) ?? {});
    } catch (error) {
      end(false, error instanceof Error ? error.message : String(error));
    }
  })();
  return '';
}
