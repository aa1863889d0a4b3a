import { globalName } from '../messages/names.ts';
import type { Connection } from './connection.ts';

/** So many calls may wait for the services that a client offers. */
const MAX_WAITING = 256;

interface Waiting {
  readonly provider: Connection;
  readonly service: string;
  answer(result: boolean, values: unknown): void;
}

/** Calls that went to services of clients, and wait for their answer. */
export class Calls {
  readonly #waiting = new Map<string, Waiting>();
  #nextId = 1;

  /** Sends a call to the client that offers the service, and waits for its answer. `spelling`: its name for it. */
  forward(provider: Connection, spelling: string, args: unknown, signal: AbortSignal): Promise<unknown> {
    let waiting = 0;
    for (const call of this.#waiting.values()) if (call.provider === provider) waiting++;
    if (waiting >= MAX_WAITING) throw new Error(`${MAX_WAITING} calls wait for ${spelling}`);
    const id = `service_request:${spelling}:${this.#nextId++}`;
    return new Promise((resolve, reject) => {
      const forget = () => this.#waiting.delete(id);
      signal.addEventListener('abort', forget, { once: true });
      this.#waiting.set(id, {
        provider,
        service: globalName(spelling),
        answer: (result, values) => {
          signal.removeEventListener('abort', forget);
          forget();
          if (result) resolve(values);
          else reject(new Error(typeof values === 'string' ? values : JSON.stringify(values ?? 'no reason given')));
        },
      });
      provider.reply({ op: 'call_service', id, service: spelling, args });
    });
  }

  /** The answer of a client. False when nobody waits for it, or another client was asked. */
  answer(from: Connection, id: string, result: boolean, values: unknown): boolean {
    const call = this.#waiting.get(id);
    if (call?.provider !== from) return false;
    call.answer(result, values);
    return true;
  }

  /** Fails what waits for a client: for one of its services, or for all. */
  fail(provider: Connection, why: string, service?: string): void {
    for (const call of [...this.#waiting.values()])
      if (call.provider === provider && (service === undefined || call.service === service)) call.answer(false, why);
  }
}
