import type { TakeoverRefusal } from '../../../controllers/safety/takeover.ts';
import type { Takeover } from '../../core/signals.ts';
import type { Port } from './citizen.ts';

/** Why a person's message did not even get to the gate. */
export type Unheard = '' | 'not permitted' | 'malformed' | 'the reflex does not take it';

/** So many people are told apart; of the rest, the one that was heard longest ago is forgotten. */
const MAX_PEOPLE = 64;
const MAX_NAME = 64;
const MAX_ACTION = 1024;

export interface DoorParts {
  /** Where a takeover is taken from. */
  readonly from: readonly Port['name'][];
  /** Passes it to the gate; false when it cannot. */
  deliver(takeover: Takeover): boolean;
}

/**
 * The door before the gate: who may take over, who it is, and whether the message is one at all. The rest (epoch, sequence,
 * age, shape, mode, and that nobody else has it) is the gate's. What is not let in is counted with its reason.
 */
export class TakeoverDoor {
  refused = 0;
  lastRefusal: Unheard | TakeoverRefusal = '';
  readonly #parts: DoorParts;
  /** Number and name of a person: by the connection, and where nobody tells of that, by the own word. */
  readonly #people = new Map<string, { holder: number; name: string }>();
  #count = 0;
  #gateRefused = 0;
  #holding = 0;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** Says why not; empty when it went on to the gate. */
  knock(message: unknown, client: { port: Port['name']; id: number }): Unheard {
    const why = this.#let(message, client);
    if (why !== '') {
      this.refused++;
      this.lastRefusal = why;
    }
    return why;
  }

  #let(message: unknown, client: { port: Port['name']; id: number }): Unheard {
    if (!this.#parts.from.includes(client.port)) return 'not permitted';
    const read = readTakeover(message);
    if (read === null) return 'malformed';
    const { operator, ...takeover } = read;
    const holder = this.#holder(client, operator);
    return this.#parts.deliver({ ...takeover, holder }) ? '' : 'the reflex does not take it';
  }

  #holder({ port, id }: { port: Port['name']; id: number }, operator: string): number {
    const key = `${port} ${port === 'robot' ? operator : id}`;
    const known = this.#people.get(key) ?? { holder: ++this.#count, name: operator || `client ${id} of ${port}` };
    // Last heard, last forgotten.
    this.#people.delete(key);
    this.#people.set(key, known);
    if (this.#people.size > MAX_PEOPLE) {
      const oldest = [...this.#people].find(([, person]) => person.holder !== this.#holding);
      if (oldest !== undefined) this.#people.delete(oldest[0]);
    }
    return known.holder;
  }

  /** The name of a holder; empty for 0, which is nobody. */
  nameOf(holder: number): string {
    if (holder === 0) return '';
    for (const person of this.#people.values()) if (person.holder === holder) return person.name;
    return `person ${holder}`;
  }

  /** Who holds it, and what the gate has refused by now, of all that was let through. */
  observeGate(holder: number, refused: number, lastRefusal: TakeoverRefusal): void {
    this.#holding = holder;
    // A reflex that begins anew counts anew.
    const more = refused - (refused < this.#gateRefused ? 0 : this.#gateRefused);
    this.#gateRefused = refused;
    if (more <= 0) return;
    this.refused += more;
    this.lastRefusal = lastRefusal;
  }
}

/** A count as a number, also where it came as a bigint; -1 for what is none. */
const countOf = (v: unknown): number => {
  const n = typeof v === 'bigint' ? Number(v) : v;
  return Number.isSafeInteger(n) && (n as number) >= 0 ? (n as number) : -1;
};

/** Null for what is no reflexarc_msgs/Takeover. A number that is none stays one of the action: the gate refuses it, and says so. */
function readTakeover(message: unknown): (Omit<Takeover, 'holder'> & { operator: string }) | null {
  if (typeof message !== 'object' || message === null) return null;
  const { action = [], release = false, operator = '', ...counts } = message as Record<string, unknown>;
  const [epoch, seq, commandSeq] = [counts.epoch, counts.seq, counts.command_seq].map(countOf) as [
    number,
    number,
    number,
  ];
  if (epoch < 0 || seq < 0 || commandSeq < 0 || typeof release !== 'boolean') return null;
  if (typeof operator !== 'string' || operator.length > MAX_NAME) return null;
  if (!(Array.isArray(action) || action instanceof Float64Array) || action.length > MAX_ACTION) return null;
  // JSON has no NaN: rosbridge writes null for it.
  const numbers = Float64Array.from(action as ArrayLike<unknown>, (v) => (typeof v === 'number' ? v : Number.NaN));
  if (Array.from(action as ArrayLike<unknown>).some((v) => typeof v !== 'number' && v !== null)) return null;
  return { epoch, seq, commandSeq, release, operator, action: numbers };
}
