import { allFinite } from '../../src/core/geometry.ts';
import type { Mode, Takeover } from '../../src/core/signals.ts';
import type { Echo } from './echo.ts';
import { isEngaged } from './ladder.ts';

/** Why a takeover was refused, by index; the empty one was taken. The first two are for whoever stands before the gate. */
export const TAKEOVER_REFUSALS = [
  '',
  'not permitted',
  'malformed',
  'not engaged',
  'held by another',
  'not held',
  'old epoch',
  'old sequence',
  'stale',
  'wrong shape',
  'not finite',
  'out of range',
] as const;
export type TakeoverRefusal = (typeof TAKEOVER_REFUSALS)[number];

export interface TakeoverCounters {
  /** Taken, releases among them. */
  takeovers: number;
  refusedTakeovers: number;
}

/** What rounding to a float32 on the way may add to a full deflection. */
const ROUNDING = 1e-6;

/**
 * Who has taken over from the policy, and what that person wants. Refused is refused whole: such a message changes
 * nothing, and above all does not make the last one younger.
 *
 * House rule 3 without a common clock: a message names the newest command that its sender had seen, and its age runs from
 * when that command went out, by our clock. So a message that waited in a socket, at the client or on the way, for however
 * long, is as old as it is; one that answers no command of this epoch is refused.
 *
 * NOTE silence is no release: the person who has taken over has the decision until he gives it back, or an epoch ends.
 */
export class TakeoverInput {
  /** Somebody has taken over: the policy decides nothing. */
  held = false;
  holder = 0;
  /** Of the newest one taken in this epoch; -1 before the first. */
  seq = -1;
  readonly action: Float64Array;
  /** A person has no residual. */
  readonly residual: Float64Array;
  lastRefusal: TakeoverRefusal = '';
  readonly #ageNs: number;
  readonly #counters: TakeoverCounters;
  #answeredNs = Number.NaN;

  /** `ageNs`: how long an action counts after the command that it answers went out. */
  constructor(actionSize: number, ageNs: number, counters: TakeoverCounters) {
    this.#ageNs = ageNs;
    this.#counters = counters;
    this.action = new Float64Array(actionSize);
    this.residual = new Float64Array(actionSize);
  }

  /** Takes it, or says why not. */
  ingest(t: Takeover, mode: Mode, epoch: number, echo: Echo, nowNs: number): TakeoverRefusal {
    const answeredNs = echo.sentAtNs(t.epoch, t.commandSeq);
    const refusal = this.#judge(t, mode, epoch, nowNs - answeredNs);
    if (refusal !== '') {
      this.refuse(refusal);
      return refusal;
    }
    this.#counters.takeovers++;
    this.seq = t.seq;
    if (t.release) {
      this.drop(false);
      return '';
    }
    this.held = true;
    this.holder = t.holder;
    this.action.set(t.action);
    this.#answeredNs = answeredNs;
    return '';
  }

  /** Counts one that was refused, here or before the gate. */
  refuse(why: TakeoverRefusal): void {
    this.#counters.refusedTakeovers++;
    this.lastRefusal = why;
  }

  #judge(t: Takeover, mode: Mode, epoch: number, ageNs: number): TakeoverRefusal {
    if (!isEngaged(mode)) return 'not engaged';
    if (this.held && t.holder !== this.holder) return 'held by another';
    if (t.epoch !== epoch) return 'old epoch';
    if (!(t.seq > this.seq)) return 'old sequence';
    if (!this.#isYoung(ageNs)) return 'stale';
    if (t.release) return this.held ? '' : 'not held';
    const { action } = t;
    if (!(action instanceof Float64Array) || action.length !== this.action.length) return 'wrong shape';
    if (!allFinite(action)) return 'not finite';
    for (let i = 0; i < action.length; i++) if (Math.abs(action[i]!) > 1 + ROUNDING) return 'out of range';
    return '';
  }

  /** ns since the command that the action in force answers; NaN without one. */
  age(nowNs: number): number {
    return this.held ? nowNs - this.#answeredNs : Number.NaN;
  }

  /** Somebody has taken over, and what he wants is no older than allowed. */
  isFresh(nowNs: number): boolean {
    return this.#isYoung(this.age(nowNs));
  }

  /** Written so that NaN is too old. */
  #isYoung(ageNs: number): boolean {
    return ageNs >= 0 && ageNs <= this.#ageNs;
  }

  /** The policy decides again. `newEpoch`: sequences may begin anew. */
  drop(newEpoch: boolean): void {
    this.held = false;
    if (newEpoch) this.seq = -1;
  }
}
