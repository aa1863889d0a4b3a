import type { Ros, RosbridgeMessage } from 'roslib';
import { ReflexArcError } from '../../src/core/errors.ts';
import type { Connection } from './connection.ts';

/** So many calls may be unanswered; a further one fails at once. */
const MAX_CALLS = 32;

interface Call {
  readonly operation: RosbridgeMessage & { id: string };
  /** The connection it went out on; null while there was none. */
  ros: Ros | null;
  answer(response: unknown): void;
  fail(code: 'RA_SERVICE_FAILED' | 'RA_SERVICE_TIMEOUT', seen: string): void;
}

/**
 * Service calls, on a connection that carries no commands: rosbridge runs a call on the thread that reads its connection,
 * so that a slow service would block every command behind it. Each call is settled exactly once: by its answer, its
 * timeout, or the end of its connection. (roslib's own `Service` leaves a call open for ever when the socket dies, and
 * cannot be told to stop waiting.)
 */
export class ServiceCalls {
  readonly #connection: Connection;
  readonly #open = new Map<string, Call>();
  #closed = false;
  #count = 0;
  #lastFailure = '';

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get connected(): boolean {
    return this.#connection.ros !== null;
  }

  /** The connection came up, went down, or could not be made. */
  up(ros: Ros): void {
    this.#lastFailure = '';
    for (const call of this.#open.values()) this.#send(call, ros);
  }
  down(reason: string): void {
    for (const call of [...this.#open.values()]) call.fail('RA_SERVICE_FAILED', `the link closed: ${reason}`);
  }
  failed(reason: string): void {
    this.#lastFailure = reason;
  }

  /**
   * A call in the server's own dialect; the answer as it came, times in whatever spelling.
   * @throws ReflexArcError RA_SERVICE_TIMEOUT, RA_SERVICE_FAILED
   */
  ask(service: string, type: string, args: unknown, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = `call_service:${service}:${++this.#count}`;
      const settle = () => {
        clearTimeout(timer);
        this.#open.delete(id);
        call.ros?.off(id, call.answer);
      };
      const call: Call = {
        operation: { op: 'call_service', id, service, type, args, timeout: timeoutMs / 1000 } as Call['operation'],
        ros: null,
        answer: (response) => {
          const { result, values } = response as { result?: unknown; values?: unknown };
          if (result !== true) {
            call.fail('RA_SERVICE_FAILED', typeof values === 'string' ? values : JSON.stringify(values ?? 'no reason'));
            return;
          }
          settle();
          resolve(values);
        },
        fail: (code, seen) => {
          settle();
          const allowed = `an answer within ${timeoutMs} ms`;
          reject(new ReflexArcError(code, { seen: `service ${service}: ${seen}`, allowed }));
        },
      };
      const timer = setTimeout(() => call.fail('RA_SERVICE_TIMEOUT', this.#silence(call)), timeoutMs);
      if (this.#closed) call.fail('RA_SERVICE_FAILED', 'the bridge was closed');
      else if (this.#open.size >= MAX_CALLS) call.fail('RA_SERVICE_FAILED', `${MAX_CALLS} calls are unanswered`);
      else this.#start(call);
    });
  }

  /** The connection opens with the first call. */
  #start(call: Call): void {
    this.#open.set(call.operation.id, call);
    const { ros } = this.#connection;
    if (ros !== null) this.#send(call, ros);
    else this.#connection.open();
  }

  #send(call: Call, ros: Ros): void {
    call.ros = ros;
    ros.once(call.operation.id, call.answer);
    ros.callOnConnection(call.operation);
  }

  #silence(call: Call): string {
    if (call.ros !== null) return 'no answer';
    return this.#lastFailure === '' ? 'no connection' : `no connection (${this.#lastFailure})`;
  }

  close(): void {
    this.#closed = true;
    for (const call of [...this.#open.values()]) call.fail('RA_SERVICE_FAILED', 'the bridge was closed');
  }
}
