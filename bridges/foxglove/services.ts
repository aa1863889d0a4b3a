import { MessageReader } from '@foxglove/rosmsg2-serialization';
import { cdrWriter } from '../messages/cdr-writer.ts';
import { longType } from '../messages/names.ts';
import { type Definitions, definitionsFor, textOf } from '../messages/types.ts';
import { callWithin, type ServiceHandler } from '../serving/service.ts';
import type { Client } from './client.ts';
import { type SchemaInfo, type ServiceCall, type ServiceInfo, serviceCallResponse } from './protocol.ts';
import { type Refusal, refuse } from './refusal.ts';

/** A client may have so many calls unanswered. */
const MAX_CALLS = 32;
const ENCODING = 'cdr';

interface Service {
  readonly info: ServiceInfo;
  readonly read: (payload: Uint8Array) => unknown;
  readonly write: (message: unknown) => Uint8Array;
  readonly handler: ServiceHandler;
}

/** Services that viewers may call: requests and responses in CDR, each call answered exactly once. */
export class Services {
  readonly #byId = new Map<number, Service>();
  readonly #timeoutMs: number;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get infos(): ServiceInfo[] {
    return [...this.#byId.values()].map(({ info }) => info);
  }

  /**
   * A half of the type that we have no definition of is empty, as the request of a Trigger.
   * @throws Error when both halves are
   */
  add(name: string, type: string, handler: ServiceHandler): ServiceInfo {
    const long = longType(type, 'srv');
    const [asked, answered] = [definitionsFor(`${long}_Request`), definitionsFor(`${long}_Response`)];
    if (asked === null && answered === null) throw new Error(`${name}: no definition of ${long}`);
    const reader = new MessageReader(asked ?? EMPTY);
    const info: ServiceInfo = {
      id: this.#byId.size + 1,
      name,
      type: long,
      request: schema(`${long}_Request`),
      response: schema(`${long}_Response`),
    };
    const write = cdrWriter(answered ?? EMPTY);
    this.#byId.set(info.id, { info, read: (payload) => reader.readMessage(payload), write, handler });
    return info;
  }

  /** Calls, and answers: with the response, or with a failure that says why. */
  call(from: Client, call: ServiceCall): Refusal | null {
    const { serviceId, callId } = call;
    const fail = (message: string) => from.say({ op: 'serviceCallFailure', serviceId, callId, message });
    const refused = (refusal: Refusal): Refusal => {
      fail(refusal.why);
      return { ...refusal, answered: true };
    };
    if (!from.mayAct) return refused(refuse('not_allowed', 'services may not be called from here'));
    const service = this.#byId.get(serviceId);
    if (service === undefined) return refused(refuse('unknown_id', `service ${serviceId} is not offered`));
    if (call.encoding !== ENCODING)
      return refused(refuse('bad_field', `encoding ${call.encoding.slice(0, 40)}; allowed: ${ENCODING}`));
    if (from.calls >= MAX_CALLS) return refused(refuse('limit', `more than ${MAX_CALLS} calls unanswered`));
    let args: unknown;
    try {
      args = service.read(call.payload);
    } catch (error) {
      return refused(refuse('bad_message', `${service.info.name}: ${(error as Error).message}`));
    }
    from.calls++;
    void callWithin(service.handler, service.info.name, args, this.#timeoutMs).then((answer) => {
      from.calls--;
      if (!answer.result) {
        fail(answer.values);
        return;
      }
      try {
        from.outbox.say(serviceCallResponse(call, service.write(answer.values)));
      } catch (error) {
        // What cannot be written is a failure of the service, and still gets its one answer.
        fail((error as Error).message);
      }
    });
    return null;
  }
}

const EMPTY: Definitions = [{ definitions: [] }];

const schema = (schemaName: string): SchemaInfo => ({
  encoding: ENCODING,
  schemaName,
  schemaEncoding: 'ros2msg',
  schema: textOf(schemaName),
});
