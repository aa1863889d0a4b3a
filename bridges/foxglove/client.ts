import type { WebSocket } from 'ws';
import { Outbox } from './outbox.ts';
import { LEVELS, type Level, type ServerText } from './protocol.ts';
import { type Kind, noCounts } from './refusal.ts';

/** One viewer: its socket, what it listens to, and what it did not get. */
export class Client {
  readonly id: number;
  /** False: it may look, and neither call nor publish. */
  readonly mayAct: boolean;
  readonly outbox: Outbox;
  /** Channel ids by its subscription ids. */
  readonly subscriptions = new Map<number, number>();
  /** Topics that it publishes, by its channel ids. */
  readonly publications = new Map<number, { topic: string; type: string; encoding: string }>();
  /** Names of the parameters that it is told of when they change. */
  readonly parameters = new Set<string>();
  /** Service calls of it that have not been answered yet. */
  calls = 0;
  /** Cleared when a ping goes out, set by whatever comes in. */
  alive = true;
  readonly refused = noCounts();
  readonly #socket: WebSocket;

  constructor(id: number, socket: WebSocket, mayAct: boolean, stalled: (client: Client) => void) {
    this.id = id;
    this.mayAct = mayAct;
    this.#socket = socket;
    this.outbox = new Outbox(socket, () => stalled(this));
  }

  get name(): string {
    return `viewer ${this.id}`;
  }

  /** Counts what it did wrong. True the first time that it does wrong in this way. */
  count(kind: Kind): boolean {
    return ++this.refused[kind] === 1;
  }

  get malformed(): number {
    return Object.values(this.refused).reduce((sum, n) => sum + n, 0);
  }

  say(text: ServerText): void {
    this.outbox.say(JSON.stringify(text));
  }

  /** `id`: a later status with it takes this one's place. */
  status(level: Level, message: string, id?: string): void {
    this.say({ op: 'status', level: LEVELS[level], message, ...(id === undefined ? {} : { id }) });
  }

  ping(): void {
    this.alive = false;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  terminate(): void {
    this.#socket.terminate();
  }
}
