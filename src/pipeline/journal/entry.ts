import type { OperatorRequest, RefusedBecause } from '../../core/signals.ts';

/**
 * One call of a gate as numbers: `kind · size of what follows · arguments`. Everything is a float64, so that no bit of an
 * argument is lost; a text is its length and its UTF-16 units. The layout is part of the log (`/reflexarc/gate`): a change
 * of it is a new VERSION.
 */
export const VERSION = 1;

export const ENTRY = {
  /** A gate was made: `version · epoch base`. What came before belongs to another one. */
  birth: 0,
  boot: 1,
  state: 2,
  range: 3,
  source: 4,
  target: 5,
  decision: 6,
  echo: 7,
  link: 8,
  report: 9,
  request: 10,
  tick: 11,
  sent: 12,
  takeover: 13,
} as const;

/** By index. */
export const ACTIONS = ['stop', 'estop', 'fault'] as const;
export const REQUESTS = [
  'arm',
  'engage',
  'disengage',
  'disarm',
  'stop',
  'estop',
  'estop_release',
  'reset',
  'residual_scale',
  'speed_scale',
] as const satisfies readonly OperatorRequest['kind'][];
export const REFUSALS = [
  'not_connected',
  'backpressure',
  'expired',
  'closed',
  'unacknowledged',
  'not_finite',
] as const satisfies readonly RefusedBecause[];

/** What a tick was told by things that have a time of their own: not to be made again, so they are kept. */
export interface TickWords {
  /** The critic answered too late (policies/critic/in-time.ts). */
  criticLate: boolean;
  /** The guard was asked; its answer, and the ns that it took. */
  guardAsked: boolean;
  guardWhat: number;
  guardValue: number;
  guardLimit: number;
  guardNs: number;
}

/** Numbers that are there from the start: written into in the tick, it does not grow as long as somebody reads. */
const ROOM = 65_536;

/** Numbers that entries are written into, one after another: those from `from` to `count` are still to be handed over. */
export class EntryBuffer {
  values = new Float64Array(ROOM);
  from = 0;
  count = 0;
  /** Entries that are still to be handed over. */
  entries = 0;
  #head = 0;

  begin(kind: number): void {
    this.#head = this.count;
    this.put(kind);
    this.put(0);
  }

  put(value: number): void {
    if (this.count === this.values.length) this.#grow(this.count + 1);
    this.values[this.count++] = value;
  }

  all(values: ArrayLike<number>, n = values.length): void {
    if (this.count + n > this.values.length) this.#grow(this.count + n);
    for (let i = 0; i < n; i++) this.values[this.count++] = values[i]!;
  }

  text(text: string): void {
    this.put(text.length);
    for (let i = 0; i < text.length; i++) this.put(text.charCodeAt(i));
  }

  end(): void {
    this.values[this.#head + 1] = this.count - this.#head - 2;
    this.entries++;
  }

  /** The entries before `to` were handed over, `entries` of them. Moves nothing: the room is begun anew when all are. */
  drop(to: number, entries: number): void {
    this.from = to;
    this.entries -= entries;
    if (this.from < this.count) return;
    this.from = 0;
    this.count = 0;
  }

  #grow(atLeast: number): void {
    const grown = new Float64Array(Math.max(atLeast, 2 * this.values.length));
    grown.set(this.values.subarray(0, this.count));
    this.values = grown;
  }
}
