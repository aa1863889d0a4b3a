import { isEngaged } from '../../../controllers/safety/ladder.ts';
import type { LadderTransition, Mode } from '../../core/signals.ts';

/** A cause for which the ladder has taken authority away. */
export interface Trip {
  readonly cause: string;
  readonly detail: string;
  /** How often. */
  readonly count: number;
  /** It is what the ladder stands at now. */
  readonly standing: boolean;
  /** A hold or a recovery is a warning. */
  readonly level: 'warn' | 'error';
}

/** What a person asked for is no trip. */
const ASKED = ['disengage', 'operator_stop', 'estop'];
const STOPS: readonly Mode[] = ['STOPPING', 'ESTOP', 'FAULT'];
/** Causes are the names of rules and a few more. */
const MAX_TRIPS = 100;

/** Every cause that has tripped since the daemon began, from the ladder's transitions. */
export class Trips {
  readonly #trips = new Map<string, Trip>();

  observe({ from, to, cause, detail }: LadderTransition): void {
    // A stop that has come to rest is the same stop.
    if (to === 'STOPPED') return;
    for (const [name, trip] of this.#trips) if (trip.standing) this.#trips.set(name, { ...trip, standing: false });
    const held = to === 'RECOVERY' || (to === 'HOLD' && isEngaged(from));
    if ((!held && !STOPS.includes(to)) || ASKED.includes(cause)) return;
    if (this.#trips.size >= MAX_TRIPS && !this.#trips.has(cause)) return;
    const count = (this.#trips.get(cause)?.count ?? 0) + 1;
    this.#trips.set(cause, { cause, detail, count, standing: true, level: held ? 'warn' : 'error' });
  }

  get all(): readonly Trip[] {
    return [...this.#trips.values()];
  }
}
